// Lands snapshots of the registry, a MySQL database.
//
//   1. sweep.ts       settles what a killed load left behind
//   2. take.ts, snapshot.ts, reader.ts, server.ts  read an allow-list of tables (tables.ts) in one consistent transaction
//   3. bronze.ts, bronze-snapshot.ts, manifest.ts  write one JSON file for each table, and a manifest that makes them a snapshot
//   4. subject-rows.ts, value.ts  leave out the rows of erased apartments and write the others as JSON
//   5. all tables of a snapshot commit to staging.registry_row as one load
//
// replay.ts lands the snapshots in Bronze that staging lacks. Values are copied as the server sends them; the models interpret them.
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { LoadBusyError, LoadInterruptedError } from '../landing/errors.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import { withRetries } from '../landing/retry.ts';
import { ensureStaging } from '../landing/staging.ts';
import type { LoadOptions, LoadSummary } from '../landing/summary.ts';
import { readAddress } from './mysql/address.ts';
import { AllowedColumns } from './mysql/columns.ts';
import { RegistryFault } from './mysql/fault.ts';
import type { RegistryTimeouts } from './mysql/server.ts';
import { removeColumns } from './remove-columns.ts';
import { replaySnapshots } from './replay.ts';
import { registry } from './stamp.ts';
import { sweepKilled } from './sweep.ts';
import { takeSnapshot } from './take.ts';

export interface RegistrySource {
  /** MYSQL_URL; only loading from Bronze does not need it. */
  readonly url: string | undefined;
  readonly bronzeRoot: string;
  /** Where Bronze is, if in a bucket; the folder has its drafts then. */
  readonly bronzeRemote?: RemoteBronze | undefined;
  /** All that are configured: whose a building is whose name has that of an erased owner in it. */
  readonly apartments?: readonly Apartment[] | undefined;
  /** Whether the addresses and coordinates of buildings are read as well; by default they are not. */
  readonly locations?: boolean | undefined;
}

export interface RegistryOptions extends LoadOptions {
  /** How often a snapshot is tried (MYSQL_MAX_RETRIES); default 3. */
  readonly attempts?: number;
  /** Between two attempts, in milliseconds (MYSQL_RETRY_DELAY is in seconds); default one minute. */
  readonly retryDelayMs?: number;
  readonly timeouts?: RegistryTimeouts;
}

/** A server in the same house answers in milliseconds; one that is stuck must not hold up the load for ever. */
const usualTimeouts: RegistryTimeouts = { connectMs: 15_000, silentMs: 60_000 };

/**
 * Lands one snapshot of the registry: of each table that is listed in tables.ts a JSON file in Bronze, a ledger row
 * and its rows in staging.registry_row, all of one moment and committed together. A table that is missing is a warning. A
 * lost connection rolls the snapshot back and is tried again. `from-bronze` lands the snapshots in Bronze that staging
 * does not have, oldest first. `new` and `full` are the same. Creates the staging schema if need be.
 * @throws SourceError (exit code 2) for an address or an access that cannot work; LoadFailedError when every try has failed;
 * LoadBusyError if another process loads the registry into this database; LoadInterruptedError after `signal`;
 * ConnectionError if the warehouse is lost. No message holds the password.
 * @example await loadRegistry(warehouse, { url, bronzeRoot }, { mode: 'new', clock: () => new Date() })
 */
export async function loadRegistry(
  warehouse: Warehouse,
  source: RegistrySource,
  options: RegistryOptions,
): Promise<LoadSummary> {
  const address = options.mode === 'from-bronze' ? undefined : readAddress(source.url);
  await ensureStaging(warehouse);
  const outcome = await warehouse.exclusive('load registry', async () => {
    const { bronzeRoot, bronzeRemote, apartments, locations = false } = source;
    const columns = new AllowedColumns(locations);
    await removeColumns(warehouse, columns);
    const sweep = () => sweepKilled({ warehouse, bronzeRoot, bronzeRemote, options });
    if (address === undefined)
      return replaySnapshots({ warehouse, bronzeRoot, options, apartments, columns, notes: await sweep() });
    const timeouts = options.timeouts ?? usualTimeouts;
    const take = { warehouse, address, bronzeRoot, bronzeRemote, options, apartments, columns, timeouts };
    return persevere(options, async () => takeSnapshot({ ...take, notes: await sweep() }));
  });
  if (outcome.held) return outcome.value;
  throw new LoadBusyError({
    what: `the ${registry} is being loaded by ${outcome.holder}`,
    hint: 'Wait until it is done.',
  });
}

/** Tries until it works, or fails for good. */
async function persevere<T>(options: RegistryOptions, work: () => Promise<T>): Promise<T> {
  const { attempts = 3, retryDelayMs = 60_000, signal, onNotice } = options;
  const unlessStopped = () => {
    if (signal?.aborted === true) throw new LoadInterruptedError([]);
  };
  let tries = 0;
  const retry = {
    attempts,
    delaySeconds: retryDelayMs / 1000,
    signal,
    isTransient: (error: unknown) => error instanceof RegistryFault && error.mayPass,
    onFailure: (attempt: number, error: unknown) =>
      onNotice?.(
        `Try ${attempt} of ${attempts}: ${error instanceof Error ? error.message : String(error)}. Next try in ${Math.round(retryDelayMs / 1000)} s.`,
      ),
  };
  try {
    unlessStopped();
    return await withRetries(retry, () => {
      tries += 1;
      return work();
    });
  } catch (error) {
    unlessStopped();
    throw error instanceof RegistryFault ? error.report(tries) : error;
  }
}
