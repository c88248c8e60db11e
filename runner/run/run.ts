// Many nodes: in dependency order, several at once, under the run lock.
//
//   1. work.ts      what one run does: prepare, run-start hooks, find what stays, work off, come back for retained rows, run-end hooks, record
//      work-order.ts  which nodes those are, of a command and a selection
//   2. schedule.ts  which node is next: it waits for what it depends on; what depends on a failed one is skipped
//      test-edges.ts  models wait for the tests of what they are made of
//   3. node-work.ts one node: its build or its test, and what becomes of an error
//   4. run-lock.ts  one run at a time per database
//   5. report.ts    events become lines for people, or JSON for machines
//
// At the end every selected node has a result, and datacycle.run_result says the same, whatever failed.

import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Compiled } from '../compile/compile.ts';
import { underRunLock } from './run-lock.ts';
import type { RunSummary } from './run-result.ts';
import { type RunOptions, RunWork } from './work.ts';

/**
 * Works through the selected nodes in dependency order and records the run in the database. A failed node is a result,
 * not an exception.
 * @throws RunBusyError naming the holder if another run is going on; ConnectionError if the database cannot be reached.
 */
export async function runNodes(compiled: Compiled, warehouse: Warehouse, options: RunOptions): Promise<RunSummary> {
  if (options.command === 'test') return work(new RunWork(compiled, warehouse, options), () => false);
  // Without the lock another process may build the same tables: no further node may start.
  return underRunLock(warehouse, options.signal, busy, (signal) => {
    const isLost = () => signal.aborted && options.signal?.aborted !== true;
    return work(new RunWork(compiled, warehouse, { ...options, signal }), isLost);
  });
}

const busy = {
  what: 'another run',
  hint: 'Wait until it is done and try again; readers and `datacycle test` are never locked out.',
};

/** @param isLost whether another process may work on the same tables by now. */
async function work(run: RunWork, isLost: () => boolean): Promise<RunSummary> {
  await run.prepare();
  await run.runStartHooks();
  await run.workOff();
  await run.comeBackForRetained();
  if (!isLost()) await run.runEndHooks();
  return run.finish();
}
