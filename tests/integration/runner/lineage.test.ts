import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { readSeed } from '../../../runner/build/transaction/seed.ts';
import { projectAt } from '../../../runner/cache/cache.ts';
import { compileProject } from '../../../runner/compile/compile.ts';
import { columnLineage, type NodeLineage } from '../../../runner/lineage/lineage.ts';
import { hasRelation, incrementalSqlOf, type Manifest, type ModelNode } from '../../../runner/manifest/manifest.ts';
import { loadSqlParser } from '../../../runner/sql/parser.ts';
import { identifier, relation } from '../../../warehouse/quote.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { cases } from '../../unit/runner/lineage/cases.ts';
import { lineageOfModels } from '../../unit/runner/lineage/flow-of.ts';
import { oneDatabase } from '../databases.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const { manifest } = compileProject(await projectAt({ root, env: {} }));
const models = [...manifest.nodes.values()].filter(
  (node): node is ModelNode => node.kind === 'model' && node.materialized !== 'ephemeral',
);

/** Empty tables of all sources, seeds and models. */
async function createTables(on: Warehouse): Promise<void> {
  await ensureStaging(on);
  for (const node of manifest.nodes.values()) {
    if (!hasRelation(node)) continue;
    const types = node.kind === 'seed' ? readSeed(root, node).columns : node.columns;
    const columns = types.map((one) => `${identifier(one.name)} ${'dataType' in one ? one.dataType : one.type}`);
    await on.query(`create schema if not exists ${identifier(node.relation.schema)}`);
    await on.query(`create table if not exists ${relation(node.relation)} (${columns.join(', ')})`);
  }
}

/** The columns that a view reads anywhere in its query, as PostgreSQL itself recorded it. */
async function readByView(on: Warehouse, view: string): Promise<ReadonlySet<string>> {
  const { rows } = await on.query<{ name: string }>(
    `select distinct c.relnamespace::regnamespace || '.' || c.relname || '.' || a.attname as name
     from pg_rewrite as r
     join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
     join pg_class as c on c.oid = d.refobjid and c.oid <> r.ev_class
     join pg_attribute as a on a.attrelid = c.oid and a.attnum = d.refobjsubid
     where d.refobjsubid > 0 and r.ev_class = $1::regclass`,
    [view],
  );
  return new Set(rows.map(({ name }) => name.replaceAll('"', '')));
}

/** The columns that a model reads by our account, whatever for. */
function readByModel({ columns, filteredBy, rowsFrom }: NodeLineage): ReadonlySet<string> {
  const origins = [...columns.flatMap(({ from }) => from), ...filteredBy, ...rowsFrom];
  return new Set(
    origins.flatMap(({ node, column }) => {
      const upstream = manifest.nodes.get(node);
      if (column === '*' || !hasRelation(upstream)) return [];
      return [`${upstream.relation.schema}.${upstream.relation.name}.${column}`];
    }),
  );
}

/** The project with the SQL of one form alone: each model is a view of it. */
function formed(form: 'full' | 'incremental'): Manifest {
  const nodes = new Map(manifest.nodes);
  for (const node of models) {
    const fullSql = form === 'full' ? node.fullSql : (incrementalSqlOf(node) ?? node.fullSql);
    nodes.set(node.id, {
      ...node,
      fullSql,
      ...(node.materialized === 'incremental' && 'incrementalSql' in node ? { incrementalSql: fullSql } : {}),
    });
  }
  return { ...manifest, nodes };
}

describe.each(oneDatabase)('column lineage beside what $name says', (kind) => {
  it('names no column that the SQL of a model does not read; what it leaves out is taken along by a star', async () => {
    const database = await kind.open();
    try {
      const on = database.warehouse;
      await createTables(on);
      await on.query('create schema beside');
      const parser = await loadSqlParser();
      const seedColumns: Parameters<typeof columnLineage>[1]['seedColumns'] = (seed) =>
        readSeed(root, seed).columns.map(({ name }) => name);
      let compared = 0;
      const unread: string[] = [];
      for (const form of ['full', 'incremental'] as const) {
        const lineage = columnLineage(formed(form), { parser, seedColumns });
        for (const model of models) {
          const sql = form === 'full' ? model.fullSql : incrementalSqlOf(model);
          const ours = lineage[model.id];
          if (sql === undefined || ours === undefined) continue;
          const view = relation('beside', `${form}_${model.name}`.slice(0, 60));
          await on.query(`create view ${view} as ${sql.text}`);
          const theirs = await readByView(on, view);
          const named = readByModel(ours);
          // Of a row that is read as JSON, pg_depend does not say which columns.
          const ofRows = model.name === 'dim_user_apartment_map' ? ['seeds.user_apartments.role'] : [];
          expect([model.name, form, [...named].filter((one) => !theirs.has(one))]).toEqual([model.name, form, ofRows]);
          compared += named.size;
          unread.push(...[...theirs].filter((one) => !named.has(one)).map((one) => `${form} ${model.name}: ${one}`));
        }
      }
      // Those are columns that an import takes along by its star.
      expect(unread).toContain('full fact_energy_minute: gold.dim_apartment.floor');
      expect(compared).toBeGreaterThan(500);
    } finally {
      await database.drop();
    }
  });

  it('a change of a column changes only what is said to come from it', async () => {
    const database = await kind.open();
    try {
      await experiment(database.warehouse);
    } finally {
      await database.drop();
    }
  });
});

const tables = { t: ['a', 'b', 'c'], u: ['a', 'd'] } as const;

/** Fills a table with small numbers that come again and again, always in the same order; one column may have others. */
async function fill(on: Warehouse, name: keyof typeof tables, round: number, other?: string): Promise<void> {
  const columns: readonly string[] = tables[name];
  const values = columns.map(
    (column, at) =>
      `(n * ${7 + at * 4} + ${round * (at + 3)}${column === other ? ' + 2 * n * n + 1' : ''}) % ${5 + at}${column === other ? ' + n % 2 * 20' : ''}`,
  );
  await on.query(`truncate raw.${name}`);
  await on.query(
    `insert into raw.${name} (${columns.join(', ')}) select ${values.join(', ')} from generate_series(1, 12) as n`,
  );
}

/** Changes one column of one table at a time, and looks which columns of the queries change. */
async function experiment(on: Warehouse): Promise<void> {
  await on.query('create schema raw');
  await on.query('create table raw.t (a int, b int, c int, doc jsonb)');
  await on.query('create table raw.u (a int, d int)');
  const all = await lineageOfModels(Object.fromEntries(cases.map(([, sql], index) => [`m${index}`, sql])));
  const queries = cases.map(([name, sql], index) => ({
    name,
    sql: sql.replace(/\{\{source "raw" "(\w)"\}\}/g, 'raw.$1'),
    lineage: all[`model.m${index}`],
  }));
  const changed = new Set<string>();
  for (const round of [1, 2, 3]) {
    await fill(on, 't', round);
    await fill(on, 'u', round);
    const before = await Promise.all(queries.map(({ sql }) => valuesOf(on, sql)));
    for (const table of ['t', 'u'] as const)
      for (const column of tables[table]) {
        await fill(on, table, round, column);
        for (const [index, { name, sql, lineage }] of queries.entries()) {
          const after = await valuesOf(on, sql);
          for (const one of lineage?.columns ?? []) {
            if (after[one.column] === before[index]?.[one.column]) continue;
            const from = [...one.from, ...(lineage?.filteredBy ?? [])].map((by) => `${by.node}.${by.column}`);
            expect([name, one.column, from]).toEqual([
              name,
              one.column,
              expect.arrayContaining([`source.raw.${table}.${column}`]),
            ]);
            changed.add(`${name} ${one.column} ${table}.${column}`);
          }
        }
        await fill(on, table, round);
      }
  }
  // What is copied changes with what it is copied from.
  for (const { name, lineage } of queries)
    for (const { column, from } of lineage?.columns ?? [])
      for (const origin of from.filter((one) => one.how === 'copied' && one.column !== 'doc'))
        expect(changed).toContain(`${name} ${column} ${origin.node.replace('source.raw.', '')}.${origin.column}`);
}

/** The values of each column of a query, in an order of their own. */
async function valuesOf(on: Warehouse, sql: string): Promise<Readonly<Record<string, string>>> {
  const { rows, columns } = await on.query(sql, [], 'text');
  return Object.fromEntries(columns.map((name) => [name, JSON.stringify(rows.map((row) => row[name]).sort())]));
}
