import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineageOf, withLineage, writeManifestWithLineage } from '../../../cli/selection/column-lineage.ts';
import { writeManifest, writeRunResults } from '../../../cli/selection/target-files.ts';
import type { Terminal } from '../../../cli/terminal/terminal.ts';
import { compileProject } from '../../../runner/compile/compile.ts';
import { readProject } from '../../../runner/project/read-project.ts';
import { failure, type NodeResult, skipped } from '../../../runner/run/run-result.ts';
import { manifestFile } from '../../../runner/selection/manifest-file.ts';
import { TemporaryProject } from '../../integration/temporary-project.ts';

/** dbt's published schemas, which are no part of this project. */
const schemas =
  process.env.DBT_SCHEMAS ?? resolve(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data', 'dbt-schemas');
const hasSchemas = existsSync(schemas);
if (!hasSchemas)
  process.stderr.write(`No schemas of dbt in ${schemas} (DBT_SCHEMAS): artifacts are not checked against them.\n`);

const files = {
  'project.yml': 'name: shop\nmodels: { marts: { +materialized: table, +tags: [nightly] } }\n',
  'macros/cents.sql': '({{amount}} / 100)',
  'models/sources.yml': `sources:
  - name: raw
    description: What the till says.
    loader: files
    loaded_at_field: at
    freshness: { warn_after: { count: 1, period: day } }
    tables: [{ name: orders, description: One row an order., meta: { owner: anna }, columns: [{ name: id }] }]
`,
  'models/stg.sql': 'select id, {{> cents amount="amount"}} as amount from {{source "raw" "orders"}}',
  'models/inner.sql': '{{config materialized="ephemeral"}}select id, amount from {{ref "stg"}}',
  'models/marts/sales.sql': 'select id, amount from {{ref "inner"}}',
  'models/marts/sales.yml': `models:
  - name: sales
    description: What was sold.
    config:
      group: finance
      access: protected
      unique_key: id
      contract: { enforced: true }
      pre_hook: select 1
      grants: { select: [pg_monitor] }
      persist_docs: { relation: true, columns: false }
      docs: { show: false }
      indexes: [{ columns: [id] }]
      meta: { owner: anna }
    columns:
      - { name: id, data_type: bigint, data_tests: [not_null, { unique: { config: { severity: warn, store_failures: true } } }] }
      - { name: amount, data_type: numeric }
groups: [{ name: finance, owner: { email: [a@example.org] } }]
exposures:
  - { name: report, type: dashboard, maturity: high, owner: { name: Anna, phone: 1 }, depends_on: [ref('sales')] }
unit_tests:
  - name: cents
    model: stg
    given: [{ input: "source('raw', 'orders')", rows: [{ id: 1, amount: 200 }] }]
    expect: { rows: [{ id: 1, amount: 2 }] }
`,
  'seeds/rooms.csv': 'room\nkitchen\n',
  'seeds/rooms.yml': 'seeds: [{ name: rooms, config: { column_types: { room: text } } }]',
  'snapshots/kept.yml':
    "snapshots: [{ name: kept, relation: ref('stg'), config: { unique_key: id, strategy: check, check_cols: all } }]",
  'tests/adds_up.sql': 'select 1 from {{ref "sales"}} where amount < 0',
  'analyses/look.sql': 'select * from {{ref "sales"}}',
};

const asJson = (value: object) => JSON.parse(JSON.stringify(value));

describe('what a command leaves in target/', () => {
  const project = new TemporaryProject(files);
  const terminal = {
    errors: (problems: unknown) => expect(problems).toEqual([]),
  } as unknown as Terminal;
  const written = (name: string) => JSON.parse(readFileSync(join(project.root, 'target', name), 'utf8'));
  let ownManifest: object;
  beforeAll(async () => {
    const compiled = project.compile();
    expect(await writeManifestWithLineage(compiled, terminal)).toBe(true);
    ownManifest = withLineage(manifestFile(own, '2024-05-01T00:00:00Z'), own, await lineageOf(own));
    const startedAt = new Date('2024-05-01T00:00:00Z');
    const done = { inserted: 1, updated: 0, deleted: 0, failures: 0, error: undefined, message: 'built' } as const;
    const results = [...compiled.manifest.nodes.values()].map((node): NodeResult => {
      if (node.name === 'stg') return { node, ...failure(new Error('division by zero')), seconds: 1.5, startedAt };
      if (node.name === 'sales') return { node, ...skipped('stg failed'), seconds: 0 };
      if (node.kind === 'test') return { node, ...done, status: 'fail', failures: 3, seconds: 0.5, startedAt };
      return { node, ...done, status: 'success', seconds: 0.25, startedAt };
    });
    const summary = { runId: 'b0e3c9c6-0000-4000-8000-000000000000', results, hooks: [], seconds: 2, ok: false };
    writeRunResults(compiled, summary, { which: 'build', select: ['stg'] }, terminal);
  });
  afterAll(() => project.dispose());

  const own = compileProject(readProject({ root: resolve(import.meta.dirname, '..', '..', '..'), env: {} }));
  it.skipIf(!hasSchemas).each([
    ['run-results-v6.json', () => [written('run_results.json')]],
    ['manifest-v12.json', () => [written('manifest.json'), asJson(ownManifest)]],
  ])('is valid by %s, here and of the project itself', (schema, artifacts) => {
    const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { uuid: true } });
    const isValid = ajv.compile(JSON.parse(readFileSync(join(schemas, schema), 'utf8')));
    for (const file of artifacts()) {
      isValid(file);
      expect((isValid.errors ?? []).map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`)).toEqual(
        [],
      );
      expect(isValid({ ...file, ours: 1 })).toBe(false);
    }
  });

  it("a manifest says where columns come from, beside what is the user's own", () => {
    const { nodes, sources } = written('manifest.json');
    expect(nodes['model.shop.stg'].meta).toEqual({
      datacycle: {
        lineage: {
          columns: [
            { column: 'id', from: [{ node: 'source.shop.raw.orders', column: 'id', how: 'copied' }], unknown: [] },
            {
              column: 'amount',
              from: [{ node: 'source.shop.raw.orders', column: 'amount', how: 'computed' }],
              unknown: [],
            },
          ],
          rows_from: [{ node: 'source.shop.raw.orders', column: '*', how: 'computed' }],
          filtered_by: [],
          unknown: [],
        },
      },
    });
    expect(nodes['model.shop.sales'].meta).toMatchObject({ owner: 'anna', datacycle: { lineage: {} } });
    expect(sources['source.shop.raw.orders'].meta).toMatchObject({ owner: 'anna', datacycle: { lineage: {} } });
    expect(nodes['test.shop.adds_up'].meta).toEqual({});
  });

  it('results say when, what and where', () => {
    const { results } = written('run_results.json') as { results: { unique_id: string }[] };
    const of = (id: string) => results.find((result) => result.unique_id === id);
    expect(of('model.shop.stg')).toMatchObject({
      status: 'error',
      timing: [{ name: 'execute', started_at: '2024-05-01T00:00:00.000Z', completed_at: '2024-05-01T00:00:01.500Z' }],
      message: 'division by zero',
      failures: null,
      compiled: true,
    });
    expect(of('model.shop.sales')).toMatchObject({ status: 'skipped', timing: [] });
    expect(of('test.shop.adds_up')).toMatchObject({ status: 'fail', failures: 3, relation_name: null });
  });

  it('a manifest says what depends on what, and what belongs together', () => {
    const manifest = written('manifest.json');
    expect(manifest.parent_map['model.shop.stg']).toEqual(['source.shop.raw.orders']);
    expect(manifest.child_map['source.shop.raw.orders']).toContain('model.shop.stg');
    expect(manifest.child_map['model.shop.sales']).toContain('exposure.shop.report');
    expect(manifest.group_map).toEqual({ finance: ['model.shop.sales'] });
    expect(manifest.nodes['model.shop.sales']).toMatchObject({ path: 'marts/sales.sql', group: 'finance' });
    expect(Object.values(manifest.unit_tests)).toMatchObject([
      { model: 'stg', given: [{ input: "source('raw', 'orders')", rows: [{ id: 1, amount: 200 }] }] },
    ]);
  });
});

describe('what cannot be written into target/', () => {
  /** What is reported. */
  const toldOf = (change: (project: TemporaryProject) => void) => {
    const project = new TemporaryProject(files);
    const told: string[] = [];
    const terminal = { errors: (lines: readonly { text: string }[]) => told.push(...lines.map(({ text }) => text)) };
    try {
      const compiled = project.compile();
      change(project);
      writeManifest(compiled, terminal as unknown as Terminal);
      return told;
    } finally {
      project.dispose();
    }
  };

  it.each([
    ['a file is in the place of its folder', (project: TemporaryProject) => project.write({ target: '' })],
    ['a seed is gone', ({ root }: TemporaryProject) => rmSync(join(root, 'seeds/rooms.csv'))],
  ])('is reported and ends nothing: %s', (_why, change) => {
    expect(toldOf(change)).toEqual([expect.stringMatching(/^Warning: target\/manifest\.json cannot be written: E/)]);
  });
});
