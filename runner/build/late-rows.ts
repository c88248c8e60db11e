import { identifier, relation } from '../../warehouse/quote.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import type { Column } from '../database/catalog.ts';
import { storedBehind } from '../manifest/lineage.ts';
import { type BuiltNode, followedByMark, isBuilt, type Manifest } from '../manifest/manifest.ts';
import { staged } from '../materialize/parts/step.ts';
import type { Decision } from '../plan/decision.ts';

/**
 * The largest load_id of a model before an increment, if somebody follows the model by high-water mark: what the increment adds with
 * a load_id up to there its followers would never see. Undefined if nobody does, or it has none.
 * @param columns those of the table, and those of the query.
 */
export async function newestLoadBefore(
  session: Session,
  manifest: Manifest,
  node: BuiltNode,
  { mode }: Pick<Decision, 'mode'>,
  ...columns: readonly (readonly Column[])[]
): Promise<number | undefined> {
  if (mode !== 'increment' || !followedIn(manifest).has(node.name)) return undefined;
  if (!columns.every((some) => some.some(isLoadId))) return undefined;
  const { rows } = await session.query<{ newest: number | null }>(
    `select max(load_id)::bigint as newest from ${relation(node.relation)}`,
  );
  return rows[0]?.newest ?? undefined;
}

function isLoadId({ name, type }: Column): boolean {
  return name === 'load_id' && (type === 'bigint' || type === 'integer');
}

/**
 * Whether an increment has written rows with a load_id up to this one, as where a model is made of two sources, whose loads do not
 * commit in the order of their numbers.
 */
export async function wroteBelow(session: Session, node: BuiltNode, mark: number): Promise<boolean> {
  const key = node.config.unique_key ?? [];
  const same = key.map((name) => `t.${identifier(name)} = n.${identifier(name)}`);
  const { merge_update_columns: update, merge_exclude_columns: exclude = [] } = node.config;
  // A row may keep the load_id that it had, though its values are new.
  const keepsLoad = exclude.includes('load_id') || update?.includes('load_id') === false;
  const written =
    key.length === 0
      ? `where n.load_id <= $1`
      : `join ${relation(node.relation)} as t on ${same.join(' and ')}
    where ${keepsLoad ? 't' : 'n'}.load_id <= $1 and t.xmin = pg_current_xact_id()::xid`;
  const { rows } = await session.query<{ below: boolean }>(
    `select exists (select from ${staged} as n ${written}) as below`,
    [mark],
  );
  return rows[0]?.below === true;
}

const followed = new WeakMap<Manifest, ReadonlySet<string>>();

/** The names of the models that others, or data tests, follow by high-water mark, also through views. */
function followedIn(manifest: Manifest): ReadonlySet<string> {
  const known = followed.get(manifest);
  if (known !== undefined) return known;
  const ids = [...manifest.nodes.values()].flatMap((node) => {
    if (node.kind === 'test') return node.incremental?.highWater ?? [];
    return isBuilt(node) ? followedByMark(node) : [];
  });
  const found = new Set(storedBehind(manifest, [...new Set(ids)]));
  followed.set(manifest, found);
  return found;
}
