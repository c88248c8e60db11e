import type { Warehouse } from '../../warehouse/warehouse.ts';
import { checkpoint, whileNotLoading } from '../housekeeping/alone.ts';
import { assertBronze } from '../landing/bronze-files.ts';
import { LoadFailedError } from '../landing/errors.ts';
import { ensureStaging } from '../landing/staging.ts';
import { registry } from '../registry/stamp.ts';
import { sweepKilled } from '../registry/sweep.ts';
import { sensors } from '../sensors/ledger.ts';
import { ruleOf } from '../tombstones/rule.ts';
import { rememberIds, tombstoneOf } from '../tombstones/tombstone.ts';
import { allIds } from './known-ids.ts';
import { eraseMessages } from './messages.ts';
import { erasePredictions } from './predictions.ts';
import type { Erasing, ErasureControl, ErasureProgress } from './progress.ts';
import { eraseFromSnapshots } from './registry-bronze.ts';
import { eraseRegistryRows } from './registry-staging.ts';
import { apartmentFolder, deleteSensorFiles, deleteStrays, sensorFilesInBronze } from './sensor-bronze.ts';
import { forgetFiles, subjectsFiles } from './sensor-ledger.ts';

/** The tables of schema `staging` that an erasure and an export see to, as models name them. */
export const landedSources: readonly string[] = [
  'staging.sensor_file',
  'staging.registry_row',
  'staging.prediction',
  'staging.file',
  'staging.load',
];

/** What an erasure deleted; repeated, what the one before had left. */
export interface ErasedCounts {
  /** Rows of staging.sensor_file, of the ledger, of staging.prediction and of staging.registry_row. */
  readonly sensorRows: number;
  readonly ledgerRows: number;
  readonly predictions: number;
  readonly registryRows: number;
  /** Rows of others in staging.registry_row that named the owner. */
  readonly namedRows: number;
  /** Error messages of loads that named the subject. */
  readonly messages: number;
  /** Sensor files in Bronze. */
  readonly bronzeFiles: number;
  /** Files of the registry in Bronze, and rows taken out of them. */
  readonly registryFiles: number;
  readonly bronzeRows: number;
  /** Rows of others in these files that named the owner. */
  readonly bronzeNamedRows: number;
  /** Files of the registry in Bronze that are damaged, so that nobody can say for sure what they hold. */
  readonly damaged: readonly string[];
}

/**
 * Erases what was landed of a subject whose tombstone stands: in staging first, then in Bronze, one source after the other
 * while nobody loads it. Nothing else is touched, but for the registry, whose other rows lose the owner's name. Stopped
 * or killed anywhere, erasing again finishes it.
 * @throws SourceError, before anything is deleted, if Bronze is not where it should be or the id names no folder
 * of its own there; DatacycleError if there is no
 * tombstone; LoadBusyError if a load goes on for longer than half a minute; LoadFailedError if Bronze cannot be written;
 * HousekeepingInterruptedError after `signal`. No message names the subject.
 * @example await eraseLanded(warehouse, { bronzeRoot, subject: { id: 'jimmy', owner: 'JimmyLoup' } })
 */
export async function eraseLanded(warehouse: Warehouse, erasing: Erasing): Promise<ErasedCounts> {
  const { bronzeRoot, subject, signal, onProgress } = erasing;
  apartmentFolder(bronzeRoot, subject.id);
  await ensureStaging(warehouse);
  await tombstoneOf(warehouse, subject);
  for (const source of [sensors, registry] as const) await assertBronze(warehouse, bronzeRoot, source, false);
  const control = { checkpoint: () => checkpoint(signal), onProgress: (at: ErasureProgress) => onProgress?.(at) };
  const fromSensors = await whileNotLoading(warehouse, sensors, signal, () =>
    eraseSensors(warehouse, erasing, control),
  );
  const predictions = await erasePredictions(warehouse);
  const fromRegistry = await whileNotLoading(warehouse, registry, signal, () =>
    eraseRegistry(warehouse, erasing, control),
  );
  const messages = await eraseMessages(warehouse, subject);
  // Deleted rows stay in the files of the database until it is swept; that cannot be done inside a transaction.
  for (const table of ['sensor_file', 'registry_row', 'prediction', 'file', 'attempt']) {
    await warehouse.query(`vacuum staging.${table}`);
  }
  return { ...fromSensors, ...fromRegistry, predictions, messages };
}

async function eraseSensors(warehouse: Warehouse, { bronzeRoot, subject }: Erasing, control: ErasureControl) {
  const files = await subjectsFiles(warehouse, bronzeRoot, ruleOf(subject));
  const paths = files.flatMap(({ path }) => (path === null ? [] : [path]));
  control.checkpoint();
  // Nothing but the ledger knows where they are.
  const strays = await deleteStrays(bronzeRoot, subject, paths);
  const forgotten = await warehouse.transaction((session) => forgetFiles(session, files));
  control.checkpoint();
  const folders = await sensorFilesInBronze(bronzeRoot, subject);
  return { ...forgotten, bronzeFiles: strays + (await deleteSensorFiles(folders, control)) };
}

async function eraseRegistry(
  warehouse: Warehouse,
  { bronzeRoot, subject, apartments }: Erasing,
  control: ErasureControl,
) {
  const rule = ruleOf(subject, apartments);
  const before = await tombstoneOf(warehouse, subject);
  const [left] = await sweepKilled({ warehouse, bronzeRoot, options: { mode: 'new', clock: () => new Date() } });
  if (left !== undefined) {
    throw new LoadFailedError({
      what: `${left.name}: ${left.reason}`,
      hint: 'Then erase again: it goes on where it stopped.',
    });
  }
  // Before the rows go that tell which buildings, rooms and devices are the subject's.
  const registryIds = await allIds(warehouse, bronzeRoot, rule, before.registryIds);
  await rememberIds(warehouse, before, registryIds);
  control.checkpoint();
  const staged = await eraseRegistryRows(warehouse, rule, registryIds, control.checkpoint);
  const bronze = await eraseFromSnapshots(warehouse, bronzeRoot, rule, registryIds, control);
  return {
    registryRows: staged.rows,
    namedRows: staged.named,
    registryFiles: bronze.files,
    bronzeRows: bronze.rows,
    bronzeNamedRows: bronze.named,
    damaged: bronze.damaged,
  };
}
