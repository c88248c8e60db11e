import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Row } from '../../../../warehouse/warehouse.ts';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { resultOf, rowsOf, TemporaryProject } from '../../temporary-project.ts';

const security = 'row_security: { column: home, access: who_sees }';

const files = (config = security) => ({
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: visits }] }]',
  'models/visits.sql': `{{config materialized="incremental" unique_key="id" schema="shown"}}
select id, home, load_id from {{source "raw" "visits"}}
{{#incremental}}where load_id > {{high_water "raw.visits"}}{{/incremental}}`,
  'models/visits.yml': `models:
  - name: visits
    config: { ${config} }
    columns: [{ name: id, data_type: int }, { name: home, data_type: int }]
`,
  'models/seen.sql': '{{config materialized="view" schema="shown"}}select id, home from {{ref "visits"}}',
  // Made of what it guards, as it may well be.
  'models/who_sees.sql': `{{config materialized="table" unique_key="principal, home" schema="access"}}
select distinct 'READER_{{var "id"}}_' || home as principal, home from {{ref "visits"}}`,
  'models/who_sees.yml':
    'models: [{ name: who_sees, columns: [{ name: principal, data_type: text }, { name: home, data_type: int }] }]',
});

describe.each(oneDatabase)('row security on $name', ({ open }) => {
  const id = randomBytes(4).toString('hex');
  const readers = `readers_${id}`;
  const reader = (home: number) => `reader_${id}_${home}`;
  const roles = [reader(1), reader(2), readers];
  let database: TestDatabase;
  let project: TemporaryProject;
  const rows = (sql: string): Promise<readonly Row[]> => rowsOf(database.warehouse, sql);

  beforeAll(async () => {
    database = await open();
    await rows(`create role ${readers}`);
    for (const home of [1, 2]) await rows(`create role ${reader(home)} in role ${readers}`);
  });

  afterAll(async () => {
    for (const role of roles) await rows(`drop owned by ${role}`);
    for (const role of roles) await rows(`drop role ${role}`);
    await database.drop();
  });

  beforeEach(async () => {
    await rows('create schema raw');
    await rows(
      'create table raw.visits as select i as id, 1 + i % 2 as home, 1 as load_id from generate_series(1, 10) i',
    );
    await rows('create schema shown');
    await rows(`grant usage on schema shown to ${readers}`);
    await rows(`alter default privileges in schema shown grant select on tables to ${readers}`);
    project = new TemporaryProject({ 'project.yml': `name: test\nvars: { id: "${id}" }\n`, ...files() });
  });

  afterEach(async () => {
    project.dispose();
    for (const schema of ['raw', 'shown', 'access', 'datacycle']) await rows(`drop schema if exists ${schema} cascade`);
  });

  const build = async (options: Parameters<TemporaryProject['run']>[1] = {}) => {
    const summary = await project.run(database.warehouse, options);
    const bad = summary.results.filter((result) => result.status === 'error');
    if (bad.length > 0) throw new Error(bad.map((result) => result.message).join('\n'));
    return summary;
  };

  /** The homes whose rows a role sees. */
  const seenBy = (role: string, relation = 'shown.visits') =>
    database.warehouse.transaction(async (session) => {
      await session.query(`set local role ${role}`);
      return (await session.query(`select distinct home from ${relation} order by home`)).rows.map((row) => row.home);
    });

  const policies = async () =>
    (await rows(`select polname from pg_policy where polrelid = 'shown.visits'::regclass order by polname`)).map(
      (row) => String(row.polname).replace(/_[0-9a-f]{8}$/, ''),
    );
  const state = () =>
    rows(
      `select relrowsecurity as enabled, relforcerowsecurity as forced from pg_class where oid = 'shown.visits'::regclass`,
    );
  /** One for each role that sees some, and the owner's. */
  const all = ['datacycle_reads', 'datacycle_reads', 'datacycle_writes'];

  it('shows every role its rows, through the table and the view', async () => {
    await build();
    for (const relation of ['shown.visits', 'shown.seen']) {
      expect([
        await seenBy(reader(1), relation),
        await seenBy(reader(2), relation),
        await seenBy(readers, relation),
      ]).toEqual([[1], [2], []]);
    }
    expect(await rows('select count(*)::int as n from shown.visits')).toEqual([{ n: 10 }]);
  });

  it('shows nothing before it is said who sees what, and no error', async () => {
    await build({ select: ['visits'] });
    expect(await seenBy(reader(1))).toEqual([]);
    await build({ select: ['who_sees'] });
    expect(await seenBy(reader(1))).toEqual([1]);
  });

  it('shows every role its rows also if who sees what was built while the table was', async () => {
    project.write({
      // It has asked who sees what before it waits, and nobody sees it until it is committed.
      'models/visits.sql': `{{config materialized="incremental" unique_key="id" schema="shown"}}
select id, home, load_id from {{source "raw" "visits"}}, lateral (select pg_sleep(0.08)) as slowly
{{#incremental}}where load_id > {{high_water "raw.visits"}}{{/incremental}}`,
      'models/who_sees.sql': `{{config materialized="table" unique_key="principal, home" schema="access"}}
select 'reader_{{var "id"}}_' || home as principal, home from generate_series(1, 2) as home`,
    });
    await build({ threads: 2 });
    expect([await seenBy(reader(1)), await seenBy(reader(2)), await seenBy(readers)]).toEqual([[1], [2], []]);
    expect(await policies()).toEqual(all);
  });

  it('leaves a table alone that is as it should be', async () => {
    await build();
    const made = () => rows('select oid::int, polname from pg_policy order by oid');
    const before = await made();
    expect(resultOf(await build(), 'visits').message).toBe('nothing new');
    expect(resultOf(await build(), 'seen').message).toBe('unchanged');
    expect(await made()).toEqual(before);
  });

  it('is given to a table and a view that an older version made, though nothing is new', async () => {
    project.write(files('row_security: false'));
    await build();
    await rows('alter view shown.seen reset (security_invoker)');
    expect([await policies(), await state()]).toEqual([[], [{ enabled: false, forced: false }]]);
    expect(await seenBy(reader(1), 'shown.seen')).toEqual([1, 2]);
    project.write(files());
    const summary = await build();
    expect(resultOf(summary, 'seen').message).toBe('view replaced');
    expect([await policies(), await state()]).toEqual([all, [{ enabled: true, forced: true }]]);
    expect(await seenBy(reader(1), 'shown.seen')).toEqual([1]);
  });

  it.each([
    ['dropped', (name: string) => `drop policy ${name} on shown.visits`],
    ['altered', (name: string) => `alter policy ${name} on shown.visits using (true)`],
    ['given to others', (name: string) => `alter policy ${name} on shown.visits to ${reader(2)}`],
    ['replaced', (name: string) => `alter policy ${name} on shown.visits rename to ${name}_x`],
  ])('is repaired when a policy was %s', async (_name, harm) => {
    await build();
    for (const { polname } of await rows(`select polname from pg_policy where polname like 'datacycle%'`))
      await rows(harm(String(polname)));
    await rows('alter table shown.visits no force row level security');
    await build();
    expect((await policies()).filter((name) => !name.endsWith('_x'))).toEqual(all);
    expect(await state()).toEqual([{ enabled: true, forced: true }]);
    expect([await seenBy(reader(1)), await seenBy(reader(2))]).toEqual([[1], [2]]);
    expect(resultOf(await build(), 'visits').message).toBe('nothing new');
  });

  it('lets policies created by hand live through rebuilds', async () => {
    await build();
    await rows(`create policy by_hand on shown.visits for select to ${reader(1)} using (id = 1)`);
    const made = () => rows('select oid::int, polname from pg_policy order by oid');
    const before = await made();
    for (let time = 0; time < 3; time += 1) await build({ fullRefresh: true });
    expect(await made()).toEqual(before);
    expect(await seenBy(reader(1))).toEqual([1, 2]);
  });

  it('follows the access model and the roles that there are', async () => {
    await build();
    const late = reader(3);
    await rows('insert into raw.visits values (11, 3, 2)');
    await build();
    await rows(`create role ${late} in role ${readers}`);
    try {
      expect(await seenBy(late)).toEqual([]);
      await build();
      expect([await seenBy(late), await seenBy(reader(1))]).toEqual([[3], [1]]);
      await rows('delete from raw.visits where home = 1');
      await build({ fullRefresh: true });
      expect([await seenBy(late), await seenBy(reader(1))]).toEqual([[3], []]);
    } finally {
      await rows(`drop owned by ${late}`);
      await rows(`drop role ${late}`);
    }
  });

  it('is taken away with the setting, and nothing else', async () => {
    await build();
    await rows(`create policy by_hand on shown.visits for select to ${reader(1)} using (home = 2)`);
    project.write(files('row_security: false'));
    await build();
    expect([await policies(), await state()]).toEqual([['by_hand'], [{ enabled: true, forced: false }]]);
    expect([await seenBy(reader(1)), await seenBy(reader(2))]).toEqual([[2], []]);
    await rows('drop policy by_hand on shown.visits');
    project.write(files());
    await build();
    project.write(files('row_security: false'));
    await build();
    expect([await policies(), await state()]).toEqual([[], [{ enabled: false, forced: false }]]);
  });

  it('is made anew for another column', async () => {
    await build();
    const before = await rows(`select polname from pg_policy where polname like 'datacycle_reads%'`);
    project.write({
      'models/visits.yml': `models:
  - name: visits
    config: { row_security: { column: id, access: sees_ids } }
    columns: [{ name: id, data_type: int }, { name: home, data_type: int }]
`,
      'models/sees_ids.sql': `{{config materialized="table" unique_key="principal, id" schema="access"}}
select '${reader(1)}' as principal, 2 as id`,
      'models/sees_ids.yml':
        'models: [{ name: sees_ids, columns: [{ name: principal, data_type: text }, { name: id, data_type: int }] }]',
    });
    await build();
    expect(await policies()).toEqual(['datacycle_reads', 'datacycle_writes']);
    expect(await rows(`select polname from pg_policy where polname like 'datacycle_reads%'`)).not.toEqual(before);
    expect([await seenBy(reader(1)), await seenBy(reader(2))]).toEqual([[1], []]);
  });
});
