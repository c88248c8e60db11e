import { measureQuery } from '../../powerbi/preview/measure-query.ts';
import type { Finding } from '../../runner/check/findings.ts';
import type { FreshlyCompiled } from '../../runner/compile/compile.ts';
import { NodeError } from '../../runner/text/errors.ts';
import { formatPlace } from '../../runner/text/place.ts';
import { DatacycleError } from '../../warehouse/errors.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/**
 * Computes every measure that has `sql` on the views as they are, empty ones too: what PostgreSQL refuses is found before
 * somebody wants to see the report. A measure whose views are not all there is left out.
 * @returns an error for each that fails, at its `sql` in the .yml, and how many were left out.
 */
export async function tryMeasures(
  { exposures, manifest, properties: all }: FreshlyCompiled,
  warehouse: Warehouse,
): Promise<{ readonly found: readonly Finding[]; readonly left: number }> {
  const absent: string[] = [];
  for (const { view } of exposures) {
    const { rows } = await warehouse.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
      relation(view),
    ]);
    if (rows[0]?.there !== true) absent.push(relation(view));
  }
  const found: Finding[] = [];
  let left = 0;
  for (const { name: table, model, measures } of exposures) {
    const node = manifest.nodes.get(model)?.name ?? model;
    for (const [index, { name, sql }] of measures.entries()) {
      if (sql === undefined) continue;
      const query = measureQuery(exposures, { measure: { table, name }, by: [], where: [] });
      if (!('reason' in query) && absent.some((view) => query.sql.includes(view))) {
        left += 1;
        continue;
      }
      const fault = 'reason' in query ? query.reason : await faultOf(warehouse, query.sql);
      if (fault === undefined) continue;
      const declared = all.models.get(node);
      const place = declared?.yaml.place([...declared.path, 'bi', 'measures', index, 'sql']);
      const error = new NodeError({
        what: `${node}: the sql of measure "${name}": ${fault}`,
        where: place && formatPlace(place),
        hint: 'docs/power-bi.md says which columns it may name.',
      });
      found.push({ severity: 'error', node, error, also: [] });
    }
  }
  return { found, left };
}

/** What the database says against a statement; undefined if nothing. */
async function faultOf(warehouse: Warehouse, sql: string): Promise<string | undefined> {
  try {
    await warehouse.query(sql);
    return undefined;
  } catch (error) {
    if (error instanceof DatacycleError) return error.message;
    throw error;
  }
}
