import { StatementError } from '../../warehouse/errors.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import { readAccess } from '../build/transaction/access.ts';
import { newestLoads, nothingKnown } from '../build/transaction/node-state.ts';
import { readRows } from '../build/transaction/rows.ts';
import { runSteps } from '../build/transaction/run-steps.ts';
import { shapeOf } from '../build/transaction/shape.ts';
import { inlineEphemerals } from '../compile/draft/ephemeral.ts';
import { ephemeralsOf } from '../compile/model.ts';
import { auditsOf, badRowsSql } from '../data-test/audit.ts';
import { nothingGiven } from '../database/attachments.ts';
import { type Column, readRelation } from '../database/catalog.ts';
import { explain, statement } from '../database/statement.ts';
import {
  type BuiltNode,
  type Constraint,
  isMicrobatch,
  type Manifest,
  type ModelNode,
  rowSecurityOf,
} from '../manifest/manifest.ts';
import type { Decision, NodeState } from '../plan/decision.ts';
import { plan, querySql, type Rows } from '../plan/plan.ts';
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
export function tryFull(warehouse: Warehouse, trial: Trial, node: BuiltNode): Promise<NodeError | undefined> {
  if (node.materialized === 'ephemeral') return tryEphemeral(warehouse, trial, node);
  const mode = node.materialized === 'view' ? 'view' : 'create';
  return attempt(warehouse, trial, node, '', (session) => build(session, trial, node, mode));
}

/** The columns of a model whose query can be run, though it breaks its contract or a constraint; else undefined. */
export async function columnsOf(
  warehouse: Warehouse,
  trial: Trial,
  node: BuiltNode,
): Promise<readonly Column[] | undefined> {
  if (node.kind === 'seed') return undefined;
  const options = { fullRefresh: false, runStartedAt: trial.startedAt.toISOString() };
  const sql = querySql(node, 'full', nothingKnown, options, trial.manifest);
  try {
    return await warehouse.transaction((session) => shapeOf(session, node, { mode: 'create' }, nothingKnown, sql));
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
    return attempt(warehouse, trial, node, ' (second run)', (session) => build(session, trial, node, 'snapshot'));
  if (node.materialized === 'materialized_view')
    return attempt(warehouse, trial, node, ' (refresh)', (session) => build(session, trial, node, 'refresh'));
  if (isMicrobatch(node))
    return attempt(warehouse, trial, node, ' (a batch)', (session) =>
      tryBatch(session, trial.manifest, trial.root, trial.startedAt, node),
    );
  if (node.materialized !== 'incremental') return undefined;
  return attempt(warehouse, trial, node, ' (incremental)', async (session) => {
    await newestLoads(session, trial.manifest, node);
    await build(session, trial, node, 'increment');
  });
}

/** Nothing is built of an ephemeral model, and what it is part of may use some of its columns only. */
function tryEphemeral(warehouse: Warehouse, trial: Trial, node: ModelNode): Promise<NodeError | undefined> {
  const inside = inlineEphemerals(node.fullSql, ephemeralsOf(node.dependsOn, trial.manifest.nodes));
  return attempt(warehouse, trial, node, '', async (session) => {
    await shapeOf(session, node, { mode: 'view' }, nothingKnown, inside);
  });
}

/** Builds a node by the plan that a build would carry out, on tables that have no rows. */
async function build(
  session: Session,
  trial: Trial,
  node: BuiltNode,
  mode: Exclude<Decision['mode'], 'skip' | 'replace'>,
): Promise<void> {
  const makes = mode === 'create' || mode === 'view';
  const existing = makes ? undefined : await readRelation(session, node.relation);
  const security = rowSecurityOf(node);
  const access = security === undefined ? undefined : await readAccess(session, node.relation, security);
  const state: NodeState = { ...nothingKnown, existing, access };
  const options = { fullRefresh: false, runStartedAt: trial.startedAt.toISOString() };
  // A microbatch model's table begins as that of its whole history does.
  const whole = isMicrobatch(node) ? ({ ...node, materialized: 'table' } as const) : node;
  const rows = await readRows(session, { manifest: trial.manifest, root: trial.root, options }, whole, { mode }, state);
  // An empty table in a model's place has neither its columns' true types nor its keys.
  if (!makes && trial.standIns.has(node.id)) return;
  if (mode === 'increment') compareForms(node, existing?.columns ?? [], rows.yields ?? []);
  const constraints = node.constraints.filter((one) => one.type !== 'foreign_key' || !trial.standIns.has(one.toId));
  const decision: Decision | undefined = makes
    ? { mode, reason: 'check' }
    : existing && { mode, reason: 'check', existing };
  if (decision === undefined) return;
  const input = { at: options.runStartedAt, views: [], given: nothingGiven };
  const steps = plan(withConstraints(rows, constraints), decision, state, input);
  await runSteps(session, steps, { node, root: trial.root });
  if (mode === 'increment') await tryAudits(session, trial, node);
}

function withConstraints(rows: Rows, constraints: readonly Constraint[]): Rows {
  return rows.kind === 'seed'
    ? { ...rows, node: { ...rows.node, constraints } }
    : { ...rows, node: { ...rows.node, constraints } };
}

/** Runs the audits that look at new rows only; in their other form they are tests like any. */
async function tryAudits(session: Session, trial: Trial, node: BuiltNode): Promise<void> {
  for (const test of auditsOf(trial.manifest, node)) {
    if (test.audit?.newRows === undefined || test.dependsOn.some((id) => trial.absent.has(id))) continue;
    await statement(session, badRowsSql(test, node, 'increment')).catch((error: unknown) => {
      throw explain(error, { name: `audit ${test.name}`, file: test.file, sourceText: trial.sourceText });
    });
  }
}

/** An increment is put into the table that the full form made: both must yield the same columns. */
function compareForms(node: BuiltNode, full: readonly Column[], incremental: readonly Column[]): void {
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
  node: BuiltNode,
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

function hintFor(error: StatementError, node: BuiltNode): string | undefined {
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
