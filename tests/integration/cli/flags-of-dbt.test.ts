import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { ProjectCopy } from './command.ts';

const project = new ProjectCopy({
  'project.yml': 'name: small\n',
  'seeds/tariffs.csv': 'year,chf_per_kwh\n2023,0.34\n',
  'seeds/tariffs.yml':
    'seeds: [{ name: tariffs, columns: [{ name: year, data_type: integer }, { name: chf_per_kwh, data_type: numeric }] }]\n',
  'models/dear.sql': 'select year from {{ref "tariffs"}} where chf_per_kwh > 0.3\n',
});
afterAll(() => project.dispose());

const at = (...names: string[]) => join(project.root, ...names);

describe.each(oneDatabase)('what users of dbt type, on $name', ({ open }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.drop());
  const seed = (...flags: string[]) =>
    project.run(['seed', ...flags, '--select', 'tariffs'], database.url === undefined ? {} : { DB_URL: database.url });

  it('parse writes the manifest, and clean removes target/ and nothing else', async () => {
    const parsed = await project.run(['parse']);
    expect(parsed.code, parsed.stderr).toBe(0);
    expect(parsed.stdout).toMatch(/^The project is sound: \d+ nodes\. Written: target\/manifest\.json\.\n$/);
    expect(JSON.parse(readFileSync(at('target', 'manifest.json'), 'utf8'))).toHaveProperty('nodes');
    writeFileSync(at('target', 'of-somebody.txt'), 'x');
    expect((await project.run(['clean'])).stdout).toBe('Removed target/.\n');
    expect([existsSync(at('target')), existsSync(at('models'))]).toEqual([false, true]);
    expect((await project.run(['clean'])).stdout).toBe('There is no target/: nothing to remove.\n');
  });

  it('deps says what there is instead', async () => {
    const { code, stdout } = await project.run(['deps']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('There are no packages to install') });
  });

  it('takes flags that cannot matter, with one line for each to standard error', async () => {
    const flags = ['--profiles-dir', 'elsewhere', '--no-partial-parse', '--no-use-colors'];
    const { code, stdout, stderr } = await project.run(['ls', '--select', 'tariffs', ...flags]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'small.tariffs\n' });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^--profiles-dir is ignored: targets are in project\.yml/),
      expect.stringMatching(/^--no-partial-parse is ignored: /),
      '--no-use-colors is ignored: --no-color turns colours off.',
    ]);
  });

  it('with --quiet says only what went wrong, and lists all the same', async () => {
    const quiet = await seed('--quiet');
    expect(quiet).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect((await project.run(['ls', '-q', '--select', 'tariffs'])).stdout).toBe('small.tariffs\n');
    const events = await seed('-q', '--log-format', 'json');
    expect(events).toMatchObject({ code: 0, stdout: '' });
    writeFileSync(
      at('seeds', 'tariffs.csv'),
      readFileSync(at('seeds', 'tariffs.csv'), 'utf8').replace(/0\.34/, 'dear'),
    );
    const failed = await seed('-q');
    expect(failed.code).toBe(1);
    expect(failed.stdout + failed.stderr).toMatch(/tariffs\.csv:\d+/);
  });
});
