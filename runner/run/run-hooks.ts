import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import { type HookContext, noteChanges, runHook } from '../build/transaction/hooks.ts';
import type { RunHook } from '../compile/run-hooks.ts';
import type { LockWaits } from '../database/locks/lock-waits.ts';

export interface RunHookResult {
  readonly name: string;
  readonly seconds: number;
  readonly error: Error | undefined;
}

/**
 * Runs hooks in order, each by itself. One that fails is a result, not an exception.
 * @param goOn whether hooks after a failed one run, too.
 */
export async function runRunHooks(
  { warehouse, locks }: { readonly warehouse: Warehouse; readonly locks: LockWaits },
  hooks: readonly RunHook[],
  goOn: boolean,
  {
    clock,
    onResult,
    ...context
  }: HookContext & {
    readonly clock: () => Date;
    readonly onResult: (result: RunHookResult) => void;
  },
): Promise<void> {
  for (const { name, sql, place } of hooks) {
    const begin = clock().getTime();
    const run = async (session: Session) => {
      await noteChanges(session, sql);
      await runHook(locks.outside(name, session), { name, sql, place, file: 'project.yml' }, context);
    };
    const error = await warehouse.session(run).then(
      () => undefined,
      (fault: unknown) => (fault instanceof Error ? fault : new Error(String(fault))),
    );
    onResult({ name, seconds: (clock().getTime() - begin) / 1000, error });
    if (error !== undefined && !goOn) return;
  }
}
