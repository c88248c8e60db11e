import { type Problem, ProjectError } from '../text/errors.ts';
import type { SourceFile } from '../text/source-file.ts';
import { checkYaml } from '../yaml/check.ts';
import { readYaml } from '../yaml/parse.ts';
import { type CheckedSettings, gatherProject, type Project, type ProjectOptions, readSettingsFile } from './project.ts';
import { projectSchema } from './project-schema.ts';

/**
 * Reads project.yml and the files of models, macros, seeds and tests.
 * @throws UsageError if the folder holds no project or the target is unknown; ProjectError for faults in project.yml, and for
 * files that are no text.
 */
export function readProject(options: ProjectOptions): Project {
  return gatherProject(options, checkSettings(readSettingsFile(options.root)));
}

/** Checks project.yml. @throws ProjectError if its faults leave no settings. */
export function checkSettings(file: SourceFile): CheckedSettings {
  const problems: Problem[] = [];
  const settingsFile = readYaml(file);
  const settings = checkYaml(settingsFile, projectSchema, problems);
  if (settings === undefined) throw new ProjectError(problems, () => file.text);
  return { settings, settingsFile, problems };
}
