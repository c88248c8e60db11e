import { type Problem, ProjectError } from '../text/errors.ts';
import type { SourceFile } from '../text/source-file.ts';
import { checkYaml } from '../yaml/check.ts';
import { readYaml } from '../yaml/parse.ts';
import type { YamlFile } from '../yaml/yaml-file.ts';
import {
  type CheckedSettings,
  gatherProject,
  type Project,
  type ProjectOptions,
  readSettingsFile,
  targetNameOf,
} from './project.ts';
import { projectSchema } from './project-schema.ts';
import { noteIgnored, whyIgnored } from './values/ignored-keys.ts';
import { noteUnrendered } from './values/unrendered.ts';
import { renderTemplates, type YamlValues } from './values/yaml-templates.ts';

/**
 * Reads project.yml and the files of models, macros, seeds and tests.
 * @throws UsageError if the folder holds no project or the target is unknown; ProjectError for faults in project.yml, and for
 * files that are no text.
 */
export function readProject(options: ProjectOptions): Project {
  return gatherProject(options, checkSettings(readSettingsFile(options.root), options));
}

/** Checks project.yml. @throws ProjectError if its faults leave no settings. */
export function checkSettings(file: SourceFile, options: Omit<ProjectOptions, 'root'>): CheckedSettings {
  const problems: Problem[] = [];
  const notices: Problem[] = [];
  const written = readYaml(file);
  const settingsFile = renderTemplates(written, valuesFor(written, options), problems);
  const settings = checkYaml(settingsFile, projectSchema, problems, (key, path) => {
    const why = whyIgnored(key, path, true);
    if (why !== undefined) noteIgnored(notices, settingsFile, key, path, why);
    return why !== undefined;
  });
  if (settings === undefined) throw new ProjectError(problems, () => file.text);
  noteUnrendered(notices, settingsFile, ['vars']);
  for (const name of Object.keys(settings.targets ?? {}))
    noteUnrendered(notices, settingsFile, ['targets', name, 'vars']);
  return { settings, settingsFile, problems, notices };
}

/** What templates in project.yml may name: variables of the command line, as in dbt, and the target that is chosen. */
function valuesFor(yaml: YamlFile, { env, target, vars = {} }: Omit<ProjectOptions, 'root'>): YamlValues {
  const name = targetNameOf(target, env, yaml.valueAt(['target']), yaml.valueAt(['targets']));
  const chosen = yaml.valueAt(['targets', name]);
  const secrets = yaml.valueAt(['secrets']);
  return {
    env,
    secrets: Array.isArray(secrets) ? secrets.map(String) : [],
    vars,
    target: { ...(typeof chosen === 'object' ? chosen : {}), name },
    docs: new Map(),
  };
}
