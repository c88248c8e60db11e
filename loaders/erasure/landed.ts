// Counts, exports and erases what was landed of one subject. cli/subject calls this.
//
//   request.ts        whose, where Bronze is, and what is to be done
//   landed.ts         the registry ids of the subject first, then each place in order, while no load runs
//   staging-rows.ts   its rows in staging, in one transaction
//   sensor-files.ts   its sensor files in Bronze
//   snapshots.ts      its rows in the registry's snapshots in Bronze; each file is written anew with the rows of others
//
// Each place has one condition for all three. Only what is the subject's by ids and names of files is touched. Killed anywhere,
// a repeated erasure finishes the work.
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { checkpoint, whileNotLoading } from '../housekeeping/alone.ts';
import { isApartmentId } from '../landing/apartment.ts';
import { assertBronze } from '../landing/bronze-files.ts';
import { LoadFailedError, SourceError } from '../landing/errors.ts';
import { ensureStaging } from '../landing/staging.ts';
import { NoteCollector } from '../landing/summary.ts';
import { registry } from '../registry/stamp.ts';
import { sweepKilled } from '../registry/sweep.ts';
import { sensors } from '../sensors/ledger.ts';
import { countOf, noIds, type RegistryIds } from '../tombstones/registry-ids.ts';
import { ruleOf } from '../tombstones/rule.ts';
import { recordIds, tombstoneOf } from '../tombstones/tombstone.ts';
import { readTombstones } from '../tombstones/tombstones.ts';
import { type Landed, registryRows, type SubjectAct, type SubjectRequest, sensorFiles } from './request.ts';
import { visitSensorFiles } from './sensor-files.ts';
import { idsInBronze, visitSnapshots } from './snapshots.ts';
import { idsInStaging, visitStaging } from './staging-rows.ts';

/**
 * Counts, exports or erases what was landed of a subject: first in staging, in one transaction, then in Bronze. An export writes
 * `staging/*.csv` and `bronze/`; an erasure needs a tombstone. After a stop or a kill at any point, a repeated erasure finishes it.
 * @throws SourceError, before anything is deleted, if Bronze is not where it should be or the id names no folder of its own
 * there; DatacycleError if there is no tombstone; LoadBusyError if a load goes on for longer than half a minute;
 * LoadFailedError if Bronze cannot be written; HousekeepingInterruptedError after `signal`. No message names the subject.
 * @example await visitLanded(warehouse, { bronzeRoot, subject: { id: 'jimmy', owner: 'JimmyLoup' } }, { kind: 'erase' })
 */
export async function visitLanded(warehouse: Warehouse, request: SubjectRequest, act: SubjectAct): Promise<Landed> {
  const { bronzeRoot, subject, signal } = request;
  assertOwnFolder(subject.id);
  if (act.kind !== 'count') await ensureStaging(warehouse);
  const damaged = new NoteCollector();
  if (!(await hasTombstones(warehouse))) return { counts: {}, damaged, ids: noIds };
  const tombstone = act.kind === 'erase' ? await tombstoneOf(warehouse, subject) : undefined;
  await assertLanded(warehouse, bronzeRoot);
  return whileNotLoading(warehouse, sensors, signal, () =>
    whileNotLoading(warehouse, registry, signal, async () => {
      if (tombstone !== undefined) await sweep(warehouse, bronzeRoot);
      const ids = await findIds(warehouse, request);
      // Before the rows go that tell which buildings, rooms and devices are the subject's.
      if (tombstone !== undefined) await recordIds(warehouse, tombstone, ids);
      checkpoint(signal);
      const counts = {
        ...(await visitStaging(warehouse, request, ids, act)),
        [sensorFiles]: await visitSensorFiles(request, act, damaged),
        [registryRows]: await visitSnapshots(warehouse, request, ids, act, damaged),
      };
      return { counts, damaged, ids };
    }),
  );
}

/**
 * What the registry has ever called the subject's buildings, rooms and devices, as far as staging, Bronze or its tombstone
 * know it: also those that the newest snapshot no longer has, or has under another name. Waits for a load of the registry. A
 * tombstone, if there is one, records them, since an erasure deletes the rows that contain them.
 * @throws SourceError if Bronze is not where it should be; LoadBusyError, HousekeepingInterruptedError as {@link visitLanded}.
 */
export async function registryIdsOf(warehouse: Warehouse, request: SubjectRequest): Promise<RegistryIds> {
  if (!(await hasTombstones(warehouse))) return noIds;
  await assertLanded(warehouse, request.bronzeRoot);
  const ids = await whileNotLoading(warehouse, registry, request.signal, () => findIds(warehouse, request));
  const tombstone = (await readTombstones(warehouse)).of(request.subject);
  if (tombstone !== undefined) await recordIds(warehouse, tombstone, ids);
  return ids;
}

/** @throws SourceError if an apartment's id would name another folder of Bronze than its own, or one outside. */
function assertOwnFolder(id: string): void {
  if (isApartmentId(id)) return;
  throw new SourceError({
    what: 'the id of the apartment does not name a folder of its own in Bronze',
    hint: 'Correct it in project.yml: letters, digits, - and _. Nothing was deleted from Bronze.',
  });
}

/** Whether the schema `staging` is there, and new enough for erasures. */
async function hasTombstones(on: Queryable): Promise<boolean> {
  const { rows } = await on.query<{ there: boolean }>(`select to_regclass('staging.tombstone') is not null as there`);
  return rows[0]?.there === true;
}

/** If Bronze is not mounted, its files only seem to be missing. @throws SourceError if the ledger speaks of another one. */
async function assertLanded(on: Queryable, bronzeRoot: string): Promise<void> {
  const { rows } = await on.query('select from staging.file where bronze_path is not null limit 1');
  if (rows.length === 0) return;
  for (const source of [sensors, registry] as const) await assertBronze(on, bronzeRoot, source, false);
}

/** Drafts of killed loads hold rows, too. */
async function sweep(warehouse: Warehouse, bronzeRoot: string): Promise<void> {
  const [left] = await sweepKilled({ warehouse, bronzeRoot, options: { mode: 'new', clock: () => new Date() } });
  if (left === undefined) return;
  throw new LoadFailedError({
    what: `${left.name}: ${left.reason}`,
    hint: 'Then erase again: it goes on where it stopped.',
  });
}

async function findIds(on: Queryable, { bronzeRoot, subject, apartments }: SubjectRequest): Promise<RegistryIds> {
  const rule = ruleOf(subject, apartments);
  let ids = (await readTombstones(on)).of(subject)?.registryIds ?? noIds;
  for (;;) {
    const more = await idsInBronze(bronzeRoot, rule, await idsInStaging(on, rule, ids));
    if (countOf(more) === countOf(ids)) return more;
    // A later snapshot may say whose a building of an earlier one was.
    ids = more;
  }
}
