import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readNodeProblems, readRuns } from '../../../../cli/status/runs.ts';
import { pruneRuns } from '../../../../runner/state/prune-runs.ts';
import { beginRun, finishRun, writeResults } from '../../../../runner/state/runs.ts';
import { ensureState } from '../../../../runner/state/schema.ts';
import { databases, type TestDatabase } from '../../databases.ts';

describe.each(databases)('the order of runs on $name', ({ open }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await open();
    await ensureState(database.warehouse);
  });
  afterEach(() => database.drop());

  async function run(command: string, at: string, status: 'success' | 'error'): Promise<void> {
    const { warehouse } = database;
    const time = `2024-01-01T${at}:00Z`;
    await beginRun(warehouse, { runId: `${command}-${at}`, command, target: 'dev', startedAt: time });
    const times = { startedAt: time, finishedAt: time };
    await writeResults(warehouse, [
      { runId: `${command}-${at}`, node: 'm', kind: 'model', status, ...times, message: `${command} ${status}` },
    ]);
    await finishRun(warehouse, `${command}-${at}`, time, status);
  }
  const commands = async () => (await readRuns(database.warehouse)).map(({ command }) => command);
  const problems = () => readNodeProblems(database.warehouse, ['m']);

  it('is that in which they began, also after the clock jumped back', async () => {
    await run('first', '12:00', 'error');
    await run('second', '03:00', 'success');
    expect(await commands()).toEqual(['second', 'first']);
    expect(await problems()).toEqual([]);
    await run('third', '02:00', 'error');
    expect(await commands()).toEqual(['third', 'second', 'first']);
    expect(await problems()).toEqual([{ node: 'm', status: 'error', message: 'third error' }]);
  });

  it('is pruned of old ones, but not of the last of a model, the last that built it, and the last of a command', async () => {
    await run('build', '01:00', 'success');
    await run('build', '02:00', 'success');
    await run('run', '03:00', 'error');
    await run('build', '04:00', 'error');
    await run('build', '05:00', 'error');
    await run('build', '06:00', 'error');
    const prune = (at: string) =>
      database.warehouse.transaction((session) => pruneRuns(session, `2024-01-01T${at}:00Z`));
    expect(await prune('00:30')).toBe(0);
    expect(await prune('05:00')).toBe(2);
    expect((await readRuns(database.warehouse)).map(({ command, status }) => `${command} ${status}`)).toEqual([
      'build error',
      'build error',
      'run error',
      'build success',
    ]);
    expect(await prune('23:00')).toBe(1);
    expect(await problems()).toEqual([{ node: 'm', status: 'error', message: 'build error' }]);
    expect(await prune('23:00')).toBe(0);
  });

  it('goes on where runs had no numbers yet, which status can read before', async () => {
    await run('later', '12:00', 'error');
    await run('earlier', '03:00', 'success');
    // A schema from before runs had numbers, which was not numbered itself.
    await database.warehouse.query('drop table datacycle.migration');
    await database.warehouse.query('alter table datacycle.run drop column run_no');
    await database.warehouse.query('drop table datacycle.test_pass, datacycle.export');
    await database.warehouse.query('alter table datacycle.high_water drop column rows_version');
    await database.warehouse.query(
      `alter table datacycle.model drop column rows_version, drop column removals, drop column upstream_shape, drop column made,
           add column objects text[] not null`,
    );
    expect(await commands()).toEqual(['later', 'earlier']);
    expect(await problems()).toHaveLength(1);
    await ensureState(database.warehouse);
    await run('new', '01:00', 'success');
    expect(await commands()).toEqual(['new', 'later', 'earlier']);
    expect(await problems()).toEqual([]);
    const { rows } = await database.warehouse.query('select run_no from datacycle.run order by run_no');
    expect(rows).toEqual([{ run_no: 1 }, { run_no: 2 }, { run_no: 3 }]);
  });
});
