import { identifier, relation } from '../../warehouse/quote.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import type { Column } from '../database/catalog.ts';
import { storedBehind } from '../manifest/lineage.ts';
import { type BuiltNode, followedByMark, isBuilt, type Manifest } from '../manifest/manifest.ts';
import { type Step, staged } from '../materialize/parts/step.ts';
import type { Decision } from '../plan/decision.ts';
import { runSteps } from './transaction/run-steps.ts';
import { added, changedRows, type Totals } from './transaction/totals.ts';

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
 * Runs the steps of an increment.
 * @returns the rows that it wrote, and whether any is late: new with a load_id up to `mark`, or moved to one, as where a model is
 * made of two sources, whose loads do not commit in the order of their numbers. A row that is seen again with the load_id that it has is
 * not late: its model says by that that followers need not know.
 */
export async function runIncrement(
  session: Session,
  node: BuiltNode,
  steps: readonly Step[],
  mark: number,
): Promise<{ readonly totals: Totals; readonly isLate: boolean }> {
  const first = steps.findIndex((step) => step.kind === 'upsert' || (step.kind === 'run' && step.counts !== undefined));
  // Steps that write no rows of the increment bring no late ones.
  if (first === -1) return { totals: await runSteps(session, steps, node), isLate: false };
  const before = await runSteps(session, steps.slice(0, first), node);
  const isStagedLate = await existsLate(session, node, mark, keepsLoad(node) ? undefined : 'staged');
  const totals = added(before, await runSteps(session, steps.slice(first), node));
  if (changedRows(totals) === 0) return { totals, isLate: false };
  return {
    totals,
    isLate: isStagedLate || (await existsLate(session, node, mark, keepsLoad(node) ? 'written' : undefined)),
  };
}

/** Whether a row keeps the load_id that it had, though its values are new, since a merge leaves that column alone. */
function keepsLoad({ config }: BuiltNode): boolean {
  const { merge_update_columns: update, merge_exclude_columns: exclude = [] } = config;
  return exclude.includes('load_id') || update?.includes('load_id') === false;
}

/** @param which the staged rows before they are applied, or those that this transaction has written. */
async function existsLate(
  session: Session,
  node: BuiltNode,
  mark: number,
  which: 'staged' | 'written' | undefined,
): Promise<boolean> {
  if (which === undefined) return false;
  const key = node.config.unique_key ?? [];
  const same = key.map((name) => `t.${identifier(name)} = n.${identifier(name)}`).join(' and ');
  const late =
    key.length === 0
      ? 'where n.load_id <= $1'
      : which === 'staged'
        ? `left join ${relation(node.relation)} as t on ${same}\n    where n.load_id <= $1 and t.load_id is distinct from n.load_id`
        : `join ${relation(node.relation)} as t on ${same}\n    where t.load_id <= $1 and t.xmin = pg_current_xact_id()::xid`;
  const { rows } = await session.query<{ late: boolean }>(
    `select exists (select from ${staged} as n ${late}) as late`,
    [mark],
  );
  return rows[0]?.late === true;
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
