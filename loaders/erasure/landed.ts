// Counts, exports and erases what was landed of one subject. cli/subject calls this.
//
//   request.ts         whose, where Bronze is, and what is to be done
//   landed.ts          the registry ids of the subject first, then each place in order, while no load runs
//   snapshots.ts       the registry's snapshots in staging and Bronze: what they call the subject's buildings, rooms and devices
//   staging-rows.ts    its rows in staging, in one transaction
//   sensor-files.ts    its sensor files in Bronze
//   registry-files.ts  its rows in the registry's snapshots in Bronze; each file is written anew with the rows of others
//
// Each place has one condition for all three. Only what is the subject's by ids and names of files is touched. Killed anywhere,
// a repeated erasure finishes the work.
import { DatacycleError } from '../../warehouse/errors.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { checkpoint, whileNotLoading } from '../housekeeping/alone.ts';
import { withMirror } from '../housekeeping/mirror.ts';
import { assertBronze } from '../landing/bronze-files.ts';
import { ensureStaging } from '../landing/staging.ts';
import { registry } from '../registry/stamp.ts';
import { sensors } from '../sensors/ledger.ts';
import { countOf, noIds } from '../tombstones/registry-ids.ts';
import { recordIds, tombstoneOf } from '../tombstones/tombstones.ts';
import { visitRegistryFiles } from './registry-files.ts';
import { type Landed, registryRows, type SubjectAct, type SubjectRequest, sensorFiles } from './request.ts';
import { visitSensorFiles } from './sensor-files.ts';
import { idsInSnapshots } from './snapshots.ts';
import { visitStaging } from './staging-rows.ts';

/**
 * Counts, exports or erases what was landed of a subject: first in staging, in one transaction, then in Bronze. An export writes
 * tables of staging and rows of the registry, and counts the sensor files in Bronze. An erasure needs a tombstone, on which also a
 * count records what the registry called the subject's buildings, rooms and devices. After a stop or a kill at any point, a
 * repeated erasure finishes it.
 * @throws SourceError, before anything is deleted, if Bronze is not where it should be; DatacycleError if there is no tombstone;
 * LoadBusyError if a load goes on for longer than half a minute; LoadFailedError if Bronze cannot be written;
 * HousekeepingInterruptedError after `signal`. No message names the subject.
 * @example await visitLanded(warehouse, { bronzeRoot, subject: { id: 'jimmy', owner: 'JimmyLoup' } }, { kind: 'erase' })
 */
export async function visitLanded(warehouse: Warehouse, request: SubjectRequest, act: SubjectAct): Promise<Landed> {
  const { subject, signal } = request;
  if (act.kind !== 'count') await ensureStaging(warehouse);
  const { rows } = await warehouse.query('select where to_regclass($1) is not null', ['staging.tombstone']);
  if (rows.length === 0) return { counts: {}, damaged: [], ids: noIds };
  const isErasure = act.kind === 'erase';
  await assertLanded(warehouse, request);
  return whileNotLoading(warehouse, sensors, signal, () =>
    whileNotLoading(warehouse, registry, signal, () =>
      withRegistry(warehouse, request, async () => {
        const stone = await tombstoneOf(warehouse, subject);
        if (isErasure && stone === undefined)
          throw new DatacycleError({ what: 'the erasure of this apartment has not begun: it has no tombstone' });
        const known = stone?.registryIds ?? noIds;
        const ids = await idsInSnapshots(warehouse, request, known);
        // Before the rows go that tell which buildings, rooms and devices are the subject's.
        if (stone !== undefined && countOf(ids) > countOf(known)) await recordIds(warehouse, stone, ids);
        checkpoint(signal);
        const staged = await visitStaging(warehouse, request, ids, act);
        const files = await visitSensorFiles(request, isErasure);
        const { count, damaged } = await visitRegistryFiles(warehouse, request, ids, act);
        return { counts: { ...staged, [sensorFiles]: files, [registryRows]: count }, damaged, ids };
      }),
    ),
  );
}

/** The registry's snapshots of a bucket are read, and written anew, on this machine. */
function withRegistry<T>(
  warehouse: Warehouse,
  { bronzeRemote: remote, bronzeRoot, signal }: SubjectRequest,
  work: () => Promise<T>,
): Promise<T> {
  if (remote === undefined) return work();
  return withMirror(warehouse, { remote, bronzeRoot, source: registry, begins: [`${registry}/`], signal }, work);
}

/** If Bronze is not mounted, its files only seem to be missing. @throws SourceError if the ledger speaks of another one. */
async function assertLanded(on: Queryable, { bronzeRoot, bronzeRemote }: SubjectRequest): Promise<void> {
  const { rows } = await on.query('select from staging.file where bronze_path is not null limit 1');
  if (rows.length === 0) return;
  for (const source of [sensors, registry] as const) await assertBronze(on, bronzeRoot, source, false, bronzeRemote);
}
