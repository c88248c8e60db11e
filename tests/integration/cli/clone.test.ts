import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { rowsOf, TemporaryProject } from '../temporary-project.ts';
import { runHere } from './in-process.ts';

const files = {
  'project.yml': `name: shop
target: prod
targets: { prod: {}, dev: { schema: dc_dev } }
models: { +schema: gold, +materialized: table }
`,
  'seeds/rooms.csv': 'id,room\n1,kitchen\n',
  'models/stg.sql':
    '{{config materialized="incremental" unique_key="id" post_hook="analyze {{this}}"}}select id, room from {{ref "rooms"}}',
  'models/sales.yml': `models: [{ name: sales, columns: [{ name: id, data_tests: [not_null, { unique: { config: { warn_if: '> 1' } } }] }] }]`,
  'models/sales.sql': 'select id, 10 as amount from {{ref "stg"}}',
  'models/days.sql': `{{config materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="day" begin="${new Date().toISOString().slice(0, 10)}"}}
select at from (values (timestamptz '${new Date().toISOString().slice(0, 10)}')) as t (at) where at >= {{batch_start}} and at < {{batch_end}}`,
  'models/inner.sql': '{{config materialized="ephemeral"}}select id from {{ref "sales"}}',
};

describe('what a run leaves for others', () => {
  const project = new TemporaryProject(files);
  let database: TestDatabase;
  const run = (...args: string[]) => {
    const { PATH = '', HOME = '' } = process.env;
    return runHere(args, project.root, { PATH, HOME, ...(database.url === undefined ? {} : { DB_URL: database.url }) });
  };
  const sql = (text: string) => rowsOf(database.warehouse, text);
  const kinds = () =>
    sql(`select c.relname as name, c.relkind as kind from pg_class as c where c.relnamespace = 'dc_dev_gold'::regnamespace
      and c.relkind in ('r', 'v') order by 1`);
  beforeAll(async () => {
    database = await (oneDatabase[0] as (typeof oneDatabase)[number]).open();
    expect(await run('build')).toMatchObject({ code: 0, stderr: '' });
    cpSync(join(project.root, 'target'), join(project.root, 'last'), { recursive: true });
  });
  afterAll(async () => {
    await database.drop();
    project.dispose();
  });

  it('writes by which statements each node was built', async () => {
    const read = (path: string) => readFileSync(join(project.root, 'target', 'run', path), 'utf8');
    expect(read('models/stg.sql')).toMatch(/create table "gold"\."stg"[\s\S]*select id, room from "seeds"\."rooms"/);
    expect(read('models/days.sql')).toContain('"gold"."days"');
    expect(read('models/stg.sql')).toContain('-- post_hook\nanalyze "gold"."stg";\n');
    expect(read('tests/not_null_sales_id.sql')).toMatch(
      /^select count\(\*\) as failures\nfrom \([\s\S]*"gold"."sales"/,
    );
    expect(read('tests/unique_sales_id.sql')).toContain('(count(*)) > 1 as warns');
    expect(read('seeds/rooms.sql')).toContain('"seeds"."rooms"');
    expect(existsSync(join(project.root, 'target', 'run', 'models', 'inner.sql'))).toBe(false);
    // The statements of the last run, not of all runs.
    expect(await run('run', '--select', 'stg', '--full-refresh')).toMatchObject({ code: 0 });
    expect(read('models/stg.sql')).not.toContain('create table "gold"."stg"');
  });

  it('clones what another target has as views, once', async () => {
    const cloned = await run('clone', '--state', 'last', '--target', 'dev', '--resource-type', 'model');
    expect([cloned.code, cloned.stderr]).toEqual([0, '']);
    expect(cloned.stdout.split('\n').sort()).toEqual([
      '',
      'Done: 3 views made, 0 there already, 0 errors.',
      'dc_dev_gold.days shows gold.days',
      'dc_dev_gold.sales shows gold.sales',
      'dc_dev_gold.stg shows gold.stg',
    ]);
    expect(await sql('select id, amount from dc_dev_gold.sales')).toEqual([{ id: 1, amount: 10 }]);
    const again = await run('clone', '--state', 'last', '--target', 'dev', '--select', 'sales');
    expect(again.stdout).toBe('dc_dev_gold.sales is there already\nDone: 0 views made, 1 there already, 0 errors.\n');
    const anew = await run('clone', '--state', 'last', '--target', 'dev', '--select', 'sales', '--full-refresh');
    expect(anew.stdout).toContain('Done: 1 view made');
  });

  it('a run makes of a clone what the model is, and a clone never replaces that', async () => {
    expect(await run('run', '--target', 'dev', '--select', 'sales')).toMatchObject({ code: 0, stderr: '' });
    const tables = [
      { name: 'days', kind: 'v' },
      { name: 'sales', kind: 'r' },
      { name: 'stg', kind: 'v' },
    ];
    expect(await kinds()).toEqual(tables);
    const anew = await run('clone', '--state', 'last', '--target', 'dev', '--select', 'sales', '--full-refresh');
    expect([anew.code, anew.stdout]).toEqual([0, expect.stringContaining('dc_dev_gold.sales is there already')]);
    expect(await kinds()).toEqual(tables);
  });

  it('what reads a clone is not left as it is because of what was built in its place', async () => {
    expect(await run('build', '--target', 'dev', '--select', '+sales')).toMatchObject({ code: 0 });
    await sql('drop table dc_dev_gold.stg');
    await run('clone', '--state', 'last', '--target', 'dev', '--select', 'stg');
    for (const _ of ['at once', 'and later']) {
      const { stdout } = await run('run', '--target', 'dev', '--select', 'sales');
      expect(stdout).toContain('OK');
      expect(stdout).not.toContain('nothing that it reads has changed');
    }
  });

  it('says what cannot be cloned, and what it needs', async () => {
    await sql('drop view dc_dev_gold.days; drop table gold.days');
    const gone = await run('clone', '--state', 'last', '--target', 'dev', '--select', 'days');
    expect([gone.code, gone.stdout]).toEqual([1, expect.stringContaining('there is no gold.days in this database')]);
    expect(await run('clone', '--target', 'dev')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('clone needs the manifest.json of another target'),
    });
    expect((await run('clone', '--state', 'last')).stdout).toContain('Nothing to clone');
  });
});
