// The project as it lies on disk. Nothing is compiled here, and no database is needed.
//
//   1. read-project.ts      reads and checks project.yml; project.ts, file-tree.ts find and read the files of models, macros, seeds
//                           and tests; not-read.ts names what dbt would read
//   2. properties.ts        reads the .yml files that describe models, seeds and sources
//   3. config.ts, *-schema  say which settings exist and which values they take
//   4. folder-config.ts, overlay.ts, additive-settings.ts  merge settings: project.yml by folder, then the .yml, then the model
//
// Every setting is checked when it is read: an unknown key is a problem with its place and a suggestion.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Problem, ProjectError, type SourceTexts, UsageError } from '../text/errors.ts';
import { readSource, type SourceFile } from '../text/source-file.ts';
import { didYouMean } from '../text/suggest.ts';
import type { YamlFile } from '../yaml/yaml-file.ts';
import { FileTree } from './file-tree.ts';
import { filesNotRead } from './not-read.ts';
import type { ProjectSettings, Target } from './project-schema.ts';

/** A project as it lies on disk: settings and texts, nothing compiled. */
export interface Project {
  readonly root: string;
  readonly settings: ProjectSettings;
  /** project.yml itself, for places in messages. */
  readonly settingsFile: YamlFile;
  readonly target: { readonly name: string } & Target;
  /** Variables of project.yml, then of the target, then of the command line. */
  readonly vars: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly models: readonly SourceFile[];
  readonly macros: readonly SourceFile[];
  readonly properties: readonly SourceFile[];
  readonly tests: readonly SourceFile[];
  /** The folders of the data tests, relative to the root. */
  readonly testPaths: readonly string[];
  /** Paths of the seed CSVs relative to the root; their content is read when they are loaded. */
  readonly seeds: readonly string[];
}

export interface ProjectOptions {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly target?: string | undefined;
  readonly vars?: Readonly<Record<string, unknown>> | undefined;
}

/** project.yml, checked. */
export interface CheckedSettings {
  readonly settings: ProjectSettings;
  readonly settingsFile: YamlFile;
  readonly problems: readonly Problem[];
}

/** The text of project.yml. @throws UsageError if the folder holds no project. */
export function readSettingsFile(root: string): SourceFile {
  if (existsSync(join(root, 'project.yml'))) return readSource(root, 'project.yml');
  throw new UsageError({
    what: `there is no project.yml in ${root}`,
    hint: "Run datacycle in the project's root folder, or name it with --project-dir.",
  });
}

/**
 * Finds and reads the files below models/, macros/, seeds/ and the test paths (tests/).
 * @throws UsageError if the target is unknown; ProjectError for faults in project.yml, and for files that are no text.
 */
export function gatherProject(
  options: ProjectOptions,
  { settings, settingsFile, problems: faults }: CheckedSettings,
): Project {
  const { root, env } = options;
  const problems = [...faults];
  const targets = settings.targets ?? {};
  const targetName = options.target ?? env.DATACYCLE_TARGET ?? settings.target ?? Object.keys(targets)[0] ?? 'default';
  const target = targets[targetName];
  // A target needs no entry of its own when an environment file is all that sets it apart.
  const isKnown = target !== undefined || existsSync(join(root, `.env.${targetName}`));
  if (!isKnown && (options.target !== undefined || settings.target !== undefined)) {
    throw new UsageError({
      what: `there is no target "${targetName}" in project.yml`,
      hint: didYouMean(targetName, Object.keys(targets)) ?? `Add it under targets, or write a file .env.${targetName}.`,
    });
  }
  const tree = new FileTree(root);
  const read = (paths: readonly string[]) =>
    paths.flatMap((path) => {
      try {
        return [readSource(root, path)];
      } catch (error) {
        if (!(error instanceof ProjectError)) throw error;
        problems.push(...error.problems);
        return [];
      }
    });
  const testPaths = pathsOfTests(settings, root, settingsFile, problems);
  problems.push(...filesNotRead(tree, testPaths));
  const project: Project = {
    root,
    settings,
    settingsFile,
    target: { name: targetName, ...target },
    vars: { ...settings.vars, ...target?.vars, ...options.vars },
    env,
    models: read(tree.find(['models/**/*.sql'])),
    macros: read(tree.find(['macros/**/*.sql'])),
    properties: read(tree.find(['{models,seeds}/**/*.{yml,yaml}'])),
    tests: testPaths.flatMap((path) => read(tree.within(path, '**/*.sql'))),
    testPaths,
    seeds: tree.find(['seeds/**/*.csv']),
  };
  if (problems.length > 0) throw new ProjectError(problems);
  return project;
}

function pathsOfTests(
  { 'test-paths': hyphened, test_paths: underscored }: ProjectSettings,
  root: string,
  file: YamlFile,
  problems: Problem[],
): readonly string[] {
  const key = hyphened === undefined ? 'test_paths' : 'test-paths';
  const written = hyphened ?? underscored;
  const paths = (written ?? ['tests']).map((path) => path.replaceAll('\\', '/').replace(/^\.\/|\/+$/g, ''));
  for (const [index, path] of paths.entries())
    if (written !== undefined && !existsSync(join(root, path)))
      problems.push(file.problem(`there is no folder ${path}`, [key, index]));
  return paths;
}

/** The texts of a project's files by their paths, to quote a line of one. */
export function sourceTexts(project: Project): SourceTexts {
  const { models, macros, properties, tests, settingsFile } = project;
  const files = [...models, ...macros, ...properties, ...tests, settingsFile.file];
  const texts = new Map(files.map((file) => [file.path, file.text]));
  return (file) => texts.get(file);
}
