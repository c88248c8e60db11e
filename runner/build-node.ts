import { StatementError } from '../warehouse/errors.ts';
import { identifier, relation } from '../warehouse/quote.ts';
import type { Session, Warehouse } from '../warehouse/warehouse.ts';
import { readAccess } from './access.ts';
import { type Column, readComments, readRelation, readTemporaryColumns } from './catalog.ts';
import { NodeError } from './errors.ts';
import { forgetExpired, readExpired } from './expire.ts';
import { followRename, viewsInTheWay } from './generated-views.ts';
import { placeholders } from './helpers.ts';
import type { Manifest, ModelNode, SeedNode } from './manifest.ts';
import { describeRelation } from './materialize/comments.ts';
import type { Step } from './materialize/step.ts';
import { objectNames } from './materialize/structure.ts';
import type { RowSource } from './materialize/table.ts';
import { formatPlace } from './place.ts';
import { type Decision, decide, type NodeState, type PlanOptions, plan, querySql, structureOf } from './plan.ts';
import { readPruned, sourcesBehind } from './pruned.ts';
import { tablesBehind } from './retention.ts';
import { readSeed, type SeedData } from './seed.ts';
import { SqlText } from './sql-text.ts';
import {
  type Consumed,
  type ModelState,
  type ResultRecord,
  readConsumed,
  readModels,
  writeModel,
  writeResults,
} from './state.ts';
import { explain, statement } from './statement.ts';

export interface BuildContext {
  readonly manifest: Manifest;
  readonly root: string;
  readonly warehouse: Warehouse;
  readonly options: PlanOptions;
  readonly runId: string;
  readonly clock: () => Date;
  /** The text of a project file, to quote a line of it. */
  readonly sourceText: (file: string) => string | undefined;
}

export interface Built {
  readonly decision: Decision;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Rows that are no longer wanted but still referenced by foreign keys. */
  readonly retained: number;
}

/** How often a model is tried again after losing against another session, as PostgreSQL advises for these codes. */
const attempts = 4;

/**
 * Builds one model or seed in one transaction: rows, high-water marks and the run's record commit together or not at all.
 * @throws NodeError, with the template's place for an error that PostgreSQL reports.
 */
export async function buildNode(context: BuildContext, node: ModelNode | SeedNode): Promise<Built> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await context.warehouse.transaction((session) => buildIn(session, context, node), 'repeatable read');
    } catch (error) {
      if (attempt < attempts && isTransient(error)) continue;
      throw explain(error, {
        name: node.name,
        file: node.file,
        sourceText: context.sourceText,
        hint: (fault) => hintFor(fault, node, context.manifest),
      });
    }
  }
}

/** Deadlock, serialisation failure, and two sessions changing one catalog row. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof StatementError)) return false;
  return error.code === '40P01' || error.code === '40001' || /tuple concurrently (updated|deleted)/.test(error.message);
}

async function buildIn(session: Session, context: BuildContext, node: ModelNode | SeedNode): Promise<Built> {
  const startedAt = context.clock().toISOString();
  await followRename(session, node, context.manifest);
  const models = await readModels(session);
  const state = await readState(session, context, node, models);
  const decision = decide(node, state, context.options);
  const totals = { inserted: 0, updated: 0, deleted: 0, retained: 0 };
  let reshaped = false;
  const mayGo = state.existing !== undefined && (decision.mode === 'view' || decision.mode === 'create');
  const before = mayGo ? await readComments(session, node.relation) : undefined;
  if (decision.mode !== 'skip') {
    const seed = node.kind === 'seed' ? readSeed(context.root, node) : undefined;
    const sql = querySql(node, decision, state, context.options, context.manifest);
    const source: RowSource =
      sql === undefined ? { kind: 'copy', columns: seed?.columns ?? [] } : { kind: 'query', sql };
    const yields = seed?.columns ?? (await shapeOf(session, node, decision, state, sql));
    reshaped = yields !== undefined && !sameColumns(yields, state.existing?.columns ?? []);
    const views = await viewsInTheWay(session, context.manifest, node, state.existing, yields);
    const { runStartedAt } = context.options;
    for (const step of plan(node, decision, state, source, yields, { at: runStartedAt, views }))
      await perform(session, step, node, seed, totals);
    await analyzeIfGrown(session, node, state, decision, totals);
  }
  // A description may change although nothing else did.
  const comments = await readComments(session, node.relation);
  if (comments !== undefined)
    for (const step of describeRelation(node, comments, before)) await perform(session, step, node, undefined, totals);
  const changed = reshaped || totals.inserted + totals.updated + totals.deleted > 0;
  if (decision.mode !== 'skip' || state.remembered === undefined || hasMoved(state)) {
    await writeModel(session, {
      model: node.name,
      relation: relation(node.relation.schema, node.relation.name),
      materialized: node.kind === 'seed' ? 'seed' : node.materialized,
      checksum: node.checksum,
      generation: (state.remembered?.generation ?? 0) + (newGeneration(decision, changed) ? 1 : 0),
      objects:
        decision.mode === 'skip'
          ? (state.remembered?.objects ?? [])
          : decision.mode === 'view'
            ? []
            : objectNames(structureOf(node)),
      builtAt: startedAt,
      consumed: state.upstreams,
    });
  }
  if (isWholeAgain(context.manifest, node, decision, state)) await forgetExpired(session, node.name);
  const record: ResultRecord = {
    runId: context.runId,
    node: node.name,
    kind: node.kind,
    status: 'success',
    startedAt,
    finishedAt: context.clock().toISOString(),
    ...totals,
    message: decision.reason,
  };
  await writeResults(session, [record]);
  return { decision, ...totals };
}

/** Whether a model has got back what retention took: it is made anew of sources that have all their rows. */
function isWholeAgain(
  manifest: Manifest,
  node: ModelNode | SeedNode,
  { mode }: Decision,
  { pruned }: NodeState,
): boolean {
  if (mode !== 'create' && mode !== 'replace') return false;
  return pruned.size === 0 && tablesBehind(manifest, node.reads).length === 0;
}

function sameColumns(some: readonly Column[], others: readonly Column[]): boolean {
  const types = new Map(others.map((column) => [column.name, column.type]));
  return types.size === some.length && some.every((column) => types.get(column.name) === column.type);
}

/** Increments are seen by their consumers through load ids; any other change of rows starts a new generation. */
function newGeneration(decision: Decision, changed: boolean): boolean {
  return decision.mode === 'create' || (['replace', 'snapshot'].includes(decision.mode) && changed);
}

function hasMoved(state: NodeState): boolean {
  return [...state.upstreams].some(([name, now]) => {
    const then = state.consumed.get(name);
    return then === undefined || then.version !== now.version || then.loadId !== now.loadId;
  });
}

/**
 * What the database says about a node and its upstreams.
 * @param limit takes loads out of the newest ones that the node is not to consume yet.
 */
export async function readState(
  session: Session,
  context: Pick<BuildContext, 'manifest'>,
  node: ModelNode | SeedNode,
  models: ReadonlyMap<string, ModelState>,
  limit: typeof holdBack = holdBack,
): Promise<NodeState> {
  const consumed = await readConsumed(session, node.name);
  const newest = await newestLoads(session, context.manifest, node);
  await limit(session, context.manifest, node, newest);
  const upstreams = new Map<string, Consumed>();
  for (const id of node.reads) {
    const upstream = context.manifest.nodes.get(id);
    if (upstream === undefined) continue;
    const before = consumed.get(upstream.name)?.loadId ?? null;
    const now = newest.get(id);
    // Staging may be pruned, so the newest load id that is left may be smaller than one consumed long ago.
    const loadId = now === undefined ? null : Math.max(now ?? 0, before ?? 0);
    upstreams.set(upstream.name, { version: versionOf(id, context.manifest, models), loadId });
  }
  return {
    existing: await readRelation(session, node.relation),
    remembered: models.get(node.name),
    consumed,
    upstreams,
    pruned: await readPruned(session, sourcesBehind(context.manifest, node.reads)),
    expired: await readExpired(session, tablesBehind(context.manifest, node.reads)),
    access:
      node.kind === 'model' && node.rowSecurity !== undefined
        ? await readAccess(session, node.relation, node.rowSecurity)
        : undefined,
  };
}

/**
 * A node that follows an upstream and also reads a sibling that follows the same one must not be ahead of the sibling:
 * what it made of a stale sibling would count as consumed and never be looked at again. So its mark goes no further than
 * the marks of all models behind it on the same upstream.
 */
async function holdBack(
  session: Session,
  manifest: Manifest,
  node: ModelNode | SeedNode,
  newest: Map<string, number | null>,
): Promise<void> {
  if (newest.size === 0) return;
  const behind = new Set<string>();
  const visit = (ids: readonly string[]) => {
    for (const id of ids) {
      const upstream = manifest.nodes.get(id);
      if (upstream?.kind !== 'model' || behind.has(upstream.name)) continue;
      behind.add(upstream.name);
      visit(upstream.reads);
    }
  };
  visit(node.reads);
  const followed = [...newest.keys()].map((id) => ({ id, name: manifest.nodes.get(id)?.name ?? '' }));
  const { rows } = await session.query<{ upstream: string; least: number }>(
    `select upstream, min(load_id)::bigint as least from datacycle.high_water
     where model = any($1::text[]) and upstream = any($2::text[]) and load_id is not null
     group by upstream`,
    [[...behind], followed.map(({ name }) => name)],
  );
  for (const { id, name } of followed) {
    const least = rows.find((row) => row.upstream === name)?.least;
    const now = newest.get(id);
    if (least !== undefined && typeof now === 'number' && least < now) newest.set(id, least);
  }
}

/** Identifies what an upstream's rows are apart from increments: its generation; for a view that of all it reads. */
export function versionOf(id: string, manifest: Manifest, models: ReadonlyMap<string, ModelState>): string {
  const node = manifest.nodes.get(id);
  if (node?.kind === 'model' && node.materialized === 'view') {
    return [node.checksum, ...node.reads.map((upstream) => versionOf(upstream, manifest, models))].join('/');
  }
  if (node?.kind === 'model' || node?.kind === 'seed') return String(models.get(node.name)?.generation ?? 0);
  return 'source';
}

/** The largest load_id of every upstream that the node follows by high-water mark. */
export async function newestLoads(
  session: Session,
  manifest: Manifest,
  node: ModelNode | SeedNode,
): Promise<Map<string, number | null>> {
  const followed = node.kind === 'model' ? node.highWater : [];
  const newest = new Map<string, number | null>();
  for (const id of followed) {
    const upstream = manifest.nodes.get(id);
    if (upstream === undefined || upstream.kind === 'test') continue;
    const { rows } = await session
      .query<{ newest: number | null }>(
        `select max(load_id)::bigint as newest from ${relation(upstream.relation.schema, upstream.relation.name)}`,
      )
      .catch((error: unknown) => {
        if (!(error instanceof StatementError)) throw error;
        const hint =
          error.code === '42P01'
            ? upstream.kind === 'source'
              ? 'Run `datacycle load` first: it creates the staging tables.'
              : `Build it first: datacycle build --select +${node.name}`
            : 'high_water follows the column load_id of an upstream.';
        throw new NodeError({
          what: `cannot read load_id of ${upstream.name}: ${error.message}`,
          where: followedAt(node, id),
          hint,
          cause: error,
        });
      });
    newest.set(id, rows[0]?.newest ?? null);
  }
  return newest;
}

/** Where the template says {{high_water}} of an upstream. */
function followedAt(node: ModelNode | SeedNode, upstream: string): string {
  const sql = node.kind === 'model' ? node.incrementalSql : undefined;
  const mark = [...(sql?.text.matchAll(placeholders()) ?? [])].find((match) => match[1] === upstream);
  const place = mark === undefined ? undefined : sql?.placeAt(mark.index);
  return place === undefined ? node.file : formatPlace(place);
}

/**
 * The columns a query will yield, surrogate key first. An increment of unchanged SQL yields what the table has; a
 * rebuild looks, since `select *` yields something else once an upstream has another column.
 */
export async function shapeOf(
  session: Session,
  node: ModelNode | SeedNode,
  decision: Decision,
  state: NodeState,
  sql: SqlText | undefined,
): Promise<readonly Column[] | undefined> {
  if (sql === undefined) return undefined;
  const mayDiffer = state.remembered?.checksum !== node.checksum || node.config.on_schema_change !== undefined;
  if (decision.mode === 'increment' && !mayDiffer) return undefined;
  await statement(
    session,
    SqlText.join('create temporary table "datacycle_shape" on commit drop as\n', sql, '\nwith no data'),
  );
  const columns = await readTemporaryColumns(session, 'datacycle_shape');
  await session.query('drop table pg_temp."datacycle_shape"');
  const key = node.config.surrogate_key;
  return key === undefined ? columns : [{ name: key, type: 'integer' }, ...columns];
}

export async function perform(
  session: Session,
  step: Step,
  node: ModelNode | SeedNode,
  seed: SeedData | undefined,
  totals: { inserted: number; updated: number; deleted: number; retained: number },
): Promise<void> {
  switch (step.kind) {
    case 'run': {
      const { rowCount } = await statement(session, step.sql);
      if (step.counts !== undefined) totals[step.counts] += rowCount;
      return;
    }
    case 'upsert': {
      const [row] = (await statement(session, step.sql)).rows;
      totals.inserted += Number(row?.inserted ?? 0);
      totals.updated += Number(row?.updated ?? 0);
      return;
    }
    case 'guard': {
      const { rows } = await statement(session, step.sql);
      if (rows.length > 0) throw new NodeError(step.complaint(rows));
      return;
    }
    case 'retained': {
      const [row] = (await statement(session, step.sql)).rows;
      totals.retained += Number(row?.retained ?? 0);
      return;
    }
    case 'copy':
      if (seed === undefined) throw new Error('only a seed is copied');
      await session.copyIn(step.sql.text, once(seed.csv)).catch((error: unknown) => {
        throw placedInSeed(error, node, seed);
      });
      return;
    default:
      step satisfies never;
  }
}

/** PostgreSQL's "COPY datacycle_new, line 2, column floor: ..." as a place in the seed's file. */
function placedInSeed(error: unknown, node: ModelNode | SeedNode, seed: SeedData): unknown {
  if (!(error instanceof StatementError)) return error;
  const [, copied, rest] = /line (\d+)(?:, (column [\s\S]*))?/.exec(error.context ?? '') ?? [];
  const line = copied === undefined ? undefined : seed.lines[Number(copied) - 1];
  if (line === undefined) return error;
  return new NodeError({
    what: `${node.name}: ${error.message}`,
    where: formatPlace({ file: node.file, line, column: 1 }),
    detail: rest ?? error.detail,
    hint: error.hint ?? 'Correct the value, or declare another type for the column in column_types or its data_type.',
    cause: error,
  });
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

/** The planner knows a fresh table; a table that grew by a tenth is worth another look. */
async function analyzeIfGrown(
  session: Session,
  node: ModelNode | SeedNode,
  state: NodeState,
  decision: Decision,
  totals: { inserted: number; updated: number; deleted: number },
): Promise<void> {
  if (decision.mode === 'view' || decision.mode === 'create') return;
  const changed = totals.inserted + totals.updated + totals.deleted;
  const before = Math.max(state.existing?.estimatedRows ?? 0, 0);
  if (changed > 50 + before / 10) await session.query(`analyze ${relation(node.relation.schema, node.relation.name)}`);
}

/** What a node reads and PostgreSQL says is not there, e.g. `relation "seeds.tariff" does not exist`. */
function missingOf(error: StatementError, node: ModelNode | SeedNode, manifest: Manifest) {
  const [, schema, name] = /["»„«“']([^"\s.]+)\.([^"\s]+?)["«“»”']/.exec(error.message) ?? [];
  return node.reads
    .map((id) => manifest.nodes.get(id))
    .find(
      (one) => one !== undefined && one.kind !== 'test' && one.relation.schema === schema && one.relation.name === name,
    );
}

function hintFor(error: StatementError, node: ModelNode | SeedNode, manifest: Manifest): string | undefined {
  switch (error.code) {
    case '23505':
      return `Two rows have the same key. Group by it, or add the column that tells the rows apart to unique_key.`;
    case '23503':
      return `A row points at one that is not there. Build what it points at first: datacycle build --select +${node.name}`;
    case '2BP01':
      return `Something else depends on ${identifier(node.relation.name)}; nothing is dropped with cascade. Drop or change the dependent object first.`;
    case '42P01': {
      const missing = missingOf(error, node, manifest);
      if (missing?.kind === 'seed') return 'Run `datacycle seed` first: it creates the tables of seeds/.';
      return (missing === undefined ? node.reads : [missing.id]).some((id) => id.startsWith('source.'))
        ? 'Run `datacycle load` first: it creates the tables of the sources.'
        : `Build what it reads first: datacycle build --select +${node.name}`;
    }
    case '3F000':
      return 'Sources are created by `datacycle load`.';
    default:
      return undefined;
  }
}
