import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { TemporaryProject } from '../temporary-project.ts';
import { runHere } from './in-process.ts';

const files = {
  'project.yml': `name: shop
target: prod
targets: { prod: {}, dev: { schema: dc_dev } }
models: { +schema: gold, +materialized: table }
`,
  'models/stg.sql': 'select 1 as id, 10 as amount',
  'models/sales.sql': 'select id, amount, \'{{target.name}}\' as target from {{ref "stg"}}',
  'models/total.sql': 'select sum(amount) as amount from {{ref "sales"}}',
  'models/apart.sql': 'select 1 as id',
  'tests/positive.sql': 'select 1 from {{ref "sales"}} where amount < 0',
};

describe('what goes on from an earlier run', () => {
  const project = new TemporaryProject(files);
  let database: TestDatabase;
  beforeAll(async () => {
    database = await (oneDatabase[0] as (typeof oneDatabase)[number]).open();
  });
  afterAll(async () => {
    await database.drop();
    project.dispose();
  });
  const run = (...args: string[]) => {
    const { PATH = '', HOME = '' } = process.env;
    return runHere(args, project.root, { PATH, HOME, ...(database.url === undefined ? {} : { DB_URL: database.url }) });
  };
  const rows = async (sql: string) =>
    (await run('show', '--inline', sql, '--output', 'json')).stdout.replace(/\s/g, '');

  it('retries what failed and what was skipped, and nothing else', async () => {
    project.write({ 'models/sales.sql': 'select id, amount, 1 / 0 as target from {{ref "stg"}}' });
    expect(await run('build')).toMatchObject({ code: 1 });
    project.write({ 'models/sales.sql': files['models/sales.sql'] });
    const again = await run('retry');
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(again.stdout).toMatch(/^build: 3 nodes/);
    for (const name of ['gold.sales', 'gold.total', 'positive']) expect(again.stdout).toContain(name);
    const nothing = await run('retry');
    expect([nothing.code, nothing.stdout.trim()]).toEqual([0, 'Nothing to retry: all of the last run is done.']);
  });

  it('builds what has been modified since, of another target, and reads the rest where it was', async () => {
    cpSync(join(project.root, 'target'), join(project.root, 'last'), { recursive: true });
    project.write({ 'models/sales.sql': `${files['models/sales.sql']} where amount > 1` });
    const flags = ['--target', 'dev', '--select', 'state:modified', '--state', 'last'];
    const alone = await run('run', ...flags);
    expect([alone.code, alone.stdout]).toEqual([1, expect.stringContaining('dc_dev_gold.stg')]);
    const outcome = await run('build', ...flags, '--defer');
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
    expect(outcome.stdout).toMatch(/^build: 2 nodes/);
    expect(await rows('select amount, target from dc_dev_gold.sales')).toBe('[{"amount":10,"target":"dev"}]');
  });

  it('reads what is there unless the earlier is favored', async () => {
    project.write({
      'models/stg.sql': "select 1 as id, case '{{target.name}}' when 'dev' then 5 else 10 end as amount",
    });
    expect(await run('run', '--target', 'dev', '-s', 'stg')).toMatchObject({ code: 0 });
    const sales = ['run', '--target', 'dev', '-s', 'sales', '--state', 'last', '--defer', '--no-reuse'];
    expect(await run(...sales)).toMatchObject({ code: 0 });
    expect(await rows('select amount from dc_dev_gold.sales')).toBe('[{"amount":5}]');
    expect(await run(...sales, '--favor-state')).toMatchObject({ code: 0 });
    expect(await rows('select amount from dc_dev_gold.sales')).toBe('[{"amount":10}]');
  });

  it('is refused without what an earlier run left', async () => {
    expect(await run('run', '--defer')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--defer needs the manifest.json of another run'),
    });
    expect(await run('retry', '--state', 'models')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no run has left its results in models'),
    });
  });
});
