import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeAge } from '../../../cli/status/source-freshness.ts';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { TemporaryProject } from '../temporary-project.ts';
import { runHere } from './in-process.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const schemas = process.env.DBT_SCHEMAS ?? join(repository, '..', 'shared', 'data', 'dbt-schemas');
const schemaFile = join(schemas, 'sources-v3.json');

if (!existsSync(schemaFile))
  process.stderr.write(
    `SKIPPED: sources.json is not held against its schema: there is no ${schemaFile}; set DBT_SCHEMAS\n`,
  );

const hours = (warn: number, error: number, more = '') =>
  `{ warn_after: { count: ${warn}, period: hour }, error_after: { count: ${error}, period: hour }${more} }`;

const files = {
  'project.yml': 'name: shop\nmodels: { +materialized: table, +schema: raw }\n',
  // What a source is made of: rows 1 hour, 3 hours and 30 hours old.
  'models/landed.sql': `select kind, now() at time zone 'UTC' - age as at
from (values ('new', interval '1 hour'), ('kept', interval '3 hours'), ('old', interval '30 hours')) as t (kind, age)`,
  'models/drawn.sql': `{{config post_hook="create sequence if not exists raw.numbers"}}
select 1 as id`,
  'models/sources.yml': `sources:
  - name: raw
    config: { loaded_at_field: at, freshness: ${hours(2, 24)} }
    tables:
      - { name: fine, identifier: landed }
      - { name: late, identifier: landed, config: { freshness: ${hours(2, 24, `, filter: "kind <> 'new'"`)} } }
      - { name: old, identifier: landed, config: { freshness: ${hours(2, 24, `, filter: "kind = 'old'"`)} } }
      - { name: empty, identifier: landed, config: { freshness: ${hours(2, 24, ', filter: "false"')} } }
      - { name: gone }
      - { name: writing, config: { loaded_at_query: "select to_timestamp(nextval('raw.numbers'))" } }
      - { name: silent, identifier: landed, config: { freshness: null } }
  - name: asked
    schema: raw
    config: { freshness: ${hours(2, 24)} }
    tables:
      - { name: query, identifier: landed, config: { loaded_at_query: "select min(at) from raw.landed -- oldest" } }
      - { name: untold, identifier: landed }
  - name: staging
    tables: [{ name: sensor_file }, { name: weather_chunk }]
`,
  'models/of_fine.sql': `select * from {{source "raw" "fine"}}`,
};

interface Found {
  readonly unique_id: string;
  readonly status: string;
  readonly error?: string;
  readonly max_loaded_at?: string;
}

describe('how old the rows of sources are', () => {
  const project = new TemporaryProject(files);
  let database: TestDatabase;
  const run = (...args: string[]) => {
    const { PATH = '', HOME = '' } = process.env;
    return runHere(args, project.root, { PATH, HOME, ...(database.url === undefined ? {} : { DB_URL: database.url }) });
  };
  const written = () =>
    JSON.parse(readFileSync(join(project.root, 'target', 'sources.json'), 'utf8')) as { results: readonly Found[] };
  const built = async () => expect(await run('run', '--select', 'landed', 'drawn')).toMatchObject({ code: 0 });
  beforeAll(async () => {
    database = await (oneDatabase[0] as (typeof oneDatabase)[number]).open();
    await built();
  });
  afterAll(async () => {
    await database.drop();
    project.dispose();
  });

  it('tells of each source that says so, and ends with 1 where one is too old or cannot be asked', async () => {
    const { code, stdout, stderr } = await run('source', 'freshness');
    expect([code, stderr]).toEqual([1, '']);
    const lines = stdout.trim().split('\n');
    // A busy machine takes minutes from making the rows to asking for them.
    expect(lines.sort()).toEqual([
      expect.stringMatching(/^error {2}asked\.query: its newest rows came in 1 d 6 h ago \(/),
      expect.stringMatching(/^error {2}raw\.empty: it has no rows$/),
      expect.stringMatching(/^error {2}raw\.old: its newest rows came in 1 d 6 h ago \(/),
      expect.stringMatching(/^pass {3}raw\.fine: its newest rows came in 1 h(?: \d min)? ago \(/),
      expect.stringMatching(
        /^runtime error {2}asked\.untold: it has neither loaded_at_field .* \(models\/sources\.yml:\d+\)$/,
      ),
      expect.stringMatching(/^runtime error {2}raw\.gone: .*"raw\.gone".*sources\.yml:\d+\)$/),
      expect.stringMatching(/^runtime error {2}raw\.writing: .*nextval.* read-only transaction/),
      expect.stringMatching(/^warn {3}raw\.late: its newest rows came in 3 h(?: \d min)? ago \(/),
    ]);
    const { results } = written();
    expect(results).toHaveLength(8);
    expect(results.find(({ unique_id: id }) => id === 'source.shop.raw.empty')).toMatchObject({
      max_loaded_at: '0001-01-01T00:00:00Z',
      status: 'error',
    });
  });

  it.skipIf(!existsSync(schemaFile))('writes sources.json as its schema says (DBT_SCHEMAS)', async () => {
    await run('freshness');
    const valid = new Ajv2020({ strict: false, allErrors: true }).compile(
      JSON.parse(readFileSync(schemaFile, 'utf8')) as object,
    );
    const file = written();
    expect(file.results.map(({ status }) => status).sort()).toEqual(
      ['error', 'error', 'error', 'pass', 'runtime error', 'runtime error', 'runtime error', 'warn'].sort(),
    );
    expect(valid(file), JSON.stringify(valid.errors)).toBe(true);
  });

  it('asks what is selected, ends with 0 after a warning, and prints what it writes', async () => {
    const flags = ['--select', 'source:raw.late', 'source:raw.fine', '--output', 'json'];
    const { code, stdout } = await run('freshness', ...flags);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(written());
    expect(
      written()
        .results.map(({ unique_id: id, status }) => [id, status])
        .sort(),
    ).toEqual([
      ['source.shop.raw.fine', 'pass'],
      ['source.shop.raw.late', 'warn'],
    ]);
    const nothing = await run('freshness', '--select', 'source:raw.silent');
    expect(nothing).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('nothing to ask') });
    expect(await run('source', 'fresh')).toMatchObject({ code: 2 });
  });

  it('lets source_status:fresher name what depends on sources with newer rows', async () => {
    await run('freshness', '--select', 'source:raw.fine');
    cpSync(join(project.root, 'target'), join(project.root, 'earlier'), { recursive: true });
    const fresher = async () =>
      (await run('ls', '--select', 'source_status:fresher+', '--state', 'earlier', '--output', 'name')).stdout.trim();
    expect(await fresher()).toBe('');
    expect(await run('run', '--select', 'landed', '--no-reuse')).toMatchObject({ code: 0 });
    await run('freshness', '--select', 'source:raw.fine');
    expect((await fresher()).split('\n')).toEqual(['raw.fine', 'of_fine']);
  });

  it.skipIf(oneDatabase[0]?.name !== 'PostgreSQL')('goes by the loads of what a loader fills', async () => {
    await ensureStaging(database.warehouse);
    expect((await run('freshness', '--select', 'source:staging')).stderr).toContain('nothing to ask');
    await database.warehouse.query(
      `insert into staging.load (source, started_at, finished_at) values ('sensors', now(), '2023-10-12 10:04:00+00')`,
    );
    const { code, stdout } = await run('freshness', '--select', 'source:staging');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^pass {3}staging\.sensor_file: .*\(2023-10-12T10:04:00/),
    ]);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });
});

it('a threshold is what may not be exceeded', () => {
  const freshness = { warn_after: { count: 2, period: 'minute' }, error_after: { count: 1, period: 'day' } } as const;
  const ages = [120, 121, 86_400, 86_401, -5];
  expect(ages.map((age) => judgeAge({ freshness }, age))).toEqual(['pass', 'warn', 'warn', 'error', 'pass']);
  expect(judgeAge({ freshness: undefined }, 1e9)).toBe('pass');
});
