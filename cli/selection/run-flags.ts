import type { RowLimitFlags } from '../settings/row-limit.ts';
import type { SelectionFlags } from './chosen-nodes.ts';

export interface RunFlags extends SelectionFlags, RowLimitFlags {
  readonly fullRefresh?: boolean | undefined;
  /** Of `seed`: some rows of each seed are shown. */
  readonly show?: boolean | undefined;
  /** False with --no-reuse. */
  readonly reuse?: boolean | undefined;
  readonly changed?: boolean | undefined;
  readonly eventTimeStart?: string | undefined;
  readonly eventTimeEnd?: string | undefined;
  readonly threads?: number | undefined;
  readonly failFast?: boolean | undefined;
  readonly storeFailures?: boolean | undefined;
  /** Where unit tests run. */
  readonly unitTestsOn?: 'embedded' | 'target' | undefined;
}
