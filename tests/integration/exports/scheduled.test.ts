import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ScheduledExports } from '../../../cli/exports/scheduled.ts';
import { problemsOf } from '../../../cli/status/status.ts';
import { exportStates } from '../../../runner/state/exports.ts';
import { oneDatabase } from '../databases.ts';
import { projectOn } from '../project-on.ts';
import { checkedManifest, filesBelow } from './export-place.ts';

const [kind] = oneDatabase;
if (kind === undefined) throw new Error('there is always a database');

const { database, project } = projectOn(
  kind,
  {
    'project.yml': `name: test
exports:
  daily: { query: "select * from raw.reading order by id", to: { folder: daily }, schedule: "07:30" }
  often: { query: "select count(*) as rows from raw.reading", to: { folder: often }, schedule: 15 minutes }
  by_hand: { query: "select 1 as one", to: { folder: by_hand } }
`,
  },
  ['create table raw.reading as select n as id from generate_series(1, 3) as n'],
);

it('the watcher exports each thing when it is due, again after a failure, and status names what fails', async () => {
  let now = new Date(2023, 9, 12, 6, 0);
  const done: string[] = [];
  const failed: unknown[] = [];
  const scheduled = new ScheduledExports({
    compiled: project.compile(),
    warehouse: database.warehouse,
    clock: () => now,
    onNotice: () => undefined,
    onDone: (name, { written }) => done.push(`${name} ${written}`),
    onFailed: (name, error, retryMs) => failed.push([name, (error as Error).message, retryMs]),
  });
  const at = async (hour: number, minute: number) => {
    now = new Date(2023, 9, 12, hour, minute);
    done.length = 0;
    await Promise.all(await scheduled.start(new AbortController().signal));
    return [...done].sort();
  };
  // What was never exported is due at once.
  expect(await at(6, 0)).toEqual(['daily 1', 'often 1']);
  expect(checkedManifest(filesBelow(join(project.root, 'daily'))).rows).toBe(3);
  expect(await at(6, 14)).toEqual([]);
  expect(await at(6, 15)).toEqual(['often 0']);
  await database.warehouse.query('insert into raw.reading values (4)');
  expect(await at(7, 29)).toEqual(['often 1']);
  expect(await at(7, 30)).toEqual(['daily 1']);
  expect(await at(7, 31)).toEqual([]);
  expect(existsSync(join(project.root, 'by_hand'))).toBe(false);

  rmSync(join(project.root, 'often'), { recursive: true });
  writeFileSync(join(project.root, 'often'), 'a file in its place');
  expect(await at(7, 50)).toEqual([]);
  expect(failed).toEqual([['often', expect.stringMatching(/ENOTDIR|EEXIST/), 900_000]]);
  const states = await exportStates(database.warehouse, ['daily', 'often', 'by_hand']);
  expect(states.map(({ name, failures, rows }) => [name, failures, rows])).toEqual([
    ['daily', 0, 4],
    ['often', 1, 1],
  ]);
  expect(problemsOf([], [], [], states)).toEqual([
    { kind: 'export', name: 'often', problem: expect.stringMatching(/\(1 failed since its last success\)$/) },
  ]);
  // Not before a quarter of an hour has passed on a clock that never jumps.
  expect(await at(8, 30)).toEqual([]);
});
