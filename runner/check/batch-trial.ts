import type { Session } from '../../warehouse/warehouse.ts';
import { checkYields, readTypes } from '../build/microbatch/begin.ts';
import { nameOfBatch } from '../build/microbatch/report.ts';
import { nothingKnown } from '../build/transaction/node-state.ts';
import { runSteps } from '../build/transaction/run-steps.ts';
import { shapeOf } from '../build/transaction/shape.ts';
import { readRelation } from '../database/catalog.ts';
import type { Manifest, MicrobatchNode } from '../manifest/manifest.ts';
import { applyBatch, stageBatch } from '../materialize/microbatch.ts';
import { boundLiteral, forBatch } from '../plan/batch-sql.ts';
import { querySql } from '../plan/plan.ts';
import { tableTarget } from '../plan/table-target.ts';
import { readBatches } from '../state/batch-windows.ts';

/** Builds one batch into a model's table, as on rows that are there already. @throws what a build of it would. */
export async function tryBatch(
  session: Session,
  manifest: Manifest,
  root: string,
  startedAt: Date,
  node: MicrobatchNode,
): Promise<void> {
  const settings = node.batch;
  const existing = await readRelation(session, node.relation);
  const now = startedAt.toISOString();
  const all = querySql(node, 'full', nothingKnown, { fullRefresh: false, runStartedAt: now }, manifest);
  const window = (await readBatches(session, node.name, settings, now))[0];
  if (existing === undefined || window === undefined) return;
  const sql = forBatch(all, window, await readTypes(session, manifest, all));
  const yields = (await shapeOf(session, node, { mode: 'create' }, nothingKnown, sql)) ?? [];
  const type = checkYields(node, settings, yields, window);
  const [from, to] = [boundLiteral(type, window.from) ?? '', boundLiteral(type, window.to) ?? ''];
  const batch = {
    target: tableTarget(node),
    eventTime: settings.eventTime,
    window: { from, to },
    name: nameOfBatch(window, settings),
  };
  await runSteps(session, [...stageBatch(batch, sql), ...applyBatch(batch, existing, yields, [])], { node, root });
}
