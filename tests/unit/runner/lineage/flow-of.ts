import type { Compiled } from '../../../../runner/compile/compile.ts';
import { columnLineage, type Origin, type ProjectLineage } from '../../../../runner/lineage/lineage.ts';
import { type ColumnName, upstreamOf } from '../../../../runner/lineage/trace.ts';
import { loadSqlParser } from '../../../../runner/sql/parser.ts';
import { compileFiles } from '../projects.ts';

/** The source `raw.t` has a, b, c and the document doc, `raw.u` has a, d; nothing is said of the columns of `raw.open`. */
const sources = `version: 2
sources:
  - name: raw
    tables:
      - name: t
        columns: [{ name: a }, { name: b }, { name: c }, { name: doc, data_type: jsonb }]
      - name: u
        columns: [{ name: a }, { name: d }]
      - name: open
`;

const seeds: Readonly<Record<string, readonly string[]>> = { prices: ['code', 'price'] };

/** The lineage of a project. @param seedColumns by the names of the seeds. */
export async function lineageOfCompiled({ manifest }: Compiled, seedColumns = seeds): Promise<ProjectLineage> {
  const parser = await loadSqlParser();
  return columnLineage(manifest, { parser, seedColumns: ({ name }) => seedColumns[name] ?? [] });
}

/** The lineage of a project of models, by their names, on those sources and the seed `prices`. */
export function lineageOfModels(models: Readonly<Record<string, string>>): Promise<ProjectLineage> {
  const files = Object.entries(models).map(([name, sql]) => [`models/${name}.sql`, sql] as const);
  return lineageOfCompiled(
    compileFiles({ 'models/sources.yml': sources, 'seeds/prices.csv': 'code,price\n', ...Object.fromEntries(files) }),
  );
}

/** `copied t.a`, `computed t.doc.plugs.*.total`: sources without their name, models and seeds by theirs. */
export function told({ how, node, column, path }: Origin): string {
  const name = node.replace(/^source\.raw\.|^(?:model|seed|source)\./, '');
  return `${how} ${name}.${column}${path === undefined ? '' : `.${path}`}`;
}

/** What each column of a model comes from, and `unknown` where something may be missing. */
export function columnsOf(lineage: ProjectLineage, model: string): Readonly<Record<string, string>> {
  const columns = lineage[`model.${model}`]?.columns ?? [];
  return Object.fromEntries(
    columns.map(({ column, from, unknown }) => [
      column,
      [...from.map(told), ...(unknown.length > 0 ? ['unknown'] : [])].join(', '),
    ]),
  );
}

/** The columns of sources and seeds that a column's values come from in the end, and constants: columns that come from nothing. */
export function rootsOf(lineage: ProjectLineage, start: ColumnName): ColumnName[] {
  const ends = [start, ...upstreamOf(lineage, start).flatMap(({ from, how }) => (how === 'filtered' ? [] : [from]))];
  return ends.filter(({ node, column }) => {
    const found = lineage[node];
    const from = column === '*' ? found?.rowsFrom : found?.columns.find((one) => one.column === column)?.from;
    return (from ?? []).length === 0;
  });
}

/** What decides which rows a model has. */
export function filtersOf(lineage: ProjectLineage, model: string): readonly string[] {
  return (lineage[`model.${model}`]?.filteredBy ?? []).map((one) => told(one).replace(/^filtered /, ''));
}
