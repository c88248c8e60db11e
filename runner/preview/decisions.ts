import { DatacycleError } from '../../warehouse/errors.ts';
import { relation } from '../../warehouse/quote.ts';
import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { nothingKnown, readState } from '../build/transaction/node-state.ts';
import { readRelation } from '../database/catalog.ts';
import { type BuiltNode, followedByMark, hasRelation, isMicrobatch, type Manifest } from '../manifest/manifest.ts';
import { chooseBatches } from '../plan/batch-choice.ts';
import { decide } from '../plan/decide.ts';
import { decideBatches, refuseBatches, withRowsLeft } from '../plan/decide-batches.ts';
import type { Decision, NodeState, PlanOptions } from '../plan/decision.ts';
import type { Reuse } from '../reuse/reuse.ts';
import type { Action } from '../run/run-result.ts';
import { type EventTimeRange, readBatches } from '../state/batch-windows.ts';
import type { Effects, Extent } from './effects.ts';
import { recreatedViews } from './recreated-views.ts';
import { seedDiffers } from './seed-rows.ts';

/** What would be done with a node, and why; `error`: it could not be built, as `reason` says. */
export interface Doing {
  readonly action: Action | 'error';
  readonly reason: string;
}

export interface Foretold extends Doing {
  /** False where it depends on what the run does before; then `otherwise` says what else may be done. */
  readonly certain: boolean;
  readonly otherwise?: readonly Doing[] | undefined;
  /** Of an increment: what of each upstream is new, as it is now. */
  readonly news?: readonly News[] | undefined;
  /** Whether the file of a seed has other rows than its table; undefined where that is not known, and for all else. */
  readonly differs?: boolean | undefined;
  /** The views that are made again with it, since PostgreSQL would not let it change under them. */
  readonly recreates?: readonly string[] | undefined;
  /** How many batches of a microbatch model are built, at least. */
  readonly batches?: number | undefined;
  readonly hint?: string | undefined;
}

/** What an upstream has beyond a high-water mark. */
export interface News {
  readonly upstream: string;
  /** The largest load_id that the node has consumed; null if none. */
  readonly mark: number | null;
  readonly loads: number;
  readonly rows: number;
}

interface Around {
  readonly manifest: Manifest;
  readonly root: string;
  readonly reuse: Reuse | undefined;
  /** Whether there is bookkeeping to read. */
  readonly isRecorded: boolean;
  readonly effects: Effects;
}

type Options = PlanOptions & { readonly range: EventTimeRange | undefined };

/** Decides as a build would, once for each extent of what comes before that may differ, and notes what the node does to those after it. */
export async function decisionsOn(
  session: Session,
  around: Around,
  node: BuiltNode,
  options: Options,
): Promise<Foretold> {
  const found: Judgement[] = [];
  const extents = around.effects.extentsFor(node);
  for (const extent of extents) found.push(await judge(session, around, node, options, extent));
  const [judged, ...others] = found as [Judgement, ...Judgement[]];
  const { state } = judged;
  const differs =
    node.kind === 'seed' && state !== undefined
      ? await seedDiffers(session, around.root, node, state).catch(() => undefined)
      : undefined;
  const doings = found.flatMap(({ doing, batches }) =>
    doing.action === 'error' ? [] : [{ mode: batches === 0 ? 'skip' : (doing.action as Decision['mode']) }],
  );
  around.effects.note(node, doings, {
    isNew: state?.existing === undefined,
    isOther: state?.recorded?.checksum !== node.checksum,
    differs,
    isAsItWas: state !== undefined && isAsItWas(state),
  });
  const likely = await withViews(session, around, node, options, judged, extents.length === 1);
  const otherwise = others
    .map(({ doing }) => doing)
    .filter((one, index, all) => !isSame(one, likely.doing) && all.findIndex((other) => isSame(one, other)) === index);
  const isIncrement = likely.doing.action === 'increment' && state !== undefined;
  const news = isIncrement ? await newsOf(session, around, node, state) : [];
  const certain = otherwise.length === 0;
  const { doing, batches, hint, recreates } = likely;
  return { ...doing, certain, otherwise: certain ? undefined : otherwise, news, batches, hint, differs, recreates };
}

/**
 * Whether, as far as anything is known of it, a table would get the rows that it has: its columns are read as then, and no version of
 * what it reads is another one. Of a query with a function that may change by itself no version is known.
 */
function isAsItWas({ recorded, upstreams, consumed, upstreamShape }: NodeState): boolean {
  if (recorded === undefined || recorded.upstreamShape !== upstreamShape) return false;
  return [...upstreams].every(([name, { rows, version }]) => {
    const then = consumed.get(name);
    return then?.version === version && (then.rows === undefined || then.rows === rows);
  });
}

/** @param isSettled whether nothing before the node can change what it reads. */
async function withViews(
  session: Session,
  { manifest, root }: Around,
  node: BuiltNode,
  options: Options,
  judged: Judgement,
  isSettled: boolean,
): Promise<Judgement> {
  const { doing, state } = judged;
  if (doing.action === 'error' || state === undefined) return judged;
  const mode = doing.action as Decision['mode'];
  try {
    const recreates = await inSavepoint(session, () =>
      recreatedViews(session, { manifest, options, root }, node, state, { mode }),
    );
    return recreates.length === 0 ? judged : { ...judged, recreates };
  } catch (error) {
    if (!(error instanceof DatacycleError)) throw error;
    // A node that is built before it may still change or drop what blocks.
    if (!isSettled) return judged;
    return { ...judged, doing: { action: 'error', reason: error.message }, hint: error.hint };
  }
}

interface Judgement {
  readonly doing: Doing;
  readonly state?: NodeState;
  readonly batches?: number | undefined;
  readonly recreates?: readonly string[] | undefined;
  readonly hint?: string | undefined;
}

async function judge(
  session: Session,
  { manifest, reuse, isRecorded, effects }: Around,
  node: BuiltNode,
  options: Options,
  extent: Extent,
): Promise<Judgement> {
  const foreseen = effects.foreseen(extent);
  try {
    return await inSavepoint(session, async () => {
      const state = isRecorded
        ? await readState(session, { manifest, reuse, foreseen }, node)
        : { ...nothingKnown, existing: await readRelation(session, node.relation) };
      if (!isMicrobatch(node)) {
        const { mode, reason } = decide(node, state, options);
        return { doing: { action: mode, reason }, state };
      }
      const { range, runStartedAt, fullRefresh } = options;
      const decision = decideBatches(node, state, fullRefresh);
      const asked = range !== undefined;
      refuseBatches(node, decision, state, asked);
      const follows = node.batch.follows.flatMap((id) => manifest.nodes.get(id)?.name ?? []);
      const all = isRecorded ? await readBatches(session, node.name, node.batch, runStartedAt, follows, range) : [];
      const renew = decision.mode !== 'increment';
      const known = withRowsLeft(node, all, state.expired);
      const { batches } = chooseBatches(known, { lookback: node.batch.lookback, renew, asked });
      // The rows that a view showed are in a table then.
      const action = state.existing !== undefined && decision.mode === 'create' ? 'replace' : decision.mode;
      return { doing: { action, reason: decision.reason }, state, batches: isRecorded ? batches.length : undefined };
    });
  } catch (error) {
    if (!(error instanceof DatacycleError)) throw error;
    return { doing: { action: 'error', reason: error.message }, hint: error.hint };
  }
}

function isSame(one: Doing, other: Doing): boolean {
  return one.action === other.action && one.reason === other.reason;
}

/** What of each upstream an increment would read now. What upstreams of the same run will bring is not counted. */
async function newsOf(
  session: Session,
  { manifest }: Around,
  node: BuiltNode,
  { consumed }: NodeState,
): Promise<readonly News[]> {
  const found: News[] = [];
  for (const id of followedByMark(node)) {
    const upstream = manifest.nodes.get(id);
    if (!hasRelation(upstream)) continue;
    const mark = consumed.get(upstream.name)?.loadId ?? null;
    const counted = await inSavepoint(session, () =>
      session.query<{ loads: string; rows: string }>(
        `select count(distinct load_id) as loads, count(*) as rows from ${relation(upstream.relation)} where load_id > $1`,
        [mark ?? 0],
      ),
    ).catch(() => undefined);
    const [row] = counted?.rows ?? [];
    if (row !== undefined)
      found.push({ upstream: upstream.name, mark, loads: Number(row.loads), rows: Number(row.rows) });
  }
  return found;
}
