import type { Warehouse } from '../../warehouse/warehouse.ts';
import { checkpoint, whileNotLoading } from '../housekeeping/alone.ts';
import type { Apartment } from '../landing/apartment.ts';
import { assertBronze } from '../landing/bronze-files.ts';
import { ensureStaging } from '../landing/staging.ts';
import { registry } from '../registry/stamp.ts';
import { sensors } from '../sensors/ledger.ts';
import { noIds } from '../tombstones/registry-ids.ts';
import { ruleOf, type Subject } from '../tombstones/rule.ts';
import { findTombstone } from '../tombstones/tombstone.ts';
import { type BronzeExported, exportBronze } from './export-bronze.ts';
import { exportStaging, type StagingExported } from './export-staging.ts';
import { allIds } from './known-ids.ts';

export interface Exporting {
  readonly bronzeRoot: string;
  readonly subject: Subject;
  /** All that are configured: a building of `JimmyLoup` is not Jimmy's. */
  readonly apartments?: readonly Apartment[] | undefined;
  /** Where `staging` and `bronze` are made; files in them are overwritten. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

/** What was written. */
export type ExportedCounts = StagingExported & BronzeExported;

/**
 * Writes what was landed of a subject into a folder: `staging/*.csv`, a file a table, and `bronze/`, its files decompressed
 * and without api_token, and its rows of the registry. Nothing is loaded meanwhile. Memory stays flat on a server.
 * @throws SourceError if Bronze is not where it should be; LoadBusyError if a load goes on for longer than half a minute;
 * HousekeepingInterruptedError after `signal`; the system's error if the folder cannot be written.
 * @example await exportLanded(warehouse, { bronzeRoot, subject, folder: 'exports/jimmy' })
 */
export async function exportLanded(warehouse: Warehouse, exporting: Exporting): Promise<ExportedCounts> {
  const { bronzeRoot, subject, apartments, folder, signal } = exporting;
  const rule = ruleOf(subject, apartments);
  await ensureStaging(warehouse);
  for (const source of [sensors, registry] as const) await assertBronze(warehouse, bronzeRoot, source, false);
  return whileNotLoading(warehouse, sensors, signal, () =>
    whileNotLoading(warehouse, registry, signal, async () => {
      const known = (await findTombstone(warehouse, subject))?.registryIds ?? noIds;
      const ids = await allIds(warehouse, bronzeRoot, rule, known);
      const staging = await exportStaging(warehouse, bronzeRoot, subject, rule, ids, folder);
      const bronze = await exportBronze(bronzeRoot, subject, rule, ids, folder, () => checkpoint(signal));
      return { ...staging, ...bronze };
    }),
  );
}
