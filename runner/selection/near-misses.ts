import { nearest } from '../text/suggest.ts';
import { type Criterion, type Method, parseCriterion } from './criterion.ts';
import { foldersAbove } from './glob.ts';
import type { Selectable, Selectables } from './selectable.ts';

/** How many names that contain what was asked for a message lists. */
const most = 3;

/**
 * What a selector that matches nothing could have meant: the nearest value of its method, then of any other, then names that
 * contain it, then names with a beginning that is spelt like it.
 * @param term several selectors with commas between them: each may match something, but nothing is in all of them.
 */
export function nearMisses(term: string, selectables: Selectables): string | undefined {
  const [only, ...others] = term.split(',');
  if (only === undefined || only === '') return 'An empty selector names nothing.';
  if (others.length > 0) return 'A comma means "and": nothing is in all of them. A blank means "or".';
  const criterion = parseCriterion(only, 'eager');
  const value = String(criterion.value);
  if (['state', 'result', 'source_status'].includes(criterion.method)) return 'No node is in that state.';
  if (value === '') return 'A + goes before or behind a name, e.g. +dim_room or dim_room+.';
  const guess =
    nearestOf(criterion, selectables) ?? containing(value, selectables) ?? beginningLike(value, selectables);
  if (guess !== undefined) return `Did you mean ${guess}?`;
  return value.includes('+') ? 'A + goes before or behind a name; a blank separates two.' : 'See `datacycle ls`.';
}

function nearestOf({ method, keys, value }: Criterion, { nodes }: Selectables): string | undefined {
  const all = [...nodes.values()];
  const own = nearest(String(value), valuesOf(method, all));
  const written = keys.length === 0 && method !== 'fqn' ? `${method}:` : '';
  if (own !== undefined && own !== value) return `"${written}${own}"`;
  for (const other of ['fqn', 'tag', 'source', 'exposure', 'path', 'group'] as const) {
    if (other === method) continue;
    const found = nearest(String(value), valuesOf(other, all));
    if (found !== undefined) return `"${other === 'fqn' ? found : `${other}:${found}`}"`;
  }
  return undefined;
}

function containing(value: string, { nodes }: Selectables): string | undefined {
  const bare = value.replace(/[*?]/g, '').toLowerCase();
  if (bare.length < 3) return undefined;
  const found = namesIn(nodes)
    .filter((name) => name.toLowerCase().includes(bare))
    .slice(0, most);
  return listed(found);
}

/** `fact_enrgy` for `fact_energy_minute`. */
function beginningLike(value: string, { nodes }: Selectables): string | undefined {
  const names = namesIn(nodes);
  const beginnings = (name: string) => {
    const words = name.split('_');
    return words.slice(1).map((_, index) => words.slice(0, index + 1).join('_'));
  };
  const guess = nearest(value, new Set(names.flatMap(beginnings)));
  return guess === undefined
    ? undefined
    : listed(names.filter((name) => beginnings(name).includes(guess)).slice(0, most));
}

function listed(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.map((name) => `"${name}"`).join(' or ');
}

function namesIn(nodes: Selectables['nodes']): readonly string[] {
  const named = [...nodes.values()].filter(({ type }) => type !== 'test' && type !== 'source');
  return [...new Set(named.map(nameOf))];
}

function nameOf({ fqn }: Selectable): string {
  return fqn.at(-1) ?? '';
}

/** The values that a method could have had. */
function valuesOf(method: Method, nodes: readonly Selectable[]): Set<string> {
  const of = (values: (node: Selectable) => readonly string[]) => new Set(nodes.flatMap(values));
  switch (method) {
    case 'fqn':
      return of((node) => (node.source === undefined ? [nameOf(node), ...foldersOf(node)] : []));
    case 'tag':
      return of(({ tags }) => tags);
    case 'group':
      return of(({ group }) => (group === undefined ? [] : [group]));
    case 'access':
      return of(({ access }) => (access === undefined ? [] : [access]));
    case 'path':
      return of(({ file, properties }) => [
        file,
        ...foldersAbove(file),
        ...(properties === undefined ? [] : [properties]),
      ]);
    case 'file':
      return of(({ file }) => [file.slice(file.lastIndexOf('/') + 1)]);
    case 'source':
      return of(({ source }) => (source === undefined ? [] : [source.name, `${source.name}.${source.table}`]));
    case 'exposure':
    case 'unit_test':
      return of((node) => (node.type === method ? [nameOf(node)] : []));
    case 'test_name':
      return of(({ generic }) => (generic === undefined ? [] : [generic]));
    case 'package':
      return of(({ project }) => [project]);
    default:
      return new Set();
  }
}

/** The folders of a model or seed, as names of folders are written: `gold`, `gold.facts`. */
function foldersOf({ type, fqn }: Selectable): string[] {
  if (type === 'test') return [];
  return fqn.slice(1, -1).map((_, index) => fqn.slice(1, index + 2).join('.'));
}
