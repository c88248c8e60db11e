import { recordFailure, recordSuccess } from '../../loaders/landing/attempt.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { isDue, type TimeOfDay } from '../schedule/due.ts';
import type { Source } from '../sources/sources.ts';
import type { Backlog } from './backlog.ts';
import type { Builder } from './builder.ts';
import type { Conditions } from './conditions.ts';
import { type JobOutcome, type Lander, messageOf } from './landing.ts';
import { lastSuccesses, newestLoads } from './ledger-marks.ts';

/** What keeps Bronze and staging within bounds once everything is built and tested. */
export type Housekeep = (signal: AbortSignal) => Promise<void>;

export interface NightlyOptions {
  readonly warehouse: Warehouse;
  /** Undefined if no sensor files are configured. */
  readonly sensors: Source | undefined;
  /** The names in staging.load of all that is watched. */
  readonly ledgerNames: readonly string[];
  readonly lander: Lander;
  readonly builder: Builder;
  readonly backlog: Backlog;
  readonly conditions: Conditions;
  readonly clock: () => Date;
  readonly housekeep: Housekeep | undefined;
  /** When the data tests are run on all rows; undefined: never. */
  readonly fullTests: TimeOfDay | undefined;
}

/**
 * The nightly round: a full listing of the share for what was missed, every model, every data test (once a week on all rows),
 * housekeeping.
 * @returns `failed` if it has to be done again; a model or test that fails is known to `status` and no reason for that.
 */
export async function nightlyRound(options: NightlyOptions, signal: AbortSignal): Promise<JobOutcome> {
  const { warehouse, sensors, lander, builder, backlog, conditions, clock, housekeep, fullTests } = options;
  if (sensors !== undefined) {
    const { outcome } = await lander.load(sensors, 'full', signal, 'The nightly listing is tried again.');
    if (outcome !== 'landed') return outcome;
  }
  const marks = await newestLoads(warehouse, options.ledgerNames);
  const built = await builder.models(signal);
  if (built === 'done') backlog.built(marks);
  const lastFull = (await lastSuccesses(warehouse)).get('full_tests');
  const isFull = fullTests !== undefined && isDue(clock(), fullTests, lastFull);
  const tested = await builder.tests(signal, !isFull);
  if (signal.aborted) return 'unable';
  if (isFull && tested !== 'unable') {
    await recordSuccess(warehouse, 'full_tests', clock());
    const failing = builder.failingTests;
    if (failing.length > 0) await recordFailure(warehouse, 'full_tests', clock(), `failed: ${failing.join(', ')}`);
  }
  if (built === 'unable' || tested === 'unable') return 'failed';
  if (housekeep !== undefined) {
    try {
      await housekeep(signal);
      conditions.recovered('housekeeping');
    } catch (error) {
      if (signal.aborted) return 'unable';
      conditions.failed('housekeeping', messageOf(error), 'It is tried again the next night.');
    }
  }
  await recordSuccess(warehouse, 'nightly', clock());
  if (tested === 'failed') await recordFailure(warehouse, 'nightly', clock(), 'data tests found bad rows');
  return 'done';
}
