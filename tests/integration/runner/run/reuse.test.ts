import { describe, expect, test } from 'vitest';
import { reportLines } from '../../../../runner/run/report.ts';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const files = {
  'models/sources.yml': `
sources:
  - name: raw
    tables:
      - name: told
        rows_version: select max(load_id) from raw.told
      - name: untold
`,
  'models/from_told.sql': '{{config materialized="table"}}\nselect id, value from {{source "raw" "told"}}\n',
  'models/from_untold.sql': '{{config materialized="table"}}\nselect id, value from {{source "raw" "untold"}}\n',
  'models/a_view.sql': '{{config materialized="view"}}\nselect id, value from {{ref "from_told"}} where id > 0\n',
  'models/top.sql': '{{config materialized="table"}}\nselect id, value * 2 as value from {{ref "a_view"}}\n',
  'models/summed.sql':
    '{{config materialized="materialized_view" unique_key="total"}}\nselect coalesce(sum(value), 0) as total from {{ref "top"}}\n',
  'models/models.yml': `
models:
  - name: top
    columns:
      - name: value
        data_tests: [not_null, { accepted_values: { values: [2, 4, 6], quote: false } }]
`,
  'tests/data/top_is_double.sql':
    'select * from {{ref "top"}} join {{ref "from_told"}} as f using (id) where top.value <> 2 * f.value\n',
  'tests/data/of_untold.sql': 'select * from {{source "raw" "untold"}} where value < 0\n',
  'tests/data/until_now.sql': `select * from {{ref "top"}} where now() < '2000-01-01'\n`,
};
const statements = ['told', 'untold'].flatMap((name) => [
  `create table raw.${name} (load_id int, id int, value int)`,
  `insert into raw.${name} values (1, 1, 1), (1, 2, 2)`,
]);
const left = 'nothing that it reads has changed';
const at = (hour: number) => new Date(Date.UTC(2026, 10, 28, hour));
const since = (hour: number) => `unchanged since 2026-11-28 ${hour}:00 UTC`;

describe.each(oneDatabase)('what nothing has changed for, on $name', (kind) => {
  const { database, project, run, rows } = projectOn(kind, files, statements);
  const add = (name: string, load: number, value: number | null) =>
    database.warehouse.query(`insert into raw.${name} values ($1, $1 + 1, $2)`, [load, value]);

  test('is neither built nor tested again, except what cannot be trusted', async () => {
    await run({ now: at(10) });
    expect(await run({ now: at(11) })).toEqual({
      from_told: left,
      from_untold: '',
      a_view: 'unchanged',
      top: left,
      summed: left,
      not_null_top_value: since(10),
      accepted_values_top_value: since(10),
      top_is_double: since(10),
      // A source that others write counts as changed, and a test of the time is run every time.
      of_untold: '',
      until_now: '',
    });
  });

  test('is counted apart from what was done', async () => {
    await run({ now: at(10) });
    await run({ now: at(11) });
    const last = project.events.at(-1);
    const [, done] = last === undefined ? [] : reportLines(last);
    expect(done?.text).toMatch(
      /^Done: 1 built \(0 rows changed\), 4 left as they are, 5 of 5 tests passed, 3 of them before in /,
    );
  });

  test('follows a change through views, and says the time of the last pass', async () => {
    await run({ now: at(10) });
    await add('told', 2, 3);
    const second = await run({ now: at(11) });
    expect(second).toMatchObject({ from_told: '', top: '', summed: 'refreshed', top_is_double: '' });
    expect(await rows('select total::int from public.summed')).toEqual([{ total: 12 }]);
    expect(await run({ now: at(12) })).toMatchObject({ top: left, summed: left, top_is_double: since(11) });
  });

  test('a build that changes no row lets what reads it be', async () => {
    await run({ now: at(10) });
    await database.warehouse.query('update raw.told set load_id = 7');
    expect(await run({ now: at(11) })).toMatchObject({ from_told: '', top: left, top_is_double: since(10) });
  });

  test('changed SQL is built and tested again', async () => {
    await run({ now: at(10) });
    project.write({ 'models/a_view.sql': 'select id, value from {{ref "from_told"}} where id > 1\n' });
    expect(await run({ now: at(11) })).toMatchObject({ from_told: left, top: '', top_is_double: '' });
    expect(await rows('select id from public.top')).toEqual([{ id: 2 }]);
    project.write({ 'tests/data/top_is_double.sql': 'select * from {{ref "top"}} where id < 0' });
    expect(await run({ now: at(12) })).toMatchObject({ top: left, top_is_double: '', not_null_top_value: since(11) });
  });

  test('a view that the project says otherwise than it was built has the rows of then', async () => {
    await run({ now: at(10) });
    project.write({ 'models/a_view.sql': 'select id, value from {{ref "from_told"}} where id > 1\n' });
    // They read the view as it was built, so the same rows as before.
    expect(await run({ now: at(11), select: ['top', 'not_null_top_value'] })).toMatchObject({
      top: left,
      not_null_top_value: since(10),
    });
    await run({ now: at(12), select: ['a_view'] });
    expect(await run({ now: at(13) })).toMatchObject({ a_view: 'unchanged', top: '' });
    expect(await rows('select id from public.top')).toEqual([{ id: 2 }]);
  });

  test('rows of a view that is to be a table are not known before it is one', async () => {
    await run();
    await add('told', 2, 3);
    await run({ select: ['from_told'] });
    project.write({
      'models/a_view.sql': '{{config materialized="table"}}select id, value from {{ref "from_told"}}\n',
    });
    expect(await run({ select: ['top'] })).toMatchObject({ top: '' });
    expect(await rows('select count(*)::int as n from public.top')).toEqual([{ n: 3 }]);
    expect(await run({ select: ['a_view', 'top'] })).toMatchObject({ a_view: 'created, was a view', top: '' });
    expect(await run({ select: ['top'] })).toMatchObject({ top: left });
  });

  test('a setting of the target that changes what SQL gives is a change of the SQL', async () => {
    project.write({
      'models/from_told.sql': `{{config materialized="table"}}\nselect id, value, to_char(timestamptz '2026-01-01 00:00Z', 'HH24') as hour from {{source "raw" "told"}}\n`,
      'tests/data/of_hours.sql': `select * from {{ref "from_told"}} where timestamptz '2026-01-01 00:00Z' <> timestamp '2026-01-01'`,
    });
    await run({ now: at(10) });
    const under = (settings: string) =>
      project.write({ 'project.yml': `name: test\ntarget: prod\ntargets: { prod: { settings: { ${settings} } } }\n` });
    under('work_mem: 8MB');
    expect(await run({ now: at(11) })).toMatchObject({ from_told: left, of_hours: since(10) });
    under('timezone: Asia/Tokyo');
    const tested = await project.run(database.warehouse, { now: at(12) });
    const statusOf = (name: string) => tested.results.find(({ node }) => node.name === name)?.status;
    expect([statusOf('from_told'), statusOf('of_hours')]).toEqual(['success', 'pass']);
    expect(tested.results.find(({ node }) => node.name === 'from_told')?.message).toBe('');
    // A policy of what is read may ask for a setting of one's own.
    under('app.household: a');
    await run({ now: at(13) });
    expect(await run({ now: at(14) })).toMatchObject({ from_told: left, of_hours: since(13) });
    under('app.household: b');
    expect(await run({ now: at(15) })).toMatchObject({ from_told: '', of_hours: '' });
  });

  test('a view that tells the time is no reason to leave out what reads it', async () => {
    project.write({ 'models/a_view.sql': 'select id, value, now() as seen from {{ref "from_told"}}\n' });
    await run({ now: at(10) });
    expect(await run({ now: at(11) })).toMatchObject({
      from_told: left,
      top: '',
      summed: left,
      top_is_double: since(10),
    });
  });

  test('a table that is written into the SQL without ref may have changed', async () => {
    project.write({
      'models/from_told.sql':
        '{{config materialized="table"}}\nselect id, value from {{source "raw" "told"}} where id in (select id from raw.untold)\n',
    });
    await run();
    await database.warehouse.query('delete from raw.untold where id = 2');
    expect(await run()).toMatchObject({ from_told: '' });
    expect(await rows('select id from public.top')).toEqual([{ id: 1 }]);
  });

  test('a test that failed is run again, and one that fails now is found', async () => {
    await run({ now: at(10) });
    await add('told', 2, 7);
    const failing = async () =>
      (await project.run(database.warehouse)).results
        .filter(({ status }) => status === 'fail')
        .map(({ node }) => node.name);
    expect(await failing()).toEqual(['accepted_values_top_value']);
    expect(await failing()).toEqual(['accepted_values_top_value']);
  });

  test('--no-reuse does everything, and a full refresh rebuilds', async () => {
    await run({ now: at(10) });
    expect(await run({ now: at(11), reuse: false })).toMatchObject({
      from_told: '',
      top: '',
      summed: 'refreshed',
      top_is_double: '',
    });
    expect(await run({ now: at(12), fullRefresh: true })).toMatchObject({ top: '', top_is_double: since(11) });
    // What it finds, and no other test would look for, stays recorded.
    await rows('update public.top set value = 7 where id = 1');
    const failing = async (options: object) => {
      const { results } = await project.run(database.warehouse, { select: ['top_is_double'], ...options });
      return results.map(({ status }) => status);
    };
    expect(await failing({})).toEqual(['pass']);
    expect(await failing({ reuse: false })).toEqual(['fail']);
    expect(await failing({})).toEqual(['fail']);
  });

  test('hooks that change rows of another model have what reads it built and tested again', async () => {
    const hook = (value: number) => `"update {{ref 'from_told'}} set value = ${value} where id = 1"`;
    await run({ now: at(10) });
    project.write({ 'project.yml': `name: test\non-run-end: ${hook(3)}\n` });
    await run({ now: at(11) });
    project.write({ 'project.yml': 'name: test\n' });
    expect(await run({ now: at(12), select: ['from_told+'], exclude: ['from_told'] })).toMatchObject({ top: '' });
    expect(await rows('select value from public.top where id = 1')).toEqual([{ value: 6 }]);
    project.write({
      'models/hooked.sql': `{{config materialized="table" post_hook="update {{ref 'from_told'}} set value = 2 where id = 1"}}\nselect 1 as x\n`,
    });
    await run({ now: at(13), select: ['hooked'] });
    await run({ now: at(14), select: ['top'] });
    expect(await rows('select value from public.top where id = 1')).toEqual([{ value: 4 }]);
  });

  test('a model whose schema changes and changes back has the rows of today', async () => {
    const inSchema = (schema: string) =>
      project.write({ 'project.yml': `name: test\nmodels: { +schema: ${schema} }\n` });
    project.write({
      'models/followed.sql': `{{config materialized="incremental" unique_key="id"}}\nselect id, value, load_id::bigint as load_id from {{source "raw" "told"}}
{{#incremental}}where load_id > {{high_water "raw.told"}}{{/incremental}}\n`,
    });
    inSchema('prod');
    await run();
    await add('told', 2, 3);
    inSchema('dev');
    await run();
    inSchema('prod');
    await run();
    for (const table of ['from_told', 'top', 'followed'])
      expect(await rows(`select count(*)::int as n from prod.${table}`), table).toEqual([{ n: 3 }]);
    expect(await run()).toMatchObject({ from_told: left, top: left });
  });

  test('an index that a materialized view gains or loses is reason enough', async () => {
    await run();
    const indexes = () => rows(`select count(*)::int as n from pg_indexes where tablename = 'summed'`);
    project.write({ 'models/summed.yml': 'models: [{ name: summed, config: { indexes: [{ columns: [total] }] } }]' });
    await run();
    expect(await indexes()).toEqual([{ n: 2 }]);
    project.remove('models/summed.yml');
    await run();
    expect(await indexes()).toEqual([{ n: 1 }]);
    expect(await run()).toMatchObject({ summed: left });
  });

  test('a table that was dropped by hand is built again', async () => {
    await run();
    await database.warehouse.query('drop view public.a_view cascade');
    await database.warehouse.query('drop table public.top cascade');
    expect(await run()).toMatchObject({ a_view: 'view created', top: 'created', summed: 'created' });
  });

  test('a table that lost a column by hand, or has it by another name, is built again', async () => {
    await run();
    await database.warehouse.query('drop view public.a_view cascade');
    await database.warehouse.query('alter table public.from_told drop column value');
    expect(await run()).toMatchObject({ from_told: '', a_view: 'view created' });
    await database.warehouse.query('alter table public.from_untold rename column value to other');
    await run();
    expect(await rows('select id, value from public.from_untold where id = 1')).toEqual([{ id: 1, value: 1 }]);
    expect(await run()).toMatchObject({ from_told: left });
  });

  test('a table that does without a new column of its query stays, as it was told to', async () => {
    const kept = (columns: string) =>
      project.write({
        'models/kept.sql': `{{config materialized="incremental" unique_key="id" full_refresh=false on_schema_change="ignore"}}\nselect ${columns} from {{ref "top"}}`,
      });
    kept('id, value');
    await run();
    kept('id, value, 1 as more');
    await run();
    expect(await run()).toMatchObject({ kept: left });
  });

  test('a pass that stored nothing leaves out no test that is to store its bad rows', async () => {
    const few = (stored: boolean) =>
      project.write({
        'tests/data/few.sql': `{{config severity="warn" store_failures=${stored}}}\nselect * from {{ref "top"}} where value > 2`,
      });
    const stored = () => rows('select value from dbt_test__audit.few');
    few(true);
    await run();
    expect(await stored()).toEqual([{ value: 4 }]);
    await rows('update raw.told set value = 1, load_id = 2');
    few(false);
    expect(await run({ now: at(10) })).toMatchObject({ few: '' });
    few(true);
    expect(await run({ now: at(11) })).toMatchObject({ few: '' });
    expect(await stored()).toEqual([]);
    expect(await run({ now: at(12) })).toMatchObject({ few: since(11) });
  });

  test('test runs everything, test --changed what has changed; neither records anything', async () => {
    await run({ now: at(10) });
    const tested = (reuse: boolean) => run({ command: 'test', reuse, now: at(11) });
    expect(await tested(false)).toMatchObject({ top_is_double: '', not_null_top_value: '' });
    expect(await tested(true)).toMatchObject({ top_is_double: since(10), of_untold: '' });
  });
});
