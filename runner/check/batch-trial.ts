import type { Session } from '../../warehouse/warehouse.ts';
import { readTypes } from '../build/microbatch/begin.ts';
import { nothingKnown } from '../build/transaction/node-state.ts';
import { shapeOf } from '../build/transaction/shape.ts';
import type { ExistingRelation } from '../database/catalog.ts';
import type { Manifest, MicrobatchNode } from '../manifest/manifest.ts';
import type { Access } from '../materialize/parts/row-security.ts';
import type { Step } from '../materialize/parts/step.ts';
import { createTable } from '../materialize/table.ts';
import { checkYields } from '../plan/batch-columns.ts';
import { forBatch } from '../plan/batch-sql.ts';
import { checkContract, checkNamed } from '../plan/contract.ts';
import { checkPartitionColumn } from '../plan/partition-column.ts';
import { querySql } from '../plan/plan.ts';
import { planBatch } from '../plan/plan-batch.ts';
import { tableTarget } from '../plan/table-target.ts';
import { readBatches } from '../state/batch-windows.ts';
import type { SqlText } from '../text/sql-text.ts';

/**
 * The steps that build one batch of a model: its table, or into the table that exists.
 * @returns those of a table of all rows where the model has no batch yet: its begin lies in the future.
 * @throws what a build of it would.
 */
export async function batchSteps(
  session: Session,
  manifest: Manifest,
  startedAt: Date,
  node: MicrobatchNode,
  { existing, access }: { readonly existing: ExistingRelation | undefined; readonly access: Access | undefined },
): Promise<readonly Step[]> {
  const runStartedAt = startedAt.toISOString();
  const sql = querySql(node, 'full', nothingKnown, { fullRefresh: false, runStartedAt }, manifest);
  const [window] = await readBatches(session, node.name, node.batch, runStartedAt);
  if (window === undefined) return existing === undefined ? wholeTable(session, node, access, sql) : [];
  const typeOf = await readTypes(session, manifest, sql);
  const yields = (await shapeOf(session, node, { mode: 'create' }, nothingKnown, forBatch(sql, window, typeOf))) ?? [];
  const eventType = checkYields(node, yields, window);
  checkPartitionColumn(node, existing, yields);
  const plan = planBatch({ node, access, sql, typeOf, yields, columns: yields, eventType }, window, existing);
  return plan.kind === 'create' ? plan.steps : [...plan.stage, ...plan.apply([])];
}

async function wholeTable(
  session: Session,
  node: MicrobatchNode,
  access: Access | undefined,
  sql: SqlText,
): Promise<readonly Step[]> {
  const yields = (await shapeOf(session, node, { mode: 'create' }, nothingKnown, sql)) ?? [];
  checkContract(node, yields);
  checkNamed(node, yields);
  checkPartitionColumn(node, undefined, yields);
  return createTable(tableTarget(node, access), { kind: 'query', sql }, yields);
}
