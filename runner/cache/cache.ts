// A project as it was compiled last, kept in target/cache.
//
//   1. cache.ts       opens and compiles a project: by what is kept, where that still holds, else from its files
//   2. inputs.ts      what compiling depends on: the program, all files, target, variables, and what it read of the environment
//   3. kept-checks.ts what each .yml file says: where one file has changed, the others are not parsed again
//   4. plain-data.ts  a compiled project as JSON, and back
//   5. kept-file.ts   a file of the cache, and for what it is valid
//      whole-file.ts  a file that is there whole or not at all
//
// Compiling reads nothing but the values of a Project, so what is kept holds if these are the same. A file that is damaged, of
// another version or of other inputs is as good as none. The parser and the compiler are loaded only where something is compiled.
import { join } from 'node:path';
import type { Compiled, FreshlyCompiled, Reads } from '../compile/compile.ts';
import { digest } from '../manifest/digest.ts';
import { Graph } from '../manifest/graph.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { indexNodes } from '../manifest/manifest-index.ts';
import {
  type CheckedSettings,
  gatherProject,
  type Project,
  type ProjectOptions,
  readSettingsFile,
  targetFolderOf,
} from '../project/project.ts';
import type { SourceFile } from '../text/source-file.ts';
import { type ParsedYaml, YamlFile } from '../yaml/yaml-file.ts';
import { digestOfSettings, holdsSecret, isAsItWas, keyOf, RecordedEnv } from './inputs.ts';
import { KeptChecks } from './kept-checks.ts';
import { readKept, writeKept } from './kept-file.ts';
import { attempt, fromText, toText } from './plain-data.ts';

declare const DATACYCLE_BUILD: string | undefined;

/** Changes with the program's source; bin/setup.mjs puts it in. Undefined where the program is not built: then nothing is kept. */
const thisBuild = typeof DATACYCLE_BUILD === 'undefined' ? undefined : DATACYCLE_BUILD;

/** Where the cache of a project is. It may be deleted at any time. @param targetFolder of the project. */
export function cacheFolder(targetFolder: string): string {
  return join(targetFolder, 'cache');
}

/** Opens a project; writes nothing. @throws UsageError | ProjectError as gatherProject does, and for faults in project.yml. */
export async function projectAt(options: ProjectOptions, build: string | undefined = thisBuild): Promise<Project> {
  return gatherProject(options, await settingsOf(options, readSettingsFile(options.root), build));
}

/** Compiles a project, and keeps what comes out. @throws ProjectError as compileProject does. */
export async function compiledProject(project: Project, build: string | undefined = thisBuild): Promise<Compiled> {
  const key = build === undefined ? undefined : keyOf(project, build);
  if (build === undefined || key === undefined) return freshlyCompiled(project, build);
  keepSettings(project, build);
  const path = join(cacheFolder(project.targetFolder), `manifest-${key.variant}.json`);
  const kept = readKept(path);
  const head = kept?.head as Head | undefined;
  if (kept !== undefined && head?.key === key.inputs && isAsItWas(head.env, project)) {
    const found = attempt(() => fromText(kept.body));
    if (found !== undefined) return { ...completed(found as Data), project, identity: identityOf(head) };
  }
  const env = new RecordedEnv(project);
  const checked = keptChecks(project.targetFolder, build);
  const { compileProject } = await import('../compile/compile.ts');
  const fresh = compileProject({ ...project, env: env.recording }, checked);
  checked.keep();
  const {
    graph: _graph,
    properties: _properties,
    query: _query,
    operation: _operation,
    project: _project,
    manifest,
    ...rest
  } = fresh;
  const { index: _index, ...nodes } = manifest;
  const data: Data = { ...rest, manifest: nodes };
  const body = attempt(() => toText(data));
  if (body === undefined || !env.isKnown || holdsSecret(body, project)) return { ...fresh, project };
  const now: Head = { key: key.inputs, env: env.reads };
  writeKept(path, { head: now, body });
  return { ...fresh, project, identity: identityOf(now) };
}

/** Compiles a project from its files and keeps nothing; knows the .yml files, and compiles queries. @throws ProjectError */
export async function freshlyCompiled(
  project: Project,
  build: string | undefined = thisBuild,
  reads?: Reads,
): Promise<FreshlyCompiled> {
  const { compileProject } = await import('../compile/compile.ts');
  return compileProject(project, build === undefined ? undefined : keptChecks(project.targetFolder, build), reads);
}

function keptChecks(targetFolder: string, build: string): KeptChecks {
  return new KeptChecks(join(cacheFolder(targetFolder), 'properties.json'), build);
}

interface Head {
  readonly key: string;
  /** What was read of the environment. */
  readonly env: Readonly<Record<string, string>>;
}

function identityOf({ key, env }: Head): string {
  return digest([key, Object.entries(env).sort()]);
}

/** What is kept of a compiled project: all but what follows from it. */
type Data = Omit<Compiled, 'graph' | 'project' | 'manifest'> & { readonly manifest: Omit<Manifest, 'index'> };

function completed({ manifest, ...rest }: Data): Omit<Compiled, 'project'> {
  const { nodes } = manifest;
  const graph = new Graph(new Map([...nodes.values()].map((node) => [node.id, node.dependsOn])));
  return { ...rest, graph, manifest: { ...manifest, index: indexNodes(nodes) } };
}

interface KeptSettings {
  readonly settings: CheckedSettings['settings'];
  readonly parsed: ParsedYaml;
  readonly notices: CheckedSettings['notices'];
}

/** Those that were kept and still hold. */
const keptSettings = new WeakSet<YamlFile>();

function settingsPath(targetFolder: string): string {
  return join(cacheFolder(targetFolder), 'settings.json');
}

async function settingsOf(
  options: ProjectOptions,
  file: SourceFile,
  build: string | undefined,
): Promise<CheckedSettings> {
  const kept = build === undefined ? undefined : readKept(settingsPath(targetFolderOf(options)));
  if (kept !== undefined && build !== undefined && kept.head === digestOfSettings(file, build)) {
    const found = attempt(() => fromText(kept.body)) as KeptSettings | undefined;
    if (found !== undefined) {
      const settingsFile = new YamlFile(file, found.parsed);
      keptSettings.add(settingsFile);
      return { settings: found.settings, settingsFile, problems: [], notices: found.notices };
    }
  }
  const { checkSettings } = await import('../project/read-project.ts');
  return checkSettings(file, options);
}

/** @param project without faults. Settings that depend on the environment by a template are not kept. */
function keepSettings({ targetFolder, settings, settingsFile, notices }: Project, build: string): void {
  if (keptSettings.has(settingsFile) || settingsFile.parsed.templates.length > 0) return;
  keptSettings.add(settingsFile);
  const body = attempt(() => toText({ settings, parsed: settingsFile.parsed, notices } satisfies KeptSettings));
  if (body !== undefined)
    writeKept(settingsPath(targetFolder), { head: digestOfSettings(settingsFile.file, build), body });
}
