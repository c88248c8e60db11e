import { relation } from '../../warehouse/quote.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import type { Column } from '../database/catalog.ts';
import { newestLoad } from '../database/newest-load.ts';
import type { BuiltNode, Manifest } from '../manifest/manifest.ts';
import { sameKeyOf } from '../materialize/difference.ts';
import { type Step, staged } from '../materialize/parts/step.ts';
import type { Decision } from '../plan/decision.ts';
import { runSteps } from './transaction/run-steps.ts';
import { added, changedRows, type Totals } from './transaction/totals.ts';

/**
 * The largest load_id of a model before an increment, if another model follows it by high-water mark: its followers would
 * never see what the increment adds with a load_id up to there. Undefined if no model does, or it has none.
 * @param columns those of the table, and those of the query.
 */
export async function newestLoadBefore(
  session: Session,
  manifest: Manifest,
  node: BuiltNode,
  { mode }: Pick<Decision, 'mode'>,
  ...columns: readonly (readonly Column[])[]
): Promise<number | undefined> {
  if (mode !== 'increment' || !manifest.index.followed.has(node.name)) return undefined;
  if (!columns.every((some) => some.some(isLoadId))) return undefined;
  return (await newestLoad(session, node.relation)) ?? undefined;
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
  const keeps = keepsLoad(node);
  const isStagedLate = !keeps && (await existsLate(session, mark, stagedLate(node)));
  const totals = added(before, await runSteps(session, steps.slice(first), node));
  if (changedRows(totals) === 0) return { totals, isLate: false };
  return { totals, isLate: keeps ? await existsLate(session, mark, writtenLate(node)) : isStagedLate };
}

/** Whether a row keeps the load_id that it had, though its values are new, since a merge leaves that column alone. */
function keepsLoad({ config }: BuiltNode): boolean {
  const { merge_update_columns: update, merge_exclude_columns: exclude = [] } = config;
  if (config.unique_key === undefined) return false;
  return exclude.includes('load_id') || update?.includes('load_id') === false;
}

/** Staged rows `n` that will be new below the mark, or moved there: looked for before they are applied. */
function stagedLate({ relation: own, config: { unique_key: key = [] } }: BuiltNode): string {
  if (key.length === 0) return 'where n.load_id <= $1';
  return `left join ${relation(own)} as t on ${sameKeyOf({ uniqueKey: key })}
    where n.load_id <= $1 and t.load_id is distinct from n.load_id`;
}

/** Staged rows `n` whose row below the mark this transaction has written. */
function writtenLate({ relation: own, config: { unique_key: key = [] } }: BuiltNode): string {
  return `join ${relation(own)} as t on ${sameKeyOf({ uniqueKey: key })}
    where t.load_id <= $1 and t.xmin = pg_current_xact_id()::xid`;
}

async function existsLate(session: Session, mark: number, late: string): Promise<boolean> {
  const { rows } = await session.query<{ late: boolean }>(
    `select exists (select from ${staged} as n ${late}) as late`,
    [mark],
  );
  return rows[0]?.late === true;
}
