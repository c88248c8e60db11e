import { StatementError } from '../../warehouse/errors.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import { readAccess } from '../build/transaction/access.ts';
import { newestLoads, nothingKnown } from '../build/transaction/node-state.ts';
import { perform, shapeOf } from '../build/transaction/run-step.ts';
import { readSeed } from '../build/transaction/seed.ts';
import { inlineEphemerals } from '../compile/draft/ephemeral.ts';
import { ephemeralsOf } from '../compile/model.ts';
import { auditsOf, badRowsSql } from '../data-test/audit.ts';
import { nothingGiven } from '../database/attachments.ts';
import { type Column, readRelation } from '../database/catalog.ts';
import { explain, statement } from '../database/statement.ts';
import type { Manifest, ModelNode, SeedNode } from '../manifest/manifest.ts';
import type { RowSource } from '../materialize/parts/target.ts';
import type { Decision, NodeState } from '../plan/decision.ts';
import { plan, querySql } from '../plan/plan.ts';
import { NodeError } from '../text/errors.ts';
import { tryBatch } from './batch-trial.ts';

export interface Trial {
  readonly manifest: Manifest;
  readonly root: string;
  readonly sourceText: (file: string) => string | undefined;
  /** Ids of models whose place an empty table takes, without its keys. */
  readonly standIns: Set<string>;
  /** Ids of what is not there at all. */
  readonly absent: ReadonlyMap<string, string>;
  readonly startedAt: Date;
}

/** Builds a node as the first run would. @returns why it cannot be built. */
export function tryFull(
  warehouse: Warehouse,
  trial: Trial,
  node: ModelNode | SeedNode,
): Promise<NodeError | undefined> {
  if (node.kind === 'model' && node.materialized === 'ephemeral') return tryEphemeral(warehouse, trial, node);
  const mode = node.kind === 'model' && node.materialized === 'view' ? 'view' : 'create';
  return attempt(warehouse, trial, node, '', (session) =>
    build(session, trial, node, { mode, reason: 'check' }).then(() => undefined),
  );
}

/** The columns of a model whose query can be run, though it breaks its contract or a constraint; else undefined. */
export async function columnsOf(
  warehouse: Warehouse,
  trial: Trial,
  node: ModelNode | SeedNode,
): Promise<readonly Column[] | undefined> {
  const decision: Decision = { mode: 'create', reason: 'check' };
  const options = { fullRefresh: false, runStartedAt: trial.startedAt.toISOString() };
  const sql = querySql(node, decision, nothingKnown, options, trial.manifest);
  try {
    return await warehouse.transaction((session) => shapeOf(session, node, decision, nothingKnown, sql));
  } catch (error) {
    if (error instanceof StatementError) return undefined;
    throw error;
  }
}

/** Runs the SQL of an incremental model's increment, whether or not there is anything new. */
export async function tryIncremental(
  warehouse: Warehouse,
  trial: Trial,
  node: ModelNode,
): Promise<NodeError | undefined> {
  if (node.materialized === 'snapshot')
    return attempt(warehouse, trial, node, ' (second run)', (session) =>
      build(session, trial, node, { mode: 'snapshot', reason: 'check' }),
    );
  if (node.materialized === 'materialized_view')
    return attempt(warehouse, trial, node, ' (refresh)', (session) =>
      build(session, trial, node, { mode: 'refresh', reason: 'check' }),
    );
  const { batch } = node;
  if (batch !== undefined)
    return attempt(warehouse, trial, node, ' (a batch)', (session) =>
      tryBatch(session, trial.manifest, trial.root, trial.startedAt, node, batch),
    );
  if (node.incrementalSql === undefined) return undefined;
  return attempt(warehouse, trial, node, ' (incremental)', async (session) => {
    await newestLoads(session, trial.manifest, node);
    await build(session, trial, node, { mode: 'increment', reason: 'check' });
  });
}

/** Nothing is built of an ephemeral model, and what it is part of may use some of its columns only. */
function tryEphemeral(warehouse: Warehouse, trial: Trial, node: ModelNode): Promise<NodeError | undefined> {
  const inside = inlineEphemerals(node.fullSql, ephemeralsOf(node.dependsOn, trial.manifest.nodes));
  const decision: Decision = { mode: 'view', reason: 'check' };
  return attempt(warehouse, trial, node, '', async (session) => {
    await shapeOf(session, node, decision, nothingKnown, inside);
  });
}

async function build(session: Session, trial: Trial, node: ModelNode | SeedNode, decision: Decision): Promise<void> {
  const increment = decision.mode === 'increment';
  const standing = increment || decision.mode === 'snapshot' || decision.mode === 'refresh';
  const existing = standing ? await readRelation(session, node.relation) : undefined;
  const security = node.kind === 'model' ? node.rowSecurity : undefined;
  const access = security === undefined ? undefined : await readAccess(session, node.relation, security);
  const state: NodeState = { ...nothingKnown, existing, access };
  const seed = node.kind === 'seed' ? readSeed(trial.root, node) : undefined;
  const options = { fullRefresh: false, runStartedAt: trial.startedAt.toISOString() };
  const sql = querySql(node, decision, state, options, trial.manifest);
  const source: RowSource = sql === undefined ? { kind: 'copy', columns: seed?.columns ?? [] } : { kind: 'query', sql };
  const yields = seed?.columns ?? (await shapeOf(session, node, decision, state, sql));
  // An empty table in a model's place has neither its columns' true types nor its keys.
  if (standing && trial.standIns.has(node.id)) return;
  if (increment) compareForms(node, existing?.columns ?? [], yields ?? []);
  const constraints = node.constraints.filter((one) => one.type !== 'foreign_key' || !trial.standIns.has(one.toId));
  const totals = { inserted: 0, updated: 0, deleted: 0, retained: 0 };
  for (const step of plan({ ...node, constraints }, decision, state, source, yields, {
    at: options.runStartedAt,
    views: [],
    given: nothingGiven,
  }))
    await perform(session, step, node, seed, totals, trial.root);
  if (increment) await tryAudits(session, trial, node);
}

/** Runs the audits that look at new rows only; in their other form they are tests like any. */
async function tryAudits(session: Session, trial: Trial, node: ModelNode | SeedNode): Promise<void> {
  for (const test of auditsOf(trial.manifest, node)) {
    if (test.audit?.newRows === undefined || test.dependsOn.some((id) => trial.absent.has(id))) continue;
    await statement(session, badRowsSql(test, node, 'increment')).catch((error: unknown) => {
      throw explain(error, { name: `audit ${test.name}`, file: test.file, sourceText: trial.sourceText });
    });
  }
}

/** An increment is put into the table that the full form made: both must yield the same columns. */
function compareForms(node: ModelNode | SeedNode, full: readonly Column[], incremental: readonly Column[]): void {
  const types = new Map(full.map((column) => [column.name, column.type]));
  const faults: string[] = [];
  for (const { name, type } of incremental) {
    const other = types.get(name);
    if (other === undefined) faults.push(`  ${name}: only in the incremental form`);
    else if (other !== type) faults.push(`  ${name}: ${other} in the full form, ${type} in the incremental form`);
    types.delete(name);
  }
  for (const name of types.keys()) faults.push(`  ${name}: only in the full form`);
  if (faults.length === 0) return;
  throw new NodeError({
    what: `the two forms of ${node.name} yield different columns:\n${faults.join('\n')}`,
    where: node.file,
    hint: 'Let only conditions depend on {{#incremental}}, or cast both to one type.',
  });
}

/** Tries one form in a transaction of its own, which leaves nothing behind if it fails. */
async function attempt(
  warehouse: Warehouse,
  trial: Trial,
  node: ModelNode | SeedNode,
  form: string,
  work: (session: Session) => Promise<void>,
): Promise<NodeError | undefined> {
  try {
    await warehouse.transaction(work);
    return undefined;
  } catch (error) {
    const { sourceText } = trial;
    const fault = explain(error, {
      name: node.name + form,
      file: node.file,
      sourceText,
      hint: (of) => hintFor(of, node),
    });
    if (!(fault instanceof NodeError)) throw fault;
    return fault.where === undefined ? located(fault, node.file) : fault;
  }
}

function located({ message: what, detail, hint, cause }: NodeError, where: string): NodeError {
  return new NodeError({ what, where, detail, hint, cause });
}

function hintFor(error: StatementError, node: ModelNode | SeedNode): string | undefined {
  switch (error.code) {
    case '42P01':
    case '3F000':
      return 'A check knows what {{ref}} and {{source}} name, and nothing else.';
    case '42703':
      return node.reads.some((id) => id.startsWith('source.'))
        ? 'A source has the columns that its .yml file declares.'
        : undefined;
    default:
      return undefined;
  }
}
