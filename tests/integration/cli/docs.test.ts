import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogFile } from '../../../cli/docs/catalog-file.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { TemporaryProject } from '../temporary-project.ts';
import { runHere } from './in-process.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const schemas = process.env.DBT_SCHEMAS ?? join(repository, '..', 'shared', 'data', 'dbt-schemas');
const schemaFile = join(schemas, 'catalog-v1.json');

if (!existsSync(schemaFile))
  process.stderr.write(
    `SKIPPED: catalog.json is not held against its schema: there is no ${schemaFile}; set DBT_SCHEMAS\n`,
  );

const files = {
  'project.yml': 'name: shop\nmodels: { +schema: gold }\n',
  'seeds/rooms.csv': 'room,area\nkitchen,12.5\nbath,4\n',
  'models/sources.yml':
    'sources: [{ name: raw, schema: gold, tables: [{ name: till, identifier: sales }, { name: gone }] }]',
  'models/sales.sql': `{{config materialized="table"}}
select id, 1.5::numeric(10, 2) as amount, array['a'] as "Tags" from generate_series(1, 3) as id`,
  'models/sales.yml': `models:
  - name: sales
    description: What was "sold".
    columns: [{ name: id, description: One for each row. }, { name: amount }, { name: Tags }]
`,
  'models/seen.sql': 'select id from {{ref "sales"}}',
  'models/held.sql': '{{config materialized="materialized_view" unique_key="id"}}select id from {{ref "sales"}}',
  'models/within.sql': '{{config materialized="ephemeral"}}select id from {{ref "sales"}}',
  'models/later.sql': 'select id from {{ref "within"}}',
};

describe('docs generate', () => {
  const project = new TemporaryProject(files);
  let database: TestDatabase;
  beforeAll(async () => {
    database = await (oneDatabase[0] as (typeof oneDatabase)[number]).open();
    expect(await run('build', '--exclude', 'later')).toMatchObject({ code: 0, stderr: '' });
  });
  afterAll(async () => {
    await database.drop();
    project.dispose();
  });
  const run = (...args: string[]) => {
    const { PATH = '', HOME = '' } = process.env;
    return runHere(args, project.root, { PATH, HOME, ...(database.url === undefined ? {} : { DB_URL: database.url }) });
  };
  const catalog = (folder = 'target') =>
    JSON.parse(readFileSync(join(project.root, folder, 'catalog.json'), 'utf8')) as CatalogFile;

  it('writes what the database has of models, seeds and sources, and names what it has not', async () => {
    const { code, stdout, stderr } = await run('docs', 'generate');
    expect([code, stdout]).toEqual([
      0,
      'Written: target/manifest.json, and target/catalog.json with 5 relations.\nPages: target/docs/index.html\n',
    ]);
    expect(stderr).toBe('Not in the database, and so not in the catalog: raw.gone, later.\n');
    const { nodes, sources } = catalog();
    expect(Object.keys(nodes).sort()).toEqual([
      'model.shop.held',
      'model.shop.sales',
      'model.shop.seen',
      'seed.shop.rooms',
    ]);
    expect(nodes['model.shop.sales']).toMatchObject({
      unique_id: 'model.shop.sales',
      metadata: { type: 'BASE TABLE', schema: 'gold', name: 'sales', comment: 'What was "sold".' },
      columns: {
        id: { type: 'integer', index: 1, name: 'id', comment: 'One for each row.' },
        amount: { type: 'numeric(10,2)', index: 2, comment: null },
        Tags: { type: 'text[]', index: 3 },
      },
      stats: { row_count: { value: 3, include: true }, has_stats: { value: true, include: false } },
    });
    expect(nodes['model.shop.sales']?.stats.bytes?.value).toBeGreaterThan(8000);
    expect(nodes['model.shop.seen']).toMatchObject({
      metadata: { type: 'VIEW' },
      stats: { has_stats: { value: false } },
    });
    expect(nodes['model.shop.held']?.metadata.type).toBe('MATERIALIZED VIEW');
    expect(nodes['seed.shop.rooms']?.stats.row_count?.value).toBe(2);
    // The source is known by its own name, and described by what the database has.
    expect(sources['source.shop.raw.till']).toMatchObject({ metadata: { schema: 'gold', name: 'sales' } });
    const manifest = JSON.parse(readFileSync(join(project.root, 'target', 'manifest.json'), 'utf8'));
    expect(Object.keys(manifest.nodes)).toContain('model.shop.later');
  });

  it.skipIf(!existsSync(schemaFile))("is valid by dbt's schema", async () => {
    expect(await run('docs', 'generate')).toMatchObject({ code: 0 });
    const isValid = new Ajv2020({ strict: false, allErrors: true }).compile(
      JSON.parse(readFileSync(schemaFile, 'utf8')),
    );
    isValid(catalog());
    expect(isValid.errors ?? []).toEqual([]);
    expect(isValid({ ...catalog(), ours: 1 })).toBe(false);
  });

  it('describes what is selected, elsewhere where --target-path says, and nothing with --empty-catalog', async () => {
    const selected = await run('docs', 'generate', '--select', 'sales', '--target-path', 'elsewhere');
    expect([selected.code, selected.stdout, selected.stderr]).toEqual([
      0,
      'Written: elsewhere/manifest.json, and elsewhere/catalog.json with 1 relation.\nPages: elsewhere/docs/index.html\n',
      '',
    ]);
    expect(Object.keys(catalog('elsewhere').nodes)).toEqual(['model.shop.sales']);
    const { PATH = '', HOME = '' } = process.env;
    const nowhere = { PATH, HOME, DB_URL: 'postgres://nobody@127.0.0.1:1/none' };
    expect(await runHere(['docs', 'generate', '--empty-catalog'], project.root, nowhere)).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(catalog()).toMatchObject({ nodes: {}, sources: {} });
  });

  it('writes its pages into a folder with what tools read beside them, or into one file', async () => {
    await run('docs', 'generate');
    const made = () => readdirSync(join(project.root, 'target', 'docs')).sort();
    expect(made()).toEqual(['app.css', 'app.js', 'catalog.json', 'icon.svg', 'index.html', 'manifest.json']);
    await run('docs', 'generate', '--single-file');
    expect(made()).toEqual(['index.html']);
    const page = readFileSync(join(project.root, 'target', 'docs', 'index.html'), 'utf8');
    expect(page.length).toBeGreaterThan(100_000);
    expect(page).not.toMatch(/(?:src|href)="/);
  });

  it('serves no pages that are not there, or that need no server', async () => {
    expect(await run('docs', 'serve', '--target-path', 'nowhere')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there are no pages: nowhere/docs/index.html is missing'),
    });
    await run('docs', 'generate', '--single-file');
    expect(await run('docs', 'serve')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('target/docs/index.html is all pages in one file'),
    });
  });
});
