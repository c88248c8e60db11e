import type { Manifest } from '../../runner/manifest/manifest.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { exists } from './source-state.ts';

export interface TableState {
  readonly name: string;
  /** Null if the table is not there. */
  readonly rows: number | null;
  /** The planner's estimate rather than a count. */
  readonly estimated: boolean;
  readonly bytes: number | null;
  /** ISO text. */
  readonly builtAt: string | null;
}

/** From about so many rows on, counting takes too long to wait for. */
const countedBelow = 1_000_000;

/** Rows of every table that seeds and models make. @param exactBelow tables that seem to have more rows are not counted. */
export function readTables(
  on: Queryable,
  manifest: Manifest,
  exactBelow = countedBelow,
): Promise<readonly TableState[]> {
  const nodes = [...manifest.nodes.values()].flatMap((node) =>
    node.kind === 'seed' || (node.kind === 'model' && node.materialized !== 'view' && node.materialized !== 'ephemeral')
      ? [{ name: node.name, relation: relation(node.relation) }]
      : [],
  );
  return countOf(on, nodes, exactBelow);
}

/** Size and rows of some tables, by their quoted names. */
export async function countOf(
  on: Queryable,
  nodes: readonly { readonly name: string; readonly relation: string }[],
  exactBelow = countedBelow,
): Promise<readonly TableState[]> {
  const built = (await exists(on, 'datacycle.model'))
    ? 'datacycle.model'
    : '(select null::text as model, null::timestamptz as built_at)';
  const { rows } = await on.query<{
    name: string;
    estimate: number | null;
    bytes: number | null;
    built_at: string | null;
  }>(
    `select n.name, c.reltuples::float8 as estimate,
         coalesce(
             (select sum(pg_total_relation_size(p.relid))::bigint from pg_partition_tree(c.oid) as p),
             pg_total_relation_size(c.oid)
         ) as bytes,
         to_char(m.built_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as built_at
     from unnest($1::text[], $2::text[]) with ordinality as n (name, relation, place)
     left join pg_class as c on c.oid = to_regclass(n.relation)
     left join ${built} as m on m.model = n.name
     order by n.place`,
    [nodes.map(({ name }) => name), nodes.map((node) => node.relation)],
  );
  const states: TableState[] = [];
  for (const [index, { name, estimate, bytes, built_at: builtAt }] of rows.entries()) {
    const counted =
      estimate === null ? undefined : await countOrEstimate(on, nodes[index]?.relation ?? '', estimate, exactBelow);
    states.push({ name, rows: counted?.rows ?? null, estimated: counted?.estimated ?? false, bytes, builtAt });
  }
  return states;
}

/**
 * How many rows a relation has: counted, unless the planner estimates so many that it would take long.
 * @param quoted its name, quoted. @param estimate the planner's; -1 if the table was never analysed.
 */
export async function countOrEstimate(
  on: Queryable,
  quoted: string,
  estimate: number,
  exactBelow = countedBelow,
): Promise<{ readonly rows: number; readonly estimated: boolean }> {
  if (estimate >= exactBelow) return { rows: Math.round(estimate), estimated: true };
  const { rows } = await on.query<{ rows: number }>(`select count(*) as rows from ${quoted}`);
  return { rows: Number(rows[0]?.rows ?? 0), estimated: false };
}
