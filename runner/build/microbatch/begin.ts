import { identifier, relation } from '../../../warehouse/quote.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { withDeclaredTypes } from '../../database/declared-types.ts';
import { newestLoad } from '../../database/newest-load.ts';
import { normalType } from '../../manifest/column-type.ts';
import { hasRelation, type Manifest, type MicrobatchNode } from '../../manifest/manifest.ts';
import { filtersOf } from '../../manifest/placeholders.ts';
import { changeSchema } from '../../materialize/parts/schema-change.ts';
import { chooseBatches } from '../../plan/batch-choice.ts';
import { checkYields } from '../../plan/batch-columns.ts';
import { forBatch } from '../../plan/batch-sql.ts';
import { type BatchDecision, decideBatches, refuseBatches, withRowsLeft } from '../../plan/decide-batches.ts';
import type { NodeState } from '../../plan/decision.ts';
import { checkPartitionColumn } from '../../plan/partition-column.ts';
import { querySql } from '../../plan/plan.ts';
import { nameOfBatch } from '../../plan/plan-batch.ts';
import { settingPlace } from '../../project/setting-places.ts';
import { type KnownBatch, readBatches } from '../../state/batch-windows.ts';
import { markPending } from '../../state/batches.ts';
import { writeConsumed } from '../../state/models.ts';
import { NodeError } from '../../text/errors.ts';
import type { SqlText } from '../../text/sql-text.ts';
import type { BuildContext } from '../transaction/build-context.ts';
import { decideAfterHooks } from '../transaction/decide-after-hooks.ts';
import { shapeOf } from '../transaction/shape.ts';
import { keepDone } from './adopt-batches.ts';
import type { Job } from './job.ts';
import { moveRows } from './move-table.ts';

/**
 * Decides which batches are built and records them as pending, so that the next run builds those that this one does not reach.
 * @throws NodeError if the model cannot be built at all; nothing is touched then.
 */
export async function beginBatches(session: Session, context: BuildContext, given: MicrobatchNode): Promise<Job> {
  const settings = given.batch;
  const { manifest, options, range } = context;
  const { runStartedAt } = options;
  const before = { manifest, hooks: { ...context, runStartedAt } };
  const decided = await decideAfterHooks(session, before, given, (one) =>
    decideBatches(given, one, options.fullRefresh),
  );
  const node = await withDeclaredTypes(session, given);
  let state: NodeState = decided.state;
  let { decision } = decided;
  refuseBatches(node, decision, state, range !== undefined);
  const sql = querySql(node, 'full', state, options, manifest);
  const typeOf = await readTypes(session, manifest, sql);
  const renew = decision.mode !== 'increment';
  const { known, keepsOlder, sample } = await batchesOf(session, context, node, state, renew);
  const { batches, missing } = chooseBatches(known, { lookback: settings.lookback, renew, asked: range !== undefined });

  if (batches.length === 0 && state.existing === undefined)
    throw new NodeError({
      what: `${node.name}: there is no table yet, and no batch in the time asked for to begin it with`,
      place: settingPlace(node.settings, 'begin'),
      hint: `Its batches lie between ${nameOfBatch(sample, settings)} and now: choose another --event-time-start, or leave it out.`,
    });
  const ofSample = forBatch(sql, sample, typeOf);
  const yields = (await shapeOf(session, node, { mode: 'create' }, state, ofSample)) ?? [];
  const eventType = checkYields(node, yields, sample);
  checkPartitionColumn(node, state.existing, yields);
  await refuseToMisplace(session, node, decision, state);
  state = await moveRows(session, context, node, decision, state, yields, ofSample);
  // The rows that a view showed are in a table now.
  if (state.existing !== undefined && decision.mode === 'create')
    decision = { mode: 'replace', reason: decision.reason };
  const change =
    state.existing?.kind === 'table' && !renew
      ? changeSchema(node, node.config.on_schema_change, state.existing, yields)
      : { steps: [], columns: yields };
  const mark = state.existing?.kind === 'table' ? await newestLoadOf(session, node, state) : undefined;

  await markPending(session, node.name, renew ? undefined : batches);
  // Downstream batches that these affect have been marked as pending.
  if (state.recorded !== undefined) await writeConsumed(session, node.name, state.upstreams);
  const columns = { yields, eventType, columns: change.columns, schemaSteps: change.steps };
  return {
    node,
    access: state.access,
    state,
    decision,
    known,
    batches,
    missing,
    keepsOlder,
    sql,
    typeOf,
    ...columns,
    mark,
  };
}

/** The batches that the model can be built of, and one of them. @throws NodeError if there is none. */
async function batchesOf(
  session: Session,
  { manifest, options, range }: BuildContext,
  node: MicrobatchNode,
  state: NodeState,
  renew: boolean,
): Promise<Pick<Job, 'known' | 'keepsOlder'> & { readonly sample: KnownBatch }> {
  const settings = node.batch;
  const follows = settings.follows.flatMap((id) => manifest.nodes.get(id)?.name ?? []);
  const read = () => readBatches(session, node.name, settings, options.runStartedAt, follows, range);
  let all = await read();
  if (!renew && (await keepDone(session, node, all))) all = await read();
  const known = withRowsLeft(node, all, state.expired);
  if (all.length === 0)
    throw new NodeError({
      what: `${node.name} has no batch yet: its begin, ${settings.begin}, lies in the future`,
      place: settingPlace(node.settings, 'begin'),
      hint: 'Set begin to the time of the oldest rows.',
    });
  const [sample] = known;
  if (sample === undefined)
    throw new NodeError({
      what: `${node.name}: a batch of a ${settings.size} begins before the oldest rows that retention has left of ${[...state.expired.keys()].join(', ')}`,
      place: settingPlace(node.settings, 'batch_size'),
      hint: 'Nothing was touched. Keep those rows longer, or make batch_size smaller.',
    });
  return { known, keepsOlder: known.length < all.length, sample };
}

/** The types of the columns by which upstreams are filtered. What is not there PostgreSQL complains about, at its place. */
export async function readTypes(
  session: Session,
  manifest: Manifest,
  sql: SqlText,
): Promise<(id: string, column: string) => string> {
  const types = new Map<string, string>();
  for (const { id, column } of filtersOf(sql)) {
    const node = manifest.nodes.get(id);
    if (!hasRelation(node)) continue;
    const { rows } = await session.query<{ type: string }>(
      `select format_type(a.atttypid, null) as type
       from pg_attribute as a
       where a.attrelid = to_regclass($1) and a.attname = $2 and a.attnum > 0 and not a.attisdropped`,
      [relation(node.relation), column],
    );
    const declared = node.columns.find(({ name }) => name === column)?.dataType;
    types.set(`${id} ${column}`, rows[0]?.type ?? (declared && normalType(declared)) ?? 'timestamp with time zone');
  }
  return (id, column) => types.get(`${id} ${column}`) ?? 'timestamp with time zone';
}

/**
 * Existing rows are replaced batch by batch, so the table must have the model's event_time.
 * @throws NodeError
 */
async function refuseToMisplace(
  session: Session,
  { name, relation: at, settings: places, batch: { eventTime } }: MicrobatchNode,
  { mode }: BatchDecision,
  { existing }: NodeState,
): Promise<void> {
  if (existing === undefined || mode === 'increment' || !existing.populated) return;
  if (existing.columns.some((column) => column.name === eventTime)) return;
  const table = relation(at);
  if ((await session.query(`select from ${table} limit 1`)).rows.length === 0) return;
  const isTable = existing.kind === 'table';
  throw new NodeError({
    what: `${name}: the ${existing.kind} ${at.schema}.${at.name} has no column "${eventTime}" (named in event_time), which would say to which batch its rows belong`,
    place: settingPlace(places, 'event_time'),
    hint: `Nothing was touched. ${isTable ? `If only the name is new: alter table ${table} rename column ... to ${identifier(eventTime)}; or build the model once with the new column and the old event_time.` : 'Build it once with that column.'} To do without its rows until the batches are built: drop ${existing.kind} ${table};`,
  });
}

async function newestLoadOf(session: Session, node: MicrobatchNode, state: NodeState): Promise<number | undefined> {
  const type = state.existing?.columns.find(({ name }) => name === 'load_id')?.type;
  if (type !== 'bigint' && type !== 'integer') return undefined;
  return (await newestLoad(session, node.relation)) ?? 0;
}
