import { StatementError } from '../../../warehouse/errors.ts';
import { relation } from '../../../warehouse/quote.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { type Comments, commentsOn } from '../../database/attachments.ts';
import { type BareRelation, bareRelation, completed, type RestOfRelation, restOf } from '../../database/catalog.ts';
import { missingSource } from '../../database/missing-source.ts';
import { newestLoad } from '../../database/newest-load.ts';
import { about, ask, askEach, askTogether, type Question } from '../../database/question.ts';
import { upstreamShape } from '../../database/upstream-shape.ts';
import { modelsBehind, recordedBehind, sourcesBehind, tablesBehind } from '../../manifest/lineage.ts';
import {
  type BuiltNode,
  followedByMark,
  hasRelation,
  incrementalSqlOf,
  type Manifest,
  rowSecurityOf,
} from '../../manifest/manifest.ts';
import type { NodeState } from '../../plan/decision.ts';
import { canStay, type KnownRows, RowVersions } from '../../reuse/row-versions.ts';
import { seedFile } from '../../reuse/seed-versions.ts';
import { UpstreamVersions } from '../../reuse/upstream-versions.ts';
import { expiredOf } from '../../state/expired.ts';
import {
  type Consumed,
  consumedBy,
  leastConsumed,
  type ModelState,
  modelsNamed,
  notAsBuilt,
  wasBuiltElsewhere,
} from '../../state/models.ts';
import { prunedOf } from '../../state/pruned.ts';
import { NodeError } from '../../text/errors.ts';
import type { Place } from '../../text/place.ts';
import { type Guard, guardOf, readAccess } from './access.ts';

/** By this name a table that reads nothing has that among what it has consumed; no node can be named so. */
const nothingRead = '(nothing)';

/** The state of a node that nothing is known of. */
export const nothingKnown: NodeState = {
  existing: undefined,
  recorded: undefined,
  consumed: new Map(),
  upstreams: new Map(),
  upstreamShape: '',
  pruned: new Map(),
  expired: new Map(),
  access: undefined,
};

/** The state of one node, and the comments on its relation. */
export interface StateRead extends NodeState {
  readonly comments: Comments | undefined;
}

/** What a run will have done with the upstreams of a node before the node's turn, for whoever looks ahead. */
export interface Foreseen {
  /** What will be recorded of models. */
  models(recorded: ReadonlyMap<string, ModelState>): ReadonlyMap<string, ModelState>;
  /** The largest load_id that an upstream will have. @param read reads the one that it has. */
  newest(id: string, read: () => Promise<number | null>): Promise<number | null>;
  /** The shape that what a node reads will have. */
  shape(node: BuiltNode, now: string): string;
  /** Whether a model consumes nothing before, by its name. */
  stays(model: string): boolean;
}

/** What is known around nodes whose state is read. */
export interface StateContext {
  readonly manifest: Manifest;
  readonly reuse?: KnownRows | undefined;
  /** What will have changed by then; undefined: as it is now. */
  readonly foreseen?: Foreseen | undefined;
  /** What was found of a node a moment ago and still holds, so that only its upstreams are asked about. */
  readonly seen?: ((node: BuiltNode) => Seen | undefined) | undefined;
}

/** What was found of one node, beside others. */
export interface Seen {
  readonly answers: Answers & RestOfRelation;
  readonly access: NodeState['access'];
}

/**
 * What the database says about a node and its upstreams.
 * @param holdBack whether its high-water mark must not pass those of its upstream models. If a node and a model that it reads
 * follow the same source, the node could consume rows that the model has not consumed yet, and never read them again. So its mark
 * on a source is at most the smallest mark of all models upstream of it.
 */
export async function readState(
  session: Session,
  context: StateContext,
  node: BuiltNode,
  holdBack = true,
): Promise<StateRead> {
  const questions = questionsAbout(context, node, holdBack);
  const seen = context.seen?.(node);
  if (seen === undefined) return stateOf(session, context, node, await askTogether<Answers>(session, questions));
  if (readsOf(node).length === 0) return stateOf(session, context, node, seen.answers, seen);
  // What is deleted meanwhile has to be known in the snapshot in which its rows are gone, or a rebuild would lose them.
  const { models, least, pruned, expired } = questions;
  const news = await askTogether<Pick<Answers, 'models' | 'least' | 'pruned' | 'expired'>>(session, {
    models,
    least,
    pruned,
    expired,
  });
  return stateOf(session, context, node, { ...seen.answers, ...news }, seen);
}

/** The same for many nodes at once, by the id of each: nearly all in one statement, and nothing is asked twice. */
export async function readStates(
  session: Session,
  context: StateContext,
  nodes: readonly BuiltNode[],
): Promise<ReadonlyMap<string, { readonly state: StateRead; readonly seen: Seen }>> {
  const questions = nodes.map((node) => ({
    ...questionsAbout(context, node),
    ...restOf(node.relation),
    guard: guardOf(node.relation, rowSecurityOf(node)),
  }));
  const answers = await askEach<Answers & RestOfRelation & { readonly guard: Guard }>(session, questions);
  const once = askingOnce(session);
  const found = new Map<string, { readonly state: StateRead; readonly seen: Seen }>();
  for (const [place, node] of nodes.entries()) {
    const answer = answers[place];
    if (answer === undefined) continue;
    const security = rowSecurityOf(node);
    const access = security && (await readAccess(once, node.relation, security, answer.guard));
    const seen = { answers: answer, access };
    found.set(node.id, { state: await stateOf(once, context, node, answer, seen), seen });
  }
  return found;
}

/** A session in whose snapshot the same question has the same answer. */
function askingOnce(session: Session): Session {
  const answers = new Map<string, ReturnType<Session['query']>>();
  return {
    ...session,
    query: (sql, params, values) => {
      const key = JSON.stringify([sql, params, values]);
      const answer = answers.get(key) ?? session.query(sql, params, values);
      answers.set(key, answer);
      return answer as ReturnType<typeof session.query<never>>;
    },
  };
}

type Questions = { readonly [K in keyof Answers]: Question<Answers[K]> };

function questionsAbout({ manifest, foreseen }: StateContext, node: BuiltNode, holdBack = true): Questions {
  const followed = followedByMark(node);
  const nameOf = (id: string) => manifest.nodes.get(id)?.name ?? '';
  const behind = holdBack && followed.length > 0 ? modelsBehind(manifest, node) : [];
  const withRows = { sources: sourcesBehind(manifest, node.reads), tables: tablesBehind(manifest, node.reads) };
  return {
    models: modelsNamed([node.name, ...recordedBehind(manifest, readsOf(node))]),
    consumed: consumedBy(node.name),
    least: about(
      behind,
      leastConsumed(
        behind.filter((name) => foreseen?.stays(name) ?? true),
        followed.map(nameOf),
      ),
    ),
    pruned: about(withRows.sources, prunedOf(withRows.sources)),
    expired: about(withRows.tables, expiredOf(withRows.tables)),
    upstreamShape: shapeOfReads(manifest, node),
    bare: bareRelation(node.relation),
    comments: commentsOn(node.relation),
    isElsewhere: wasBuiltElsewhere(node.name, relation(node.relation)),
  };
}

/** A view has consumed nothing: it shows what is there. */
function readsOf(node: BuiltNode): readonly string[] {
  return node.materialized === 'view' ? [] : node.reads;
}

/** @param seen what need not be asked. */
async function stateOf(
  session: Session,
  { manifest, reuse, foreseen }: StateContext,
  node: BuiltNode,
  { bare, least, models: recordedModels, isElsewhere, ...known }: Answers,
  seen?: Seen,
): Promise<StateRead> {
  const models = foreseen?.models(recordedModels) ?? recordedModels;
  const own = recordedModels.get(node.name);
  // What is recorded is about another relation: it says nothing of the rows of this one.
  const recorded = own !== undefined && isElsewhere ? { ...own, checksum: notAsBuilt } : own;
  const versions = new UpstreamVersions(manifest, models);
  const consumed = versions.inTodaysForm(node, known.consumed);
  const rows = reuse !== undefined && canStay(node) ? new RowVersions(manifest, models, reuse) : undefined;
  const security = seen === undefined ? rowSecurityOf(node) : undefined;
  const newest = await newestLoads(session, manifest, node, foreseen);
  const upstreams = new Map<string, Consumed>();
  for (const id of readsOf(node)) {
    const upstream = manifest.nodes.get(id);
    if (upstream === undefined) continue;
    const before = consumed.get(upstream.name)?.loadId ?? null;
    const now = newest.get(id);
    const reached = Math.min(now ?? 0, least.get(upstream.name) ?? Number.POSITIVE_INFINITY);
    // Staging may be pruned, so the newest load id that is left may be smaller than one consumed long ago.
    const loadId = now === undefined ? null : Math.max(reached, before ?? 0);
    upstreams.set(upstream.name, { version: versions.of(node, id), loadId, rows: rows?.of(id) });
  }
  const file = reuse?.seeds.get(node.id);
  if (file !== undefined) upstreams.set(seedFile, { version: 'file', loadId: null, rows: file });
  if (rows !== undefined && node.materialized !== 'incremental' && node.reads.length === 0)
    upstreams.set(nothingRead, { version: 'nothing', loadId: null, rows: '' });
  const { upstreamShape, pruned, expired, comments } = known;
  return {
    upstreamShape: foreseen?.shape(node, upstreamShape) ?? upstreamShape,
    pruned,
    expired,
    comments,
    consumed,
    existing: bare && (await completed(session, bare, seen?.answers)),
    recorded,
    upstreams,
    access: security === undefined ? seen?.access : await readAccess(session, node.relation, security),
  };
}

/**
 * The shape of what a node reads once it has been built, in the transaction of its build.
 * @param before what {@link readState} found. It stands unless hooks have changed what is read, or there is a view of the node: that
 * may read what the node does not name.
 */
export async function shapeOnceBuilt(
  session: Session,
  manifest: Manifest,
  node: BuiltNode,
  { existing, upstreamShape: found }: NodeState,
): Promise<string> {
  const isView = node.materialized === 'view' || node.materialized === 'materialized_view';
  const wasTable = existing === undefined || existing.kind === 'table';
  if (!isView && wasTable && (node.hooks ?? []).length === 0) return found;
  return ask(session, shapeOfReads(manifest, node));
}

function shapeOfReads({ nodes }: Manifest, node: BuiltNode) {
  const reads = node.reads.flatMap((id) => {
    const upstream = nodes.get(id);
    return hasRelation(upstream) ? [upstream.relation] : [];
  });
  return upstreamShape(node.relation, reads, node.materialized === 'materialized_view' ? 'identity' : 'columns');
}

interface Answers extends Pick<StateRead, 'consumed' | 'upstreamShape' | 'pruned' | 'expired' | 'comments'> {
  readonly models: ReadonlyMap<string, ModelState>;
  readonly least: ReadonlyMap<string, number>;
  readonly bare: BareRelation | undefined;
  readonly isElsewhere: boolean;
}

/** The largest load_id of every upstream that the node follows by high-water mark. */
export async function newestLoads(
  session: Session,
  manifest: Manifest,
  node: BuiltNode,
  foreseen?: Foreseen,
): Promise<Map<string, number | null>> {
  const followed = followedByMark(node);
  const newest = new Map<string, number | null>();
  for (const id of followed) {
    const upstream = manifest.nodes.get(id);
    if (!hasRelation(upstream)) continue;
    const read = () => newestLoad(session, upstream.relation);
    const found = await (foreseen?.newest(id, read) ?? read()).catch((error: unknown) => {
      if (!(error instanceof StatementError)) throw error;
      const hint =
        error.code === '42P01'
          ? upstream.kind === 'source'
            ? missingSource(upstream)
            : `Build it first: datacycle build --select +${node.name}`
          : 'high_water follows the column load_id of an upstream.';
      const what = `cannot read load_id of ${upstream.name}: ${error.message}`;
      throw new NodeError({ what, place: placeOfMark(node, id), hint, cause: error });
    });
    newest.set(id, found);
  }
  return newest;
}

/** Where a model names an upstream whose high-water mark it follows. */
function placeOfMark(node: BuiltNode, id: string): Place | undefined {
  const sql = incrementalSqlOf(node);
  const mark = sql?.holes.find(({ hole }) => hole.kind === 'high_water' && hole.id === id);
  return mark && sql?.placeAt(mark.start);
}
