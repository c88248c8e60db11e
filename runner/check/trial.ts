import { StatementError } from '../../warehouse/errors.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import { readAccess } from '../build/transaction/access.ts';
import { newestLoads, nothingKnown } from '../build/transaction/node-state.ts';
import { readRows } from '../build/transaction/rows.ts';
import { runSteps } from '../build/transaction/run-steps.ts';
import { shapeOf } from '../build/transaction/shape.ts';
import { ephemeralsOf, inlineEphemerals } from '../compile/draft/ephemeral.ts';
import { auditsOf, badRowsSql } from '../data-test/audit.ts';
import { nothingPreserved } from '../database/attachments.ts';
import { type Column, readRelation } from '../database/catalog.ts';
import { withDeclaredTypes } from '../database/declared-types.ts';
import { explain, statement } from '../database/statement.ts';
import {
  type BuiltNode,
  type Constraint,
  followedByMark,
  isMicrobatch,
  type Manifest,
  type ModelNode,
  rowSecurityOf,
} from '../manifest/manifest.ts';
import { createdFor } from '../materialize/parts/structure.ts';
import { decide } from '../plan/decide.ts';
import type { NodeState } from '../plan/decision.ts';
import { plan, querySql, type Rows } from '../plan/plan.ts';
import { structureOf } from '../plan/table-target.ts';
import { NodeError, type SourceTexts } from '../text/errors.ts';
import { batchSteps } from './batch-trial.ts';

export interface Trial {
  readonly manifest: Manifest;
  readonly root: string;
  readonly sourceText: SourceTexts;
  /** Ids of models whose place an empty table takes, without its keys. */
  readonly standIns: Set<string>;
  /** Ids of what is not there at all. */
  readonly absent: ReadonlyMap<string, string>;
  readonly startedAt: Date;
}

/** Builds a node as the first run would. @returns why it cannot be built. */
export function tryFull(warehouse: Warehouse, trial: Trial, node: BuiltNode): Promise<NodeError | undefined> {
  if (node.materialized === 'ephemeral') return tryEphemeral(warehouse, trial, node);
  return attempt(warehouse, trial, node, '', (session) => build(session, trial, node, nothingKnown));
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

/** Builds a model once more, as a run would that finds something new. @returns why it cannot be built. */
export async function tryAgain(warehouse: Warehouse, trial: Trial, node: ModelNode): Promise<NodeError | undefined> {
  const form = formOfSecondRun(node);
  if (form === undefined) return undefined;
  return attempt(warehouse, trial, node, ` (${form})`, async (session) => {
    await newestLoads(session, trial.manifest, node);
    await build(session, trial, node, await stateOfSecondRun(session, trial, node));
  });
}

/** What a second run is called in messages; undefined if it does what the first one did. */
function formOfSecondRun(node: ModelNode): string | undefined {
  switch (node.materialized) {
    case 'snapshot':
      return 'second run';
    case 'materialized_view':
      return 'refresh';
    case 'incremental':
      return node.strategy === 'microbatch' ? 'a batch' : 'incremental';
    case 'view':
    case 'table':
    case 'ephemeral':
      return undefined;
    default:
      return node satisfies never;
  }
}

/** What a second run finds: what the first one made, and one more load of everything that the model follows. */
async function stateOfSecondRun(session: Session, trial: Trial, node: ModelNode): Promise<NodeState> {
  const names = followedByMark(node).flatMap((id) => trial.manifest.nodes.get(id)?.name ?? []);
  const marks = (loadId: number) => new Map(names.map((name) => [name, { version: '', loadId }]));
  return {
    ...nothingKnown,
    existing: await readRelation(session, node.relation),
    recorded: {
      relation: relation(node.relation),
      materialized: node.materialized,
      checksum: node.checksum,
      upstreamShape: '',
      generation: 1,
      rowsVersion: 1,
      removals: 0,
      created: createdFor(structureOf(node)),
    },
    consumed: marks(0),
    upstreams: marks(1),
  };
}

/** Nothing is built of an ephemeral model, and what it is part of may use some of its columns only. */
function tryEphemeral(warehouse: Warehouse, trial: Trial, node: ModelNode): Promise<NodeError | undefined> {
  const inside = inlineEphemerals(node.fullSql, ephemeralsOf(node.dependsOn, trial.manifest.nodes));
  return attempt(warehouse, trial, node, '', async (session) => {
    await shapeOf(session, node, { mode: 'view' }, nothingKnown, inside);
  });
}

/** Builds a node as a run would that finds this state: it is decided, planned and run by the same functions. */
async function build(session: Session, trial: Trial, given: BuiltNode, known: NodeState): Promise<void> {
  const node = await withDeclaredTypes(session, given);
  const security = rowSecurityOf(node);
  const access = security === undefined ? undefined : await readAccess(session, node.relation, security);
  const state: NodeState = { ...known, access };
  const { existing } = state;
  const again = state.recorded !== undefined;
  // An empty table in a model's place has neither its columns' true types nor its keys.
  const standIn = again && trial.standIns.has(node.id);
  const constraints = node.constraints.filter((one) => one.type !== 'foreign_key' || !trial.standIns.has(one.toId));
  if (isMicrobatch(node)) {
    const steps = await batchSteps(session, trial.manifest, trial.startedAt, { ...node, constraints }, state);
    if (!standIn) await runSteps(session, steps, node);
    return;
  }
  const options = { fullRefresh: false, runStartedAt: trial.startedAt.toISOString() };
  const decision = decide(node, state, options);
  const read = await readRows(session, { manifest: trial.manifest, root: trial.root, options }, node, decision, state);
  // An increment of unchanged SQL is trusted to yield what the table has; a check is there to see whether it does.
  const rows =
    read.kind === 'model' && decision.mode === 'increment'
      ? { ...read, yields: await shapeOf(session, node, { mode: 'create' }, state, read.sql) }
      : read;
  if (standIn) return;
  if (decision.mode === 'increment') compareForms(node, existing?.columns ?? [], rows.yields ?? []);
  const input = { at: options.runStartedAt, views: [], preserved: nothingPreserved };
  await runSteps(session, plan(withConstraints(rows, constraints), decision, state, input), node);
  if (decision.mode === 'increment') await tryAudits(session, trial, node);
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

/** Builds one form in a transaction of its own, which is rolled back if it fails. */
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
