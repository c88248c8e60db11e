// The project as it lies on disk. Nothing is compiled here, and no database is needed.
//
//   1. read-project.ts      reads and checks project.yml; project.ts, file-tree.ts find and read the files of models, macros, seeds
//                           and tests; not-read.ts names what dbt would read
//   2. properties.ts        reads the .yml files that describe models, seeds and sources; values/ renders what is a template there
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
import { type FolderKind, type Folders, folderKinds, foldersOf } from './folders.ts';
import { filesNotRead } from './not-read.ts';
import type { ProjectSettings, Target } from './project-schema.ts';

/** A project as it lies on disk: settings and texts, nothing compiled. */
export interface Project {
  readonly root: string;
  /** Where compiled SQL, artifacts and the compile cache are: target/, unless the command line says otherwise. */
  readonly targetFolder: string;
  readonly settings: ProjectSettings;
  /** project.yml itself, for places in messages. */
  readonly settingsFile: YamlFile;
  readonly target: { readonly name: string } & Target;
  /** Variables of project.yml, then of the target, then of the command line. */
  readonly vars: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly models: readonly SourceFile[];
  readonly macros: readonly SourceFile[];
  readonly snapshots: readonly SourceFile[];
  readonly analyses: readonly SourceFile[];
  /** Texts in Markdown, which may hold docs blocks. */
  readonly docs: readonly SourceFile[];
  readonly properties: readonly SourceFile[];
  readonly tests: readonly SourceFile[];
  /** The files with rows for unit tests, below `fixtures/` in the folders of the data tests. */
  readonly fixtures: readonly SourceFile[];
  /** The folders of each kind of file. */
  readonly folders: Folders;
  /** What in project.yml means nothing here. */
  readonly notices: readonly Problem[];
  /** The folders of the data tests, relative to the root. */
  readonly testPaths: readonly string[];
  /** Paths of the seed CSVs relative to the root; their content is read when they are loaded. */
  readonly seeds: readonly string[];
}

export interface ProjectOptions {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly target?: string | undefined;
  /** An absolute path; target/ in the root, if not given. */
  readonly targetFolder?: string | undefined;
  readonly vars?: Readonly<Record<string, unknown>> | undefined;
}

/** project.yml, checked. */
export interface CheckedSettings {
  readonly settings: ProjectSettings;
  readonly settingsFile: YamlFile;
  readonly problems: readonly Problem[];
  /** What in it means nothing here. */
  readonly notices: readonly Problem[];
}

/** The text of project.yml. @throws UsageError if the folder holds no project. */
export function readSettingsFile(root: string): SourceFile {
  if (existsSync(join(root, 'project.yml'))) return readSource(root, 'project.yml');
  throw new UsageError({
    what: `there is no project.yml in ${root}`,
    hint: existsSync(join(root, 'dbt_project.yml'))
      ? 'There is a dbt_project.yml: here it is called project.yml. Rename it; what of it means nothing here is then named.'
      : "Run datacycle in the project's root folder, or name it with --project-dir.",
  });
}

/**
 * Finds and reads the files below models/, macros/, seeds/ and the test paths (tests/).
 * @throws UsageError if the target is unknown; ProjectError for faults in project.yml, and for files that are no text.
 */
export function gatherProject(
  options: ProjectOptions,
  { settings, settingsFile, problems: faults, notices }: CheckedSettings,
): Project {
  const { root, env } = options;
  const problems = [...faults];
  const targets = settings.targets ?? {};
  const targetName = targetNameOf(options.target, env, settings.target, targets);
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
  const folders = foldersOf(settings, (path) => existsSync(join(root, path)), settingsFile, problems);
  problems.push(...filesNotRead(tree, folders));
  const within = (kinds: readonly FolderKind[], pattern: string) =>
    [...new Set(kinds.flatMap((kind) => folders[kind]))].flatMap((folder) => tree.within(folder, pattern));
  const project: Project = {
    root,
    targetFolder: targetFolderOf(options),
    settings,
    settingsFile,
    target: { name: targetName, ...target },
    vars: { ...varsOf(settings), ...target?.vars, ...options.vars },
    env,
    models: read(within(['model'], '**/*.sql')),
    snapshots: read(within(['snapshot'], '**/*.sql')),
    analyses: read(within(['analysis'], '**/*.sql')),
    macros: read(within(['macro'], '**/*.sql')),
    properties: read(within(folderKinds, '**/*.{yml,yaml}')),
    docs: read(within(folderKinds, '**/*.md')),
    tests: read(within(['test'], '**/*.sql').filter((file) => !isFixture(file))),
    fixtures: read(within(['test'], '**/fixtures/**/*.{csv,sql}')),
    folders,
    testPaths: folders.test,
    seeds: within(['seed'], '**/*.csv'),
    notices,
  };
  if (problems.length > 0) throw new ProjectError(problems);
  return project;
}

/** Where a project's compiled SQL, artifacts and compile cache are. */
export function targetFolderOf({ root, targetFolder }: Pick<ProjectOptions, 'root' | 'targetFolder'>): string {
  return targetFolder ?? join(root, 'target');
}

function isFixture(path: string): boolean {
  return path.includes('/fixtures/');
}

/** The target that is chosen: on the command line, in the environment, by project.yml, or the first one there. */
export function targetNameOf(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  wanted: unknown,
  targets: unknown,
): string {
  const [first = 'default'] = typeof targets === 'object' && targets !== null ? Object.keys(targets) : [];
  return given ?? env.DATACYCLE_TARGET ?? (typeof wanted === 'string' ? wanted : first);
}

/** The variables of project.yml; as in dbt those under the project's name, too, which are the stronger. */
function varsOf({ name, vars = {} }: ProjectSettings): Readonly<Record<string, unknown>> {
  const own = vars[name];
  if (typeof own !== 'object' || own === null || Array.isArray(own)) return vars;
  const { [name]: _own, ...others } = vars;
  return { ...others, ...own };
}

/** All files of a project that are read as text. */
export function textsOf(project: Project): readonly SourceFile[] {
  const { models, snapshots, analyses, macros, properties, docs, tests, fixtures, settingsFile } = project;
  return [
    ...models,
    ...snapshots,
    ...analyses,
    ...macros,
    ...properties,
    ...docs,
    ...tests,
    ...fixtures,
    settingsFile.file,
  ];
}

/** The texts of a project's files by their paths, to quote a line of one. */
export function sourceTexts(project: Project): SourceTexts {
  // Not read as long as there is no problem to place.
  let texts: ReadonlyMap<string, string> | undefined;
  return (file) => {
    texts ??= new Map(textsOf(project).map(({ path, text }) => [path, text]));
    return texts.get(file);
  };
}
