import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { eventsOn } from '../project-on.ts';
import type { TemporaryProject } from '../temporary-project.ts';

describe.each(oneDatabase)('9: a failed model skips what depends on it, and nothing else, on $name', (kind) => {
  const { database, project, rows } = eventsOn(kind);
  const chain = {
    'models/bad.sql': 'select x from no_such_table',
    'models/after.sql': 'select * from {{ref "bad"}}',
    'models/after_that.sql': 'select * from {{ref "after"}} cross join {{ref "good"}}',
    'models/good.sql': 'select 1 as one',
    'models/zoo.sql': 'select * from {{ref "good"}}',
  };
  const statuses = async (options: Parameters<TemporaryProject['run']>[1]) => {
    const summary = await project.run(database.warehouse, options);
    const byName = summary.results.map(({ node, status, message }) => [
      node.name,
      status === 'error' ? status : `${status}${status === 'skipped' ? ` because ${message}` : ''}`,
    ]);
    return { ok: summary.ok, ...Object.fromEntries(byName) };
  };

  it('the rest finishes, and the run has failed', async () => {
    project.write(chain);
    for (const threads of [1, 8])
      expect(await statuses({ threads })).toEqual({
        ok: false,
        bad: 'error',
        after: 'skipped because bad failed',
        after_that: 'skipped because bad failed',
        good: 'success',
        zoo: 'success',
      });
    expect(await rows("select node, status from datacycle.run_result where run_id = 'run-1' order by node")).toEqual([
      { node: 'after', status: 'skipped' },
      { node: 'after_that', status: 'skipped' },
      { node: 'bad', status: 'error' },
      { node: 'good', status: 'success' },
      { node: 'zoo', status: 'success' },
    ]);
  });

  it('with --fail-fast nothing new begins after the first failure', async () => {
    project.write(chain);
    expect(await statuses({ threads: 1, failFast: true })).toEqual({
      ok: false,
      bad: 'error',
      after: 'skipped because bad failed',
      after_that: 'skipped because bad failed',
      good: 'skipped because the run was stopped',
      zoo: 'skipped because the run was stopped',
    });
  });

  it('bad rows hold back what reads them, but not what only points at them', async () => {
    project.write({
      'models/dim.sql': '{{config materialized="table" unique_key="id"}}select 1 as id, -1 as price',
      'models/through.sql': '{{config materialized="ephemeral"}}select * from {{ref "dim"}}',
      'models/reader.sql': 'select * from {{ref "through"}}',
      'models/fact.sql': '{{config materialized="table"}}select 1 as id',
      'models/x.yml': "models: [{ name: fact, constraints: [{ type: foreign_key, columns: id, to: ref('dim') }] }]",
      'tests/data/price.sql': 'select * from {{ref "dim"}} where price < 0',
    });
    expect(await statuses({})).toEqual({
      ok: false,
      dim: 'success',
      price: 'fail',
      reader: 'skipped because price failed',
      fact: 'success',
    });
  });

  it('a warning holds nothing back and does not fail the run', async () => {
    project.write({
      'models/dim.sql': 'select -1 as price',
      'models/reader.sql': 'select * from {{ref "dim"}}',
      'tests/data/price.sql': '{{config severity="warn"}}select * from {{ref "dim"}} where price < 0',
    });
    expect(await statuses({})).toEqual({ ok: true, dim: 'success', price: 'warn', reader: 'success' });
  });
});
