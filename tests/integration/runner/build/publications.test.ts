import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { eventSources, newLoads, projectOn } from '../../project-on.ts';

const from = `from {{source "raw" "events"}}`;
const batches = 'incremental_strategy="microbatch" event_time="at" batch_size="day" begin="2024-01-01"';
const files = {
  'models/sources.yml': eventSources.replace('name: events', 'name: events, event_time: at'),
  'seeds/floors.csv': 'room,floor\na,1\n',
  'seeds/keyed_floors.csv': 'room,floor\na,1\n',
  'seeds/keyed_floors.yml': 'seeds: [{ name: keyed_floors, config: { unique_key: room } }]',
  'models/keyed.sql': `{{config materialized="table" unique_key="id"}}select id, value ${from}`,
  'models/unkeyed.sql': `{{config materialized="table"}}select id, value ${from}`,
  'models/primary.sql': `{{config materialized="table" unique_key="id"}}select id, value ${from}`,
  'models/replaced.sql': `{{config materialized="incremental" incremental_strategy="delete+insert" unique_key="id"}}select id, value ${from} ${newLoads}`,
  'models/history.sql': `{{config materialized="snapshot" unique_key="id" strategy="check" check_cols="all" hard_deletes="invalidate"}}select id, value ${from}`,
  'models/batched.sql': `{{config materialized="incremental" ${batches}}}select id, at, value ${from}`,
  'models/parted.sql': `{{config materialized="table" unique_key="id, at"}}select id, at, value ${from}`,
  'models/lumped.sql': `{{config materialized="table"}}select id, at, value ${from}`,
  'models/m.yml': `models:
  - { name: primary, constraints: [{ type: primary_key, columns: id }] }
  - { name: parted, config: { partition_by: { column: at, granularity: day } } }
  - { name: lumped, config: { partition_by: { column: at, granularity: day } } }`,
};

describe.each(oneDatabase)('tables of a publication on $name', (kind) => {
  const { project, database, rows } = projectOn(kind, files, [
    'create table raw.events (load_id int, id int, at timestamptz, value int, primary key (load_id, id))',
  ]);
  const build = async (options: Parameters<typeof project.run>[1] = {}) => {
    const now = new Date('2024-01-03T12:00:00Z');
    const { results } = await project.run(database.warehouse, { command: 'build', now, ...options });
    expect(results.flatMap(({ node, error }) => (error === undefined ? [] : `${node.name}: ${error.message}`))).toEqual(
      [],
    );
    return results.reduce((sum, { inserted, updated, deleted }) => sum + inserted + updated + deleted, 0);
  };
  const land = (load: number, day: number, value: number) =>
    rows(`insert into raw.events values (${load}, ${load}, '2024-01-0${day} 12:00+00', ${value})`);
  const identities = async () =>
    Object.fromEntries(
      (
        await rows(`select relname, relreplident from pg_class
          where relnamespace in (select oid from pg_namespace where nspname in ('public', 'seeds')) and relkind = 'r'`)
      ).map(({ relname, relreplident }) => [relname, relreplident]),
    );
  const identified = {
    floors: 'f',
    unkeyed: 'f',
    batched: 'f',
    lumped_2024_01_01: 'f',
    lumped_2024_01_02: 'f',
    keyed: 'i',
    keyed_floors: 'i',
    replaced: 'i',
    history: 'f',
    parted_2024_01_01: 'i',
    parted_2024_01_02: 'i',
    primary: 'd',
  };

  it.each([
    ['for all tables', identified],
    ['for tables in schema public, seeds', identified],
    [
      `for table seeds.floors, public.keyed, public.lumped`,
      { floors: 'f', keyed: 'i', lumped_2024_01_01: 'f', lumped_2024_01_02: 'f', unkeyed: 'd', parted_2024_01_01: 'd' },
    ],
    [
      `for all tables with (publish = 'insert, delete', publish_via_partition_root = true)`,
      { floors: 'f', keyed: 'i', parted_2024_01_02: 'i' },
    ],
    [`for all tables with (publish = 'insert, truncate')`, { floors: 'd', keyed: 'd', lumped_2024_01_01: 'd' }],
  ])('get an identity by which their rows are updated and deleted: %s', async (what, expected) => {
    await land(1, 1, 1);
    await build();
    await rows(`create publication p ${what}`);
    try {
      expect(await build()).toBe(0);
      // The table of a deleted batch, a new partition, other rows in each.
      await rows('update raw.events set value = 7');
      await land(2, 2, 2);
      project.write({ 'seeds/floors.csv': 'room,floor\na,2\n', 'seeds/keyed_floors.csv': 'room,floor\na,2\n' });
      expect(await build()).toBeGreaterThan(10);
      await build({ fullRefresh: true });
      expect(await identities()).toMatchObject(expected);
      await rows('delete from raw.events where id = 2');
      await build({ fullRefresh: true });
      expect(await rows('select id, value from public.unkeyed')).toEqual([{ id: 1, value: 7 }]);
      expect(await rows('select id, value from public.lumped')).toEqual([{ id: 1, value: 7 }]);
    } finally {
      await rows('drop publication p');
    }
  });
});
