import { join } from 'node:path';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { type GlobalOptions, openProject } from '../settings/environment.ts';
import { hasApartments } from '../settings/settings.ts';

/**
 * Opens the project that the demo is of, with a share and Bronze below `home`. What .env says does not count: the demo must never
 * reach a real server, share or Bronze files.
 * @throws UsageError for a project without apartments, before anything is written.
 */
export async function openDemoProject(options: GlobalOptions, home: string): Promise<Project> {
  const settings = { DB_URL: '', SMB_PATH: join(home, 'share'), BRONZE_ROOT: join(home, 'bronze') };
  const project = await openProject(options, settings);
  if (hasApartments(project)) return project;
  throw new UsageError({
    what: `the demo is of two apartments, and the project in ${project.root} has none`,
    hint: 'Run it in a clone of datacycle. For the models of this project: npx datacycle build.',
  });
}
