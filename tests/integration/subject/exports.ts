import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportSubject } from '../../../cli/subject/export.ts';
import { subjectNamed } from '../../../cli/subject/named.ts';
import { UsageError } from '../../../runner/text/errors.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { QuietTerminal } from './quiet-terminal.ts';
import { clock, isJimmys, type TwoApartments } from './two-apartments.ts';

interface Filled {
  readonly warehouse: Warehouse;
  readonly two: TwoApartments;
  readonly jimmysKey: unknown;
}

/** The tests of an export. @param filled both apartments, as they are once the tests have begun. */
export function testExports(filled: () => Filled): void {
  describe('an export', () => {
    let two: TwoApartments;
    let folder: string;
    const terminal = new QuietTerminal();
    beforeAll(async () => {
      two = filled().two;
      folder = join(two.home.folder, 'handed', 'over');
      await write(folder);
    });
    const write = (output: string | undefined) => {
      const compiled = two.compile();
      const named = subjectNamed(compiled.project, 'jimmy');
      const signal = new AbortController().signal;
      return exportSubject(filled().warehouse, compiled, named, terminal, { clock, signal, output });
    };
    const files = () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map((name) => join(folder, name))
        .filter((path) => statSync(path).isFile());

    it('every row of the subject is in the file of its table, and no other', async () => {
      const { jimmysKey } = filled();
      const jimmys = await two.rows((one, table) => isJimmys(one, table, jimmysKey));
      const written = new Map<string, number>();
      for (const [table, rows] of jimmys) if (rows.length > 0) written.set(table, rows.length);
      expect(written.size).toBeGreaterThan(15);
      for (const [table, count] of written) {
        const path = join(folder, ...table.split('.')).concat('.csv');
        expect(existsSync(path), table).toBe(true);
        expect(parse(readFileSync(path), { columns: true }), table).toHaveLength(count);
      }
      const tables = ['silver', 'gold', 'seeds', 'access'].flatMap((schema) =>
        readdirSync(join(folder, schema)).map((name) => `${schema}.${name}`),
      );
      expect(tables.sort()).toEqual([...written.keys()].map((table) => `${table}.csv`).sort());
    });

    it('nothing of the other apartment and no token of a sensor is in any file', () => {
      for (const path of files()) {
        const text = readFileSync(path, 'utf8');
        expect(/jeremie|vianin/i.test(text), path).toBe(false);
        expect(/secret-|"api_token" ?:/.test(text), path).toBe(false);
      }
    });

    it('a README tells of every file, its columns and their units', () => {
      const readme = readFileSync(join(folder, 'README.md'), 'utf8');
      for (const path of files()) {
        const name = path.slice(folder.length + 1).replaceAll('\\', '/');
        if (/^(silver|gold|seeds|access)\//.test(name)) expect(readme, name).toContain(`## ${name} (`);
      }
      expect(readme).toContain('Times are UTC');
      expect(readme).toMatch(/- `power_w`: /);
    });

    it.skipIf(process.platform === 'win32')('only this user may read it', () => {
      expect(statSync(folder).mode & 0o077).toBe(0);
      for (const path of files()) if (!/(staging|bronze)/.test(path)) expect(statSync(path).mode & 0o077, path).toBe(0);
    });

    it('a folder or file that is there already is left alone', async () => {
      await expect(write(folder)).rejects.toThrow(UsageError);
      const file = join(two.home.folder, 'a file');
      writeFileSync(file, '');
      await expect(write(file)).rejects.toThrow(/there is already/);
      expect(await write(undefined)).toBe(0);
      expect(readdirSync(join(two.home.project, 'exports'))).toEqual(['jimmy-2023-11-01-000000']);
    });

    it('says where the files are that are not in it', () => {
      expect(readdirSync(folder).sort()).toEqual([
        'README.md',
        'access',
        'gold',
        'registry',
        'seeds',
        'silver',
        'staging',
      ]);
      const said = terminal.said.join('\n');
      expect(said).toMatch(/Not copied: \d+ files of its sensors in /);
      expect(said).toContain(`in ${two.home.bronze}, most of them below jimmy/.`);
    });
  });
}
