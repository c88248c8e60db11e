import { UsageError } from '../text/errors.ts';
import { didYouMean } from '../text/suggest.ts';
import type { Criterion } from './criterion.ts';
import { isNamed } from './fqn.ts';
import { foldersAbove, glob, pathGlob } from './glob.ts';
import type { ManifestFile } from './manifest-file.ts';
import { Comparison, type SameSql, states } from './modified.ts';
import type { PreviousState, SourceResult } from './previous-state.ts';
import { resourceTypes, type Selectable, type Selectables } from './selectable.ts';
import { uniqueId } from './unique-id.ts';

/** What a selector is compared with. */
export interface MatchContext extends Selectables {
  readonly project: string;
  /** What an earlier run left, where --state names it. */
  readonly previous: PreviousState | undefined;
  /** What the last run left in target/. */
  readonly last: () => PreviousState | undefined;
  /** The manifest of now, as it would be written. */
  readonly manifest: () => ManifestFile;
  readonly sameSql: SameSql;
}

type Matcher = (node: Selectable) => boolean;

const nothing: Matcher = () => false;

/** Whether a node is one that a selector names, before it goes up or down. @throws UsageError for a value that makes no sense. */
export function matcherOf(criterion: Criterion, context: MatchContext): Matcher {
  const { method } = criterion;
  const value = typeof criterion.value === 'string' ? criterion.value : String(criterion.value);
  switch (method) {
    case 'fqn':
      return named(value, context);
    case 'tag':
      return anyOf(value, ({ tags }) => tags);
    case 'group':
      return anyOf(value, ({ group }) => (group === undefined ? [] : [group]));
    case 'access':
      return ({ access }) => access === value;
    case 'path':
      return inPath(value);
    case 'file':
      return anyOf(value, ({ file }) => fileNames(file));
    case 'package':
      return anyOf(value === 'this' ? context.project : value, ({ project }) => [project]);
    case 'config':
      return configured(criterion);
    case 'source':
      return ofSource(value);
    case 'exposure':
      return ofPackage(value, 'exposure');
    case 'unit_test':
      return ofPackage(value, 'unit_test');
    case 'resource_type':
      return ofType(value);
    case 'test_name':
      return testNamed(value);
    case 'test_type':
      return ofTestType(value);
    case 'version':
      return ofVersion(value);
    case 'metric':
    case 'semantic_model':
    case 'saved_query':
      // A project has none of these.
      return nothing;
    case 'state':
      return inState(value, context);
    case 'result':
      return withResult(value, context);
    case 'source_status':
      return withSourceStatus(value, context);
    default:
      return method satisfies never;
  }
}

/** A node that has one of its texts match the glob. */
function anyOf(value: string, texts: (node: Selectable) => readonly string[]): Matcher {
  const pattern = glob(value);
  return (node) => texts(node).some((text) => pattern.test(text));
}

/** What has the name or folder; if nothing has, what is called so by its id or in reports. */
function named(value: string, { nodes }: MatchContext): Matcher {
  const isThere = (node: Selectable) => node.type !== 'source' && isNamed(node.fqn, value);
  if ([...nodes.values()].some(isThere)) return isThere;
  return (node) => node.type !== 'source' && node.aliases.includes(value);
}

/** What is written in a file or below a folder of this path, or described in such a file. */
function inPath(value: string): Matcher {
  const matches = pathGlob(value);
  const known = new Map<string, boolean>();
  const isThere = (path: string) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const found = matches(path);
    known.set(path, found);
    return found;
  };
  return ({ file, properties }) =>
    isThere(file) || (properties !== undefined && isThere(properties)) || foldersAbove(file).some(isThere);
}

/** A file's name, with and without its extension. */
function fileNames(file: string): string[] {
  const name = file.slice(file.lastIndexOf('/') + 1);
  return [name, name.replace(/(?!^)\.[^.]*$/, '')];
}

function ofSource(value: string): Matcher {
  const parts = value.split('.');
  if (parts.length > 3)
    throw new UsageError({
      what: `"source:${value}" names no source`,
      hint: 'Write source:name, source:name.table or source:project.name.table.',
    });
  const [project, name, table] = (
    parts.length === 3 ? parts : parts.length === 2 ? ['*', ...parts] : ['*', ...parts, '*']
  ).map(glob);
  return (node) =>
    node.source !== undefined &&
    project?.test(node.project) === true &&
    name?.test(node.source.name) === true &&
    table?.test(node.source.table) === true;
}

/** `name` or `project.name` of a kind. */
function ofPackage(value: string, type: 'exposure' | 'unit_test'): Matcher {
  const parts = value.split('.');
  if (parts.length > 2)
    throw new UsageError({
      what: `"${type}:${value}" names no ${type.replace('_', ' ')}`,
      hint: `Write ${type}:name or ${type}:project.name.`,
    });
  const [project, name] = (parts.length === 2 ? parts : ['*', ...parts]).map(glob);
  return (node) =>
    node.type === type && project?.test(node.project) === true && name?.test(node.fqn.at(-1) ?? '') === true;
}

function ofType(value: string): Matcher {
  if (!resourceTypes.some((type) => type === value))
    throw new UsageError({
      what: `"${value}" is no resource type`,
      hint: didYouMean(value, resourceTypes),
    });
  return ({ type }) => type === value;
}

function testNamed(value: string): Matcher {
  const pattern = glob(value);
  return ({ type, generic, fqn }) =>
    type === 'unit_test' ? pattern.test(fqn.at(-1) ?? '') : generic !== undefined && pattern.test(bareName(generic));
}

/** The name of a test of a package, `dbt_utils.x`, without the package. */
function bareName(generic: string): string {
  return generic.slice(generic.lastIndexOf('.') + 1);
}

function ofTestType(value: string): Matcher {
  switch (value) {
    case 'generic':
    case 'schema':
      return ({ type, generic }) => type === 'test' && generic !== undefined;
    case 'singular':
      return ({ type, generic }) => type === 'test' && generic === undefined;
    case 'data':
      return ({ type }) => type === 'test';
    case 'unit':
      return ({ type }) => type === 'unit_test';
    default:
      throw new UsageError({
        what: `"${value}" is no type of tests`,
        hint: didYouMean(value, ['generic', 'singular', 'data', 'unit']),
      });
  }
}

/** Models have no versions here, so that all are of none. */
function ofVersion(value: string): Matcher {
  const known = ['latest', 'prerelease', 'old', 'none'];
  if (!known.includes(value))
    throw new UsageError({ what: `"${value}" is no version of a model`, hint: didYouMean(value, known) });
  return ({ type }) => value === 'none' && type === 'model';
}

function inState(value: string, { previous, manifest, sameSql }: MatchContext): Matcher {
  if (!states.includes(value))
    throw new UsageError({ what: `"${value}" is no state`, hint: didYouMean(value, states) });
  const earlier = needed(previous?.manifest, 'manifest.json', `state:${value}`);
  const comparison = new Comparison(earlier, manifest(), sameSql);
  return (node) => comparison.isIn(uniqueId(node), value);
}

function withResult(value: string, { previous, last }: MatchContext): Matcher {
  const results = needed((previous ?? last())?.results, 'run_results.json', `result:${value}`);
  const ids = new Set(results.filter(({ status }) => status === value).map(({ unique_id: id }) => id));
  return (node) => ids.has(uniqueId(node));
}

/** Sources with newer rows than when --state was written; a new source is newer than none. */
function withSourceStatus(value: string, { previous, last }: MatchContext): Matcher {
  if (value !== 'fresher')
    throw new UsageError({ what: `"${value}" is no status of a source`, hint: 'There is source_status:fresher.' });
  const times = (results: readonly SourceResult[]) =>
    new Map(results.flatMap(({ unique_id: id, max_loaded_at: at }) => (at ? [[id, Date.parse(at)] as const] : [])));
  const before = times(needed(previous?.sources, 'sources.json', 'source_status:fresher'));
  const now = times(needed(last()?.sources, 'sources.json', 'source_status:fresher', 'target'));
  return (node) =>
    (now.get(uniqueId(node)) ?? Number.NEGATIVE_INFINITY) > (before.get(uniqueId(node)) ?? Number.NEGATIVE_INFINITY);
}

/** @param folder where it should be. */
function needed<T>(found: T | undefined, file: string, selector: string, folder = '--state'): T {
  if (found !== undefined) return found;
  const hint =
    folder === '--state'
      ? `Name a folder that has one by --state: a copy of target/ of an earlier run.`
      : `It is written into ${folder}/ by the command that finds it out.`;
  throw new UsageError({ what: `"${selector}" needs a ${file}, and there is none`, hint });
}

/** A setting, e.g. `config.meta.owner:anna`; one of the values of a list is enough. */
function configured({ keys, value }: Criterion): Matcher {
  const isSeverity = keys.length === 1 && keys[0] === 'severity';
  const isValue = (set: unknown) => {
    if (typeof set === 'boolean') return set === value || String(set) === String(value).toLowerCase();
    if (isSeverity) return String(set).toLowerCase() === String(value).toLowerCase();
    return set === value;
  };
  return ({ config }) => {
    const set = keys.reduce(inside, config as unknown);
    if (set === undefined || keys.length === 0) return false;
    return Array.isArray(set) ? set.some(isValue) : isValue(set);
  };
}

function inside(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
