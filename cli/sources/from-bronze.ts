import { stagedPaths, withMirror } from '../../loaders/housekeeping/mirror.ts';
import { rejectedFolder } from '../../loaders/landing/bronze.ts';
import { ensureStaging } from '../../loaders/landing/staging.ts';
import type { LoadOptions, SourceName } from '../../loaders/landing/summary.ts';
import type { Project } from '../../runner/project/project.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeAway } from '../settings/bronze.ts';
import { bronzeRoot } from '../settings/environment.ts';
import { apartmentsOf } from '../settings/settings.ts';

/** Loads a source from Bronze; what of it is in a bucket is on this machine meanwhile, unless staging has it. */
export async function loadFromBronze<T>(
  source: SourceName,
  warehouse: Warehouse,
  project: Project,
  { signal }: LoadOptions,
  load: () => Promise<T>,
): Promise<T> {
  const remote = bronzeAway(project);
  if (remote === undefined) return load();
  await ensureStaging(warehouse);
  const begins = source === 'sensors' ? sensorFolders(project) : [`${source}/`];
  const except = await stagedPaths(warehouse, source);
  return withMirror(warehouse, { remote, bronzeRoot: bronzeRoot(project), source, begins, except, signal }, load);
}

function sensorFolders(project: Project): readonly string[] {
  return [...new Set(apartmentsOf(project).map(({ id }) => id)), rejectedFolder].map((folder) => `${folder}/`);
}
