import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EmbeddedStart } from '../../../warehouse/embedded-start.ts';
import { openPglite } from '../../../warehouse/pglite.ts';

const folder = mkdtempSync(join(tmpdir(), 'datacycle-start-'));
const disk = mkdtempSync(join(tmpdir(), 'datacycle-begun-'));
afterAll(() => {
  for (const one of [folder, disk]) rmSync(one, { recursive: true, force: true });
});
const opened = (start: EmbeddedStart, of: string) =>
  openPglite({ folder: of, start, applicationName: 'test', settings: { TimeZone: 'UTC' } });
const answer = async (start: EmbeddedStart, of = 'memory://') => {
  const warehouse = await opened(start, of);
  const { rows } = await warehouse.query(
    `select count(*)::int as tables from pg_tables where schemaname !~ '^(pg_|info)'`,
  );
  await warehouse.close();
  return rows;
};

it('a database begins as an empty one that was made once, or as a new one where that is broken', async () => {
  expect(await answer(new EmbeddedStart(folder))).toEqual([{ tables: 0 }]);
  const [name = ''] = readdirSync(folder);
  expect(name).toMatch(/^embedded-\d+\.\d+\.\d+\.tar$/);
  const path = join(folder, name);
  const made = statSync(path).mtimeMs;
  expect(await new EmbeddedStart(folder).dump()).toMatchObject({ size: statSync(path).size });
  const db = join(disk, 'db');
  const onDisk = await opened(new EmbeddedStart(folder), db);
  await onDisk.query('create table kept as select 1 as id');
  await onDisk.close();
  expect(await answer(new EmbeddedStart(folder), db)).toEqual([{ tables: 1 }]);
  expect(statSync(path).mtimeMs).toBe(made);
  // On disk alone: what was begun there has to go first, and each takes the seconds of a new database.
  writeFileSync(path, 'no database');
  expect(await answer(new EmbeddedStart(folder), join(disk, 'other'))).toEqual([{ tables: 0 }]);
  expect(readdirSync(folder)).toEqual([]);
});
