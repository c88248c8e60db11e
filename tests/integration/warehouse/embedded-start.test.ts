import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EmbeddedStart } from '../../../warehouse/embedded-start.ts';
import { openPglite } from '../../../warehouse/pglite.ts';

const folder = mkdtempSync(join(tmpdir(), 'datacycle-start-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const opened = (start: EmbeddedStart) =>
  openPglite({ folder: 'memory://', start, applicationName: 'test', settings: { TimeZone: 'UTC' } });
const answer = async (start: EmbeddedStart) => {
  const warehouse = await opened(start);
  const { rows } = await warehouse.query(
    `select count(*)::int as tables from pg_tables where schemaname !~ '^(pg_|info)'`,
  );
  await warehouse.close();
  return rows;
};

it('a database in memory begins as an empty one that was made once, or as a new one where that is broken', async () => {
  expect(await answer(new EmbeddedStart(folder))).toEqual([{ tables: 0 }]);
  const [name = ''] = readdirSync(folder);
  expect(name).toMatch(/^embedded-\d+\.\d+\.\d+\.tar$/);
  const path = join(folder, name);
  const made = statSync(path).mtimeMs;
  expect(await new EmbeddedStart(folder).dump()).toMatchObject({ size: statSync(path).size });
  expect(statSync(path).mtimeMs).toBe(made);
  writeFileSync(path, 'no database');
  expect(await answer(new EmbeddedStart(folder))).toEqual([{ tables: 0 }]);
  expect(readdirSync(folder)).toEqual([]);
});
