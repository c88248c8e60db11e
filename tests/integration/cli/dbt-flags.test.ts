import { cpSync, existsSync, readFileSync } from 'node:fs';
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
  'models/stg.sql': 'select n as id, 10 * n as amount from generate_series(1, 2) as n',
  'models/sales.sql': 'select id, amount from {{ref "stg"}}',
  'models/sales.yml':
    'models: [{ name: sales, columns: [{ name: amount, data_tests: [{ accepted_values: { values: [10], config: { severity: warn } } }] }] }]',
};

const warns = 'accepted_values_sales_amount';

describe('flags that a dbt user types', () => {
  const project = new TemporaryProject(files);
  let database: TestDatabase;
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { PATH = '', HOME = '' } = process.env;
    const url: Record<string, string> = database.url === undefined ? {} : { DB_URL: database.url };
    return runHere(args, project.root, { PATH, HOME, ...url, ...env });
  };
  beforeAll(async () => {
    database = await (oneDatabase[0] as (typeof oneDatabase)[number]).open();
    expect(await run(['build'])).toMatchObject({ code: 0, stderr: '' });
    cpSync(join(project.root, 'target'), join(project.root, 'last'), { recursive: true });
  });
  afterAll(async () => {
    await database.drop();
    project.dispose();
  });

  describe('compile and show', () => {
    it('print a query that is compiled, as text or as JSON', async () => {
      const query = 'select id from {{ref "stg"}}';
      expect(await run(['compile', '--inline', query])).toEqual({
        code: 0,
        stdout: 'select id from "gold"."stg"\n',
        stderr: '',
      });
      const json = await run(['compile', '--inline', query, '--output', 'json']);
      expect(JSON.parse(json.stdout)).toEqual({ compiled: 'select id from "gold"."stg"' });
      const node = await run(['compile', '--select', 'sales', '--resource-type', 'model', '--output', 'json']);
      expect(JSON.parse(node.stdout)).toEqual({ node: 'sales', compiled: 'select id, amount from "gold"."stg"' });
      expect(await run(['compile', '--inline', 'select {{ref "stgg"}}'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Did you mean "stg"?'),
      });
      expect(await run(['compile', '--inline', query, '--select', 'stg'])).toMatchObject({ code: 2 });
    });

    it('show what is sent as it is, also of a project that does not compile', async () => {
      project.write({ 'models/wrong.sql': 'select {{nothing}}' });
      const shown = await run(['show', '--inline-direct', "select '{{x}}' as text;", '--output', 'csv']);
      project.remove('models/wrong.sql');
      expect(shown).toEqual({ code: 0, stdout: 'text\n{{x}}\n', stderr: '' });
      const wrong = await run(['show', '--inline-direct', 'select\nnothing']);
      expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('--inline-direct:2:1')]);
      expect(await run(['show', '--inline-direct', 'create table gold.made (id int)'])).toMatchObject({ code: 1 });
    });

    it('read what is not there where --defer-state says', async () => {
      const dev = ['--target', 'dev', '--defer', '--defer-state', 'last'];
      const sales = ['--select', 'sales', '--resource-type', 'model'];
      expect((await run(['compile', ...sales, ...dev])).stdout).toBe('select id, amount from "gold"."stg"\n');
      expect((await run(['compile', ...sales, '--target', 'dev'])).stdout).toContain('"dc_dev_gold"."stg"');
      const shown = await run(['show', ...sales, ...dev, '--output', 'csv']);
      expect(shown).toEqual({ code: 0, stdout: 'id,amount\n1,10\n2,20\n', stderr: '' });
      const inline = await run([
        'show',
        '--inline',
        'select count(*) as n from {{ref "sales"}}',
        ...dev,
        '--output',
        'csv',
      ]);
      expect(inline.stdout).toBe('n\n2\n');
      expect(await run(['show', ...sales, '--target', 'dev', '--defer'])).toMatchObject({ code: 2 });
    });
  });

  it('ls prints keys of the manifest, too', async () => {
    const listed = await run(['ls', '--select', 'stg', '--output', 'json', '--output-keys', 'name raw_code language']);
    expect(JSON.parse(listed.stdout)).toEqual({ name: 'stg', raw_code: files['models/stg.sql'], language: 'sql' });
  });

  describe('warnings', () => {
    const test = ['test', '--select', warns];
    it('are warnings, unless --warn-error or the environment says otherwise', async () => {
      expect(await run(test)).toMatchObject({ code: 0, stdout: expect.stringMatching(/WARN|warn/) });
      expect(await run([...test, '--warn-error'])).toMatchObject({ code: 1 });
      expect(await run(test, { DATACYCLE_WARN_ERROR: 'yes' })).toMatchObject({ code: 1 });
      expect(await run(test, { DATACYCLE_WARN_ERROR: 'perhaps' })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('DATACYCLE_WARN_ERROR is "perhaps", but must be true or false'),
      });
      const none = await run(['ls', '--select', 'nothing', '--warn-error']);
      expect([none.code, none.stdout]).toEqual([2, '']);
    });

    it('are told apart by their names', async () => {
      const options = (text: string) => ['--warn-error-options', text];
      expect(await run([...test, ...options('{"error": "all", "warn": ["LogTestResult"]}')])).toMatchObject({
        code: 0,
      });
      expect(await run([...test, ...options('error: [LogTestResult, NodeNotFoundOrDisabled]')])).toMatchObject({
        code: 1,
      });
      const silent = await run([...test, ...options('silence: [LogTestResult]')]);
      expect([silent.code, silent.stdout.includes(warns)]).toEqual([0, false]);
      const nothing = ['ls', '--select', 'nothing', ...options('{ silence: [NoNodesForSelectionCriteria] }')];
      expect((await run(nothing)).stderr).toBe('Nothing is selected.\n');
      expect(await run(['ls', ...options('{ error: [LogTestResults] }')])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Did you mean "LogTestResult"?'),
      });
    });

    it('are errors where project.yml says so, with the place', async () => {
      project.write({ 'project.yml': `${files['project.yml']}flags: { warn_error: true }\nprofile: shop\n` });
      expect(await run(['parse'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('project.yml:6:1: "profile" is not used'),
      });
      project.write({
        'project.yml': `${files['project.yml']}flags: { warn_error_options: { silence: [ProjectNotice] } }\nprofile: shop\n`,
      });
      expect(await run(['parse'])).toMatchObject({ code: 0, stderr: '' });
      project.write({ 'project.yml': files['project.yml'] });
    });
  });

  it('logs and artifacts go where the flags say, from a level on', async () => {
    const log = () => readFileSync(join(project.root, 'logged', 'datacycle.log'), 'utf8');
    const test = ['test', '--select', warns, '--log-path', 'logged', '--log-level-file', 'warn'];
    const said = await run([...test, '--log-level', 'warn', '--target-path', 'made']);
    expect([said.code, said.stdout.includes(warns), said.stdout.includes('test: 1')]).toEqual([0, true, false]);
    expect(existsSync(join(project.root, 'made', 'run_results.json'))).toBe(true);
    const levels = log()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { level: string }).level);
    expect(new Set(levels)).toEqual(new Set(['warning']));
    expect(await run([...test, '--log-level', 'error'])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await run(['test', '--select', warns, '--log-level', 'none', '--warn-error'])).toEqual({
      code: 1,
      stdout: '',
      stderr: '',
    });
    expect((await run(['ls', '--select', 'stg', '--log-level', 'none'])).stdout).toBe('shop.stg\n');
  });

  it('the environment gives flags that the command line does not', async () => {
    const env = { DATACYCLE_TARGET_PATH: 'by-env', DATACYCLE_THREADS: '2', DATACYCLE_STATE: 'last' };
    expect(await run(['ls', '--select', 'state:modified'], env)).toMatchObject({ code: 0, stdout: '' });
    const ran = await run(['run', '--select', 'stg'], env);
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('2 threads')]);
    expect((await run(['run', '--select', 'stg', '--threads', '3'], env)).stdout).toContain('3 threads');
    const strict = { DATACYCLE_WARN_ERROR: 'true' };
    const test = ['test', '--select', warns];
    expect(await run(test, strict)).toMatchObject({ code: 1 });
    expect(await run([...test, '--no-warn-error'], strict)).toMatchObject({ code: 0 });
    expect(await run(['run', '--select', 'stg'], { DATACYCLE_THREADS: '0' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('DATACYCLE_THREADS is "0", but must be 1 or more'),
    });
  });
});
