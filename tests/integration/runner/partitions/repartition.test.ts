import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { resultOf, rowsOf } from '../../temporary-project.ts';
import { PartitionedVisits } from './partitioned-visits.ts';

const plain = 'materialized: incremental, unique_key: [id, at], indexes: [{ columns: home }]';
const monthly = `${plain}, partition_by: { column: at, granularity: month }`;
const described = `    description: Who came
    columns: [{ name: id, data_type: int, description: Of the visit }, { name: at, data_type: timestamptz }]
    constraints: [{ type: primary_key, columns: [id, at], name: visits_key }]
    bi: { name: Visits }
`;

describe.each(oneDatabase)('a changed partition_by on $name', ({ open }) => {
  let database: TestDatabase;
  let visits: PartitionedVisits;
  const reader = `repartition_reader_${randomBytes(4).toString('hex')}`;

  beforeAll(async () => {
    database = await open();
    await rowsOf(database.warehouse, `create role ${reader}`);
  });
  beforeEach(async () => {
    visits = await PartitionedVisits.make(database.warehouse, plain);
    await visits.rows('create schema bi');
    await visits.load([
      { id: 1, at: '2023-10-05T10:00Z', value: 1 },
      { id: 2, at: '2023-12-01T00:00Z', value: 2 },
    ]);
  });
  afterEach(async () => {
    await visits.dispose();
    await rowsOf(database.warehouse, 'drop schema bi cascade');
  });
  afterAll(async () => {
    await rowsOf(database.warehouse, `drop owned by ${reader}`);
    await rowsOf(database.warehouse, `drop role ${reader}`);
    await database.drop();
  });

  const build = async (config: string, options = {}, more = described) => {
    visits.configure(config, more);
    const summary = await visits.project.run(database.warehouse, { command: 'run', ...options });
    const { error, message, inserted, updated, deleted } = resultOf(summary, 'visits');
    return error ?? [message, inserted, updated, deleted];
  };
  const names = async () => (await visits.partitions()).map((one) => one.replace(/ .*/, ''));
  const asFound = () =>
    visits.rows(`select
        (select jsonb_agg(jsonb_build_array(id, value) order by id) from shown.visits) as rows,
        (select jsonb_agg(x.indexdef order by 1) from (select replace(replace(indexdef, ' ONLY', ''), 'CREATE ', '') as indexdef
            from pg_indexes where schemaname = 'shown' and tablename = 'visits') as x) as indexes,
        obj_description('shown.visits'::regclass) as said,
        col_description('shown.visits'::regclass, (select attnum from pg_attribute where attrelid = 'shown.visits'::regclass and attname = 'at')) as noted,
        has_table_privilege('${reader}', 'shown.visits', 'select') as shown,
        has_table_privilege('${reader}', 'bi."Visits"', 'select') as seen,
        (select count(*)::int from bi."Visits") as visible,
        (select generation from datacycle.model where model = 'visits') as generation`);

  it('takes the rows, keys, indexes, grants, comments and the view for Power BI along, there and back', async () => {
    await build(plain);
    await visits.rows(`grant select on shown.visits to ${reader} with grant option`);
    await visits.rows(`grant select on bi."Visits" to ${reader}`);
    await visits.rows(`comment on column shown.visits.at is 'by hand'`);
    const before = await asFound();
    expect(before).toMatchObject([{ said: 'Who came', noted: 'by hand', shown: true, seen: true, visible: 2 }]);
    for (const [config, partitions] of [
      [monthly, ['visits_2023_10', 'visits_2023_12']],
      [monthly.replace('month', 'day'), ['visits_2023_10_05', 'visits_2023_12_01']],
      [monthly.replace('month', 'month, time_zone: America/New_York'), ['visits_2023_10', 'visits_2023_11']],
      [plain, []],
    ] as const) {
      expect(await build(config)).toEqual(['', 0, 0, 0]);
      expect(await names()).toEqual(partitions);
      expect(await asFound()).toEqual(before);
      expect(
        await visits.rows(
          `select relname from pg_class where relname like 'datacycle_%' and relnamespace = 'shown'::regnamespace`,
        ),
      ).toEqual([]);
      expect(await build(config)).toEqual(['nothing new', 0, 0, 0]);
    }
  });

  it('comes with new rows and with a full refresh', async () => {
    await build(plain);
    await visits.load([{ id: 3, at: '2023-11-01T00:00Z', value: 3 }]);
    expect(await build(monthly)).toEqual(['', 1, 0, 0]);
    expect(await names()).toEqual(['visits_2023_10', 'visits_2023_11', 'visits_2023_12']);
    await visits.rows('delete from raw.visits where id = 1');
    expect(await build(plain, { fullRefresh: true })).toEqual(['rebuilt: full refresh', 0, 0, 1]);
    expect(await names()).toEqual([]);
    expect(await visits.rows('select id from shown.visits order by id')).toEqual([{ id: 2 }, { id: 3 }]);
  });

  it('comes with other SQL, whose rows and columns are those of the new table', async () => {
    await build(plain);
    visits.configure(monthly, described);
    const file = join(visits.project.root, 'models', 'visits.sql');
    const sql = readFileSync(file, 'utf8').replace('value, home', 'value + 1 as value, home, id * 2 as twice');
    visits.project.write({ 'models/visits.sql': sql });
    const summary = await visits.project.run(database.warehouse);
    expect(resultOf(summary, 'visits')).toMatchObject({ status: 'success', updated: 2, inserted: 0, deleted: 0 });
    expect(await names()).toEqual(['visits_2023_10', 'visits_2023_12']);
    expect(await visits.rows('select id, value, twice from shown.visits order by id')).toEqual([
      { id: 1, value: 2, twice: 2 },
      { id: 2, value: 3, twice: 4 },
    ]);
  });

  it('comes with the first key of a table that has rows twice', async () => {
    const bare = described.replace(/ +(?:constraints|bi):.*\n/g, '');
    await build('materialized: table', {}, bare);
    await visits.rows('insert into shown.visits select * from shown.visits');
    expect(await build(monthly.replace('incremental', 'table'), {}, bare)).toEqual(['', 0, 0, 2]);
    expect(await visits.rows('select id from shown.visits order by id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await names()).toEqual(['visits_2023_10', 'visits_2023_12']);
  });

  it('leaves an index of another table alone that is called like a check of this one', async () => {
    const checked = 'constraints: [{ type: check, expression: value > 0, name: positive }]\n';
    const more = described.replace(/ +(?:constraints|bi):.*\n/g, '');
    await build(plain, {}, `${more}    ${checked}`);
    await visits.rows('create table shown.others as select 1 as value');
    await visits.rows('create index positive on shown.others (value)');
    expect(await build(monthly, {}, `${more}    ${checked}`)).toEqual(['', 0, 0, 0]);
    expect(await visits.rows(`select indexname from pg_indexes where tablename = 'others'`)).toEqual([
      { indexname: 'positive' },
    ]);
  });

  it.each([
    [
      'a foreign key',
      'create table byhand.note (id int, at timestamptz, foreign key (id, at) references shown.visits)',
      'constraint note_id_at_fkey on table byhand.note',
    ],
    ['an index', 'create index by_value on shown.visits (value)', 'index shown.by_value'],
    [
      'a check',
      'alter table shown.visits add constraint positive check (value > 0)',
      'constraint positive on table shown.visits',
    ],
    [
      'a default',
      'alter table shown.visits alter column value set default 0',
      'default value for column value of table shown.visits',
    ],
    ['a policy', 'create policy by_hand on shown.visits using (true)', 'policy by_hand on table shown.visits'],
    [
      'a function',
      'create function byhand.all_visits() returns setof shown.visits language sql as $$ select * from shown.visits $$',
      'function byhand.all_visits()',
    ],
    [
      'a trigger',
      `create function byhand.nothing() returns trigger language plpgsql as 'begin return null; end';
      create trigger by_hand after update on shown.visits for each statement execute function byhand.nothing()`,
      'trigger by_hand on table shown.visits',
    ],
    ['statistics', 'create statistics shown.pair on id, home from shown.visits', 'statistics object shown.pair'],
  ])('is refused, and nothing touched, where %s depends on the table', async (_, statements, named) => {
    await build(plain);
    const oid = await visits.rows(`select 'shown.visits'::regclass::oid as oid`);
    await visits.rows('create schema byhand');
    for (const statement of statements.split(';\n')) await visits.rows(statement);
    const error = await build(monthly);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toContain(`\n  ${named}`);
    expect(await visits.rows(`select 'shown.visits'::regclass::oid as oid`)).toEqual(oid);
  });

  it('takes views created by hand and privileges on columns along, but no view of a single partition', async () => {
    await build(plain);
    await visits.rows('create schema byhand');
    await visits.rows('create view byhand.seen as select id from shown.visits');
    await visits.rows('create view byhand.twice as select 2 * id as id from byhand.seen');
    await visits.rows(`grant select on byhand.twice to ${reader}`);
    await visits.rows(`grant select (id) on shown.visits to ${reader}`);
    const asSeen = () =>
      visits.rows(`select
          (select sum(id)::int from byhand.twice) as ids,
          has_table_privilege('${reader}', 'byhand.twice', 'select') as seen,
          has_column_privilege('${reader}', 'shown.visits', 'id', 'select') as shown,
          has_column_privilege('${reader}', 'shown.visits', 'at', 'select') as hidden`);
    const before = await asSeen();
    expect(before).toEqual([{ ids: 6, seen: true, shown: true, hidden: false }]);
    expect(await build(monthly)).toEqual(['', 0, 0, 0]);
    expect(await names()).toEqual(['visits_2023_10', 'visits_2023_12']);
    expect(await asSeen()).toEqual(before);
    await visits.rows('create view byhand.october as select id from shown.visits_2023_10');
    expect(String(await build(plain))).toContain('\n  view byhand.october');
    expect(await names()).toEqual(['visits_2023_10', 'visits_2023_12']);
  });

  it('comes with other columns and another index of the same name', async () => {
    const synced = `materialized: incremental, unique_key: [id, at], full_refresh: false, on_schema_change: sync_all_columns`;
    const index = (on: string) => `indexes: [{ columns: ${on}, name: by_hand_named }]`;
    visits.configure(`${synced}, ${index('value')}`);
    await visits.project.run(database.warehouse, { command: 'run' });
    await visits.rows(`grant select (id, home) on shown.visits to ${reader}`);
    visits.configure(`${synced}, partition_by: { column: at, granularity: day }, ${index('[value, at]')}`);
    visits.project.write({
      'models/visits.sql': `select id, at, value::bigint as value, load_id, 'x' as extra from {{source "raw" "visits"}}
{{#incremental}}where load_id > {{high_water "raw.visits"}}{{/incremental}}`,
    });
    await visits.load([{ id: 3, at: '2023-11-11T00:00Z', value: 3 }]);
    const summary = await visits.project.run(database.warehouse, { command: 'run' });
    expect(resultOf(summary, 'visits').error?.message).toBeUndefined();
    expect(await visits.rows('select id, value, extra from shown.visits order by id')).toEqual([
      { id: 1, value: 1, extra: null },
      { id: 2, value: 2, extra: null },
      { id: 3, value: 3, extra: 'x' },
    ]);
    expect(
      await visits.rows(`select has_column_privilege('${reader}', 'shown.visits', 'id', 'select') as shown,
          pg_get_indexdef('shown.by_hand_named'::regclass) as index`),
    ).toEqual([{ shown: true, index: 'CREATE INDEX by_hand_named ON ONLY shown.visits USING btree (value, at)' }]);
  });

  it.each(['view', 'table', 'materialized_view'])('becomes a %s and a partitioned table again', async (kind) => {
    const other = kind === 'view' ? 'materialized: view' : `materialized: ${kind}, unique_key: [id, at]`;
    await build(monthly);
    await visits.rows('create schema byhand');
    await visits.rows('create view byhand.seen as select id from shown.visits');
    await visits.rows(`grant select on shown.visits to ${reader}`);
    for (const config of [other, monthly]) {
      visits.configure(config, described.replace(/ +(?:constraints|bi):.*\n/g, ''));
      const summary = await visits.project.run(database.warehouse, { command: 'run' });
      expect(resultOf(summary, 'visits').error?.message).toBeUndefined();
      expect(await names()).toEqual(config === monthly ? ['visits_2023_10', 'visits_2023_12'] : []);
      expect(
        await visits.rows(
          `select (select sum(id)::int from byhand.seen) as ids, has_table_privilege('${reader}', 'shown.visits', 'select') as shown`,
        ),
      ).toEqual([{ ids: 3, shown: true }]);
    }
  });

  it('leaves a table that was partitioned by hand', async () => {
    await visits.rows(
      `create table shown.visits (id int, at timestamptz, value int, home int, load_id bigint) partition by range (at)`,
    );
    await visits.rows(
      `create table shown.all_of_it partition of shown.visits for values from (minvalue) to (maxvalue)`,
    );
    expect(await build(plain)).toEqual(['rebuilt: not built by datacycle before', 2, 0, 0]);
    expect(await names()).toEqual(['all_of_it']);
  });

  it('says what to do where the type of the column changes at once', async () => {
    await build(plain);
    await visits.rows(`alter table raw.visits alter column at type timestamp using at at time zone 'UTC'`);
    expect(String(await build(monthly, { fullRefresh: true }))).toContain(
      'is partitioned by "at", which is timestamp without time zone now, but timestamp with time zone in its table',
    );
  });
});
