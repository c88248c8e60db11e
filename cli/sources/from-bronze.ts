import { dirname } from 'node:path';
import { stagedPaths, withMirror } from '../../loaders/housekeeping/mirror.ts';
import { rejectedFolder } from '../../loaders/landing/bronze.ts';
import { copiesAmong, ledgerPath } from '../../loaders/landing/bronze-files.ts';
import { ensureStaging } from '../../loaders/landing/staging.ts';
import type { LoadOptions, SourceName } from '../../loaders/landing/summary.ts';
import type { Project } from '../../runner/project/project.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeAway } from '../settings/bronze.ts';
import { bronzeFolders, bronzeRoot } from '../settings/environment.ts';
import { apartmentsOf } from '../settings/settings.ts';

/**
 * Loads a source from Bronze; what of it is in a bucket is on this machine meanwhile, unless staging has it. One file is looked for where its
 * copy is.
 */
export async function loadFromBronze<T>(
  source: SourceName,
  warehouse: Warehouse,
  project: Project,
  { file, signal }: LoadOptions,
  load: (project: Project) => Promise<T>,
): Promise<T> {
  await ensureStaging(warehouse);
  const path = file === undefined ? undefined : await ledgerPath(warehouse, source, file);
  const remote = bronzeAway(project);
  if (remote === undefined) return load(path === undefined ? project : await withCopyOf(project, path));
  const all = source === 'sensors' ? sensorFolders(project) : [`${source}/`];
  // A snapshot of the registry is one folder.
  const own = path === undefined ? undefined : source === 'registry' ? `${dirname(path)}/` : path.replace(/\.gz$/i, '');
  const begins = own === undefined ? all : [own];
  const except = own === undefined ? await stagedPaths(warehouse, source) : undefined;
  return withMirror(warehouse, { remote, bronzeRoot: bronzeRoot(project), source, begins, except, signal }, () =>
    load(project),
  );
}

/** The project with the folder of Bronze that has a file. */
async function withCopyOf(project: Project, path: string): Promise<Project> {
  for (const folder of bronzeFolders(project))
    if ((await copiesAmong(folder, [path])).length > 0)
      return { ...project, env: { ...project.env, BRONZE_ROOT: folder } };
  return project;
}

function sensorFolders(project: Project): readonly string[] {
  return [...new Set(apartmentsOf(project).map(({ id }) => id)), rejectedFolder].map((folder) => `${folder}/`);
}
