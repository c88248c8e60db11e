import { UsageError } from '../text/errors.ts';
import { didYouMean, nearest } from '../text/suggest.ts';
import type { Graph } from './graph.ts';
import { isBuilt, type Manifest, type Node } from './manifest.ts';

export interface Selection {
  /** Unions; each may be an intersection with commas. Empty: everything. */
  readonly select: readonly string[];
  readonly exclude: readonly string[];
}

/** Selector methods, as in dbt: `tag:nightly`, `path:models/gold`. */
const methods = ['tag', 'path', 'file', 'resource_type', 'config.materialized', 'source', 'test_name'] as const;
type Method = (typeof methods)[number];

/**
 * The ids that a selection names. Tests come along with any model they read, as in dbt.
 * @throws UsageError for a selector that cannot be read or that matches nothing.
 */
export function selectNodes(manifest: Manifest, graph: Graph, selection: Selection): Set<string> {
  const all = [...manifest.nodes.values()].filter(isWork);
  const chosen =
    selection.select.length === 0 ? new Set(all.map((node) => node.id)) : union(selection.select, manifest, graph);
  for (const id of union(selection.exclude, manifest, graph)) chosen.delete(id);
  for (const id of [...chosen]) if (!isWork(manifest.nodes.get(id))) chosen.delete(id);
  return chosen;
}

/** Whether a run may have something to do for a node. */
function isWork(node: Node | undefined): boolean {
  return node?.kind !== 'source' && node?.kind !== 'exposure';
}

function union(terms: readonly string[], manifest: Manifest, graph: Graph): Set<string> {
  const found = new Set<string>();
  for (const term of terms.flatMap((text) => text.split(/\s+/)).filter((text) => text !== '')) {
    for (const id of intersection(term, manifest, graph)) found.add(id);
  }
  return withTests(found, manifest);
}

function intersection(term: string, manifest: Manifest, graph: Graph): Set<string> {
  const [first = new Set<string>(), ...rest] = term
    .split(',')
    .map((part) => withTests(matchOne(part, manifest, graph), manifest));
  return new Set([...first].filter((id) => rest.every((set) => set.has(id))));
}

/** `+x`, `x+`, `2+x+1`, `@x`-free: a name or a method's value with how far to go up and down. */
function matchOne(part: string, manifest: Manifest, graph: Graph): Set<string> {
  const match = /^(?:(\d*)\+)?(.+?)(?:\+(\d*))?$/.exec(part);
  const value = match?.[2];
  if (match === null || value === undefined || value.includes('+')) {
    throw new UsageError({
      what: `cannot read the selector "${part}"`,
      hint: 'Write a name, a glob, tag:x, path:x, with + or 2+ before and + or +2 behind.',
    });
  }
  const roots = [...manifest.nodes.values()].filter(matcher(value));
  if (roots.length === 0) {
    // All names of a project would be too long a list.
    const guess = nearest(value, likeValues(value, manifest));
    throw new UsageError({
      what: `nothing matches the selector "${value}"`,
      hint: guess === undefined ? 'See `datacycle ls`.' : `Did you mean "${guess}"?`,
    });
  }
  const found = new Set(roots.map((node) => node.id));
  const ids = roots.map((node) => node.id);
  if (match[1] !== undefined) for (const id of graph.ancestors(ids, depth(match[1]))) found.add(id);
  // Tests hang on models; going down means going to models, and their tests follow by themselves.
  if (part.endsWith(`+${match[3] ?? ''}`) && match[3] !== undefined) {
    for (const id of graph.descendants(ids, depth(match[3])))
      if (manifest.nodes.get(id)?.kind !== 'test') found.add(id);
  }
  return found;
}

function depth(digits: string): number {
  return digits === '' ? Number.POSITIVE_INFINITY : Number(digits);
}

function matcher(value: string): (node: Node) => boolean {
  const colon = value.indexOf(':');
  if (colon === -1) {
    const name = globToRegExp(value);
    const fileLike = value.includes('/');
    return (node) =>
      name.test(node.name) ||
      name.test(node.id) ||
      name.test(relationOf(node)) ||
      (fileLike && underPath(node.file, value)) ||
      folderMatches(node, value);
  }
  const method = value.slice(0, colon) as Method;
  const wanted = value.slice(colon + 1);
  const pattern = globToRegExp(wanted);
  switch (method) {
    case 'tag':
      return (node) => node.tags.some((tag) => pattern.test(tag));
    case 'path':
      return (node) => underPath(node.file, wanted) || pattern.test(node.file);
    case 'file':
      return (node) => pattern.test(node.file.slice(node.file.lastIndexOf('/') + 1));
    case 'resource_type':
      return (node) => node.kind === wanted;
    case 'config.materialized':
      return (node) => node.materialized === wanted;
    case 'source':
      return (node) => node.kind === 'source' && (pattern.test(node.name) || node.name.startsWith(`${wanted}.`));
    case 'test_name':
      return (node) => node.kind === 'test' && (pattern.test(node.generic ?? '') || pattern.test(node.name));
    default:
      method satisfies never;
      throw new UsageError({
        what: `there is no selector method "${String(method)}"`,
        hint: didYouMean(String(method), methods),
      });
  }
}

/** `gold.dim_room`: the name that reports show. */
function relationOf(node: Node): string {
  return isBuilt(node) ? `${node.relation.schema}.${node.relation.name}` : '';
}

/** What a selector that matches nothing could have said: tags for a tag, paths for a path, otherwise names. */
function likeValues(value: string, manifest: Manifest): Set<string> {
  const nodes = [...manifest.nodes.values()];
  const method = value.slice(0, Math.max(0, value.indexOf(':'))) as Method | '';
  const values = (): string[] => {
    switch (method) {
      case 'tag':
        return nodes.flatMap((node) => node.tags);
      case 'path':
        return nodes.flatMap((node) =>
          node.file.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/')),
        );
      case 'file':
        return nodes.map((node) => node.file.slice(node.file.lastIndexOf('/') + 1));
      case 'resource_type':
        return nodes.map((node) => node.kind);
      case 'config.materialized':
        return nodes.flatMap((node) => (node.kind === 'model' ? [node.materialized] : []));
      case 'source':
        return nodes.flatMap((node) => (node.kind === 'source' ? [node.name] : []));
      case 'test_name':
        return nodes.flatMap((node) => (node.kind === 'test' ? [node.generic ?? node.name] : []));
      default:
        return nodes.flatMap((node) => (node.kind === 'test' ? [] : [node.name]));
    }
  };
  return new Set(values().map((one) => (method === '' ? one : `${method}:${one}`)));
}

/** `silver` or `gold.facts`: every node in that folder of models/, as dbt's fully qualified names allow. */
function folderMatches(node: Node, value: string): boolean {
  if (node.kind !== 'model') return false;
  const folder = node.file
    .replace(/^models\//, '')
    .split('/')
    .slice(0, -1);
  const wanted = value.split('.');
  return wanted.length <= folder.length && wanted.every((part, index) => globToRegExp(part).test(folder[index] ?? ''));
}

function underPath(file: string, path: string): boolean {
  const folder = path.replaceAll('\\', '/').replace(/^\.\//, '').replace(/\/+$/, '');
  return file === folder || file.startsWith(`${folder}/`);
}

function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}

function withTests(found: ReadonlySet<string>, manifest: Manifest): Set<string> {
  const grown = new Set(found);
  for (const node of manifest.nodes.values()) {
    if (node.kind === 'test' && node.dependsOn.some((id) => found.has(id))) grown.add(node.id);
  }
  return grown;
}
