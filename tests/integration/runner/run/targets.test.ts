import { describe, expect, it } from 'vitest';
import { forTarget, otherTargets } from '../../../../runner/state/own-bookkeeping.ts';
import { storedTables } from '../../../../runner/subject/stored-tables.ts';
import { oneDatabase } from '../../databases.ts';
import { eventSources, newLoads, projectOn } from '../../project-on.ts';

const targets = (name: string) => `name: test
target: ${name}
targets: { prod: {}, dev: { schema: dc_dev } }
models: { +schema: gold }
`;
const files = {
  'project.yml': targets('prod'),
  'models/sources.yml': eventSources,
  'models/events.sql': `{{config materialized="incremental" unique_key="id" surrogate_key="event_key"}}select id, load_id from {{source "raw" "events"}} ${newLoads}`,
  'models/count.sql': '{{config materialized="table"}}select count(*) as events from {{ref "events"}}',
  'models/count.yml': 'models: [{ name: count, columns: [{ name: events, data_tests: [not_null] }] }]',
  'seeds/rooms.csv': 'room\na\n',
};

describe.each(oneDatabase)('two targets in one database: $name', (kind) => {
  const { database, project, rows, run } = projectOn(kind, files, [
    'create table raw.events (load_id bigint, id int)',
    'insert into raw.events values (1, 10), (1, 20)',
  ]);
  const runDev = async () => {
    project.write({ 'project.yml': targets('dev') });
    const { results } = await project.run(forTarget(database.warehouse, 'dc_dev'));
    expect(results.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
    project.write({ 'project.yml': targets('prod') });
  };
  const counts = async () =>
    (
      await rows(
        'select (select events from gold.count)::int as prod, (select events from dc_dev_gold.count)::int as dev',
      )
    )[0];
  const tablesWithRows = async (schema: string) => {
    const there = await rows(`select relname::text as name from pg_class
        where relnamespace = '${schema}'::regnamespace and relkind = 'r' order by 1`);
    const filled: string[] = [];
    for (const { name } of there)
      if ((await rows(`select from ${schema}.${String(name)} limit 1`)).length > 0) filled.push(String(name));
    return filled;
  };

  it('know nothing of each other: marks, generations, keys and runs are each one’s own', async () => {
    await run();
    await rows('insert into raw.events values (2, 30)');
    await runDev();
    expect(await counts()).toEqual({ prod: 2, dev: 3 });
    // What production builds next is what it has not seen, whatever development has.
    await rows('insert into raw.events values (3, 40)');
    await run();
    expect(await counts()).toEqual({ prod: 4, dev: 3 });
    expect(await rows('select command, target from datacycle.run order by run_no')).toEqual([
      { command: 'build', target: 'prod' },
      { command: 'build', target: 'prod' },
    ]);
    expect(await rows('select command, target from dc_dev_datacycle.run')).toEqual([
      { command: 'build', target: 'dev' },
    ]);
    expect(await tablesWithRows('dc_dev_datacycle')).toEqual(await tablesWithRows('datacycle'));
    expect(await otherTargets(database.warehouse)).toEqual(['dc_dev_datacycle']);
    expect(await otherTargets(forTarget(database.warehouse, 'dc_dev'))).toEqual(['datacycle']);
  });

  it('store rows in the bookkeeping of their own, also as a session sees it', async () => {
    await run();
    await runDev();
    const warehouse = forTarget(database.warehouse, 'dc_dev');
    const { manifest } = project.compile();
    const inSession = await warehouse.transaction((session) => storedTables(session, manifest));
    const tables = [...inSession.keys()];
    expect(tables).toContain('"dc_dev_datacycle"."run_result"');
    expect(tables).not.toContain('"datacycle"."run_result"');
    expect([...(await storedTables(warehouse, manifest)).keys()]).toEqual(tables);
    expect([...(await storedTables(database.warehouse, manifest)).keys()]).toContain('"datacycle"."run_result"');
  });

  it('begin with development, and run at the same time', async () => {
    await runDev();
    expect(await tablesWithRows('datacycle')).toEqual(['migration']);
    const both = await database.warehouse.exclusive('run', async () => runDev().then(() => 'both'));
    expect(both).toEqual({ held: true, value: 'both' });
    await run();
    expect(await counts()).toEqual({ prod: 2, dev: 2 });
  });
});
