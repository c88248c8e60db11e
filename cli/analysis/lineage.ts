// What reading the SQL tells of a project. None of these commands needs a database.
//
//   lineage.ts      `lineage`: where a column comes from, where it goes
//   column-name.ts  the column that an argument names
//   columns.ts      `ls --columns`
//   lint.ts         `lint`: what breaks a rule
//
// The parser and the lineage are loaded by these commands alone: the others start without them.

import { compiledProject } from '../../runner/cache/cache.ts';
import type { Origin, ProjectLineage } from '../../runner/lineage/lineage.ts';
import {
  type ColumnName,
  downstreamOf,
  keyOf,
  modelsFilteredBy,
  type Step,
  upstreamOf,
} from '../../runner/lineage/trace.ts';
import { nameInId } from '../../runner/manifest/node-id.ts';
import type { Project } from '../../runner/project/project.ts';
import { formatPlace } from '../../runner/text/place.ts';
import { lineageOf } from '../selection/column-lineage.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { columnsNamed } from './column-name.ts';

export interface LineageFlags {
  readonly upstream?: boolean | undefined;
  readonly downstream?: boolean | undefined;
  readonly output?: string | undefined;
}

/**
 * Says where columns come from and where they go.
 * @param names `model.column`, or a model for all of its columns; none: the whole project, as JSON only.
 */
export async function lineage(
  project: Project,
  names: readonly string[],
  flags: LineageFlags,
  terminal: Terminal,
): Promise<0> {
  const compiled = await compiledProject(project);
  const found = await lineageOf(compiled);
  const isJson = terminal.json || flags.output === 'json';
  if (names.length === 0) {
    if (isJson) terminal.output(JSON.stringify({ nodes: found }));
    else for (const id of Object.keys(found)) for (const one of directLines(found, id)) terminal.output(one);
    return 0;
  }
  const both = (flags.upstream ?? false) === (flags.downstream ?? false);
  const asked = { upstream: both || flags.upstream === true, downstream: both || flags.downstream === true };
  for (const name of columnsNamed(names, compiled.manifest, found)) {
    if (isJson) terminal.output(JSON.stringify(traced(found, name, asked)));
    else for (const line of lines(found, name, asked)) terminal.output(line);
  }
  return 0;
}

interface Asked {
  readonly upstream: boolean;
  readonly downstream: boolean;
}

function traced(lineage: ProjectLineage, name: ColumnName, asked: Asked): object {
  const node = lineage[name.node];
  const column = node?.columns.find((one) => one.column === name.column);
  return {
    ...name,
    place: column?.place,
    unknown: [...(column?.unknown ?? []), ...(node?.unknown ?? [])],
    filtered_by: node?.filteredBy ?? [],
    ...(asked.upstream ? { upstream: upstreamOf(lineage, name) } : {}),
    ...(asked.downstream
      ? { downstream: downstreamOf(lineage, name), filters_rows_of: modelsFilteredBy(lineage, name) }
      : {}),
  };
}

function* lines(lineage: ProjectLineage, name: ColumnName, asked: Asked): Generator<string> {
  const node = lineage[name.node];
  const column = node?.columns.find((one) => one.column === name.column);
  yield `${shown(name)}${column?.place === undefined ? '' : `   ${formatPlace(column.place)}`}`;
  for (const what of [...(column?.unknown ?? []), ...(node?.unknown ?? [])]) yield `  not known: ${what}`;
  if (asked.upstream) {
    if (column !== undefined && column.from.length === 0)
      yield name.node.startsWith('model.') ? '  a constant of its SQL' : '  comes from outside';
    yield* tree(upstreamOf(lineage, name), name, 'from', '  ');
    const filters = node?.filteredBy ?? [];
    if (filters.length > 0) yield `  rows filtered by ${grouped(filters).join(', ')}`;
  }
  if (asked.downstream) {
    const steps = downstreamOf(lineage, name);
    yield steps.length === 0 ? '  leads to nothing' : '  leads to';
    yield* tree(steps, name, 'to', '    ');
    const filtered = modelsFilteredBy(lineage, name);
    if (filtered.length > 0) yield `  filters the rows of ${filtered.map(nameInId).join(', ')}`;
  }
}

const words = {
  from: { copied: 'copied from', computed: 'computed from', filtered: 'filtered by' },
  to: { copied: 'copied into', computed: 'computed into', filtered: 'filters' },
} as const;

/** At most so many paths into a document are printed; the JSON output has all. */
const mostPaths = 6;

/** The steps as a tree; what has been printed is not printed again. @param end where a step leads, away from the start. */
function* tree(
  steps: readonly Step[],
  start: ColumnName,
  end: 'from' | 'to',
  indent: string,
  printed = new Set<string>([keyOf(start)]),
): Generator<string> {
  const near = end === 'from' ? 'to' : 'from';
  const next = new Map<string, Step[]>();
  for (const step of steps) {
    if (keyOf(step[near]) !== keyOf(start) || keyOf(step[end]) === keyOf(start)) continue;
    const key = `${step.how} ${keyOf(step[end])}`;
    next.set(key, [...(next.get(key) ?? []), step]);
  }
  for (const group of next.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const far = { node: first[end].node, column: first[end].column };
    const paths = end === 'from' ? group.flatMap(({ from }) => from.path ?? []) : [];
    const isPrinted = printed.has(keyOf(far));
    const way = paths.length === 0 ? '' : ` at ${listed(paths)}`;
    const word = words[end][first.how];
    const itself = far.node === first[near].node ? ' of its own rows' : '';
    const goesOn = steps.some((step) => keyOf(step[near]) === keyOf(far)) && first.how !== 'filtered';
    yield `${indent}${word} ${shown(far)}${way}${itself}${isPrinted && goesOn && itself === '' ? ' (above)' : ''}`;
    if (isPrinted || first.how === 'filtered') continue;
    printed.add(keyOf(far));
    yield* tree(steps, far, end, `${indent}  `, printed);
  }
}

/** Each column with what it comes from directly. */
function* directLines(lineage: ProjectLineage, id: string): Generator<string> {
  for (const { column, from, unknown } of lineage[id]?.columns ?? []) {
    const name = shown({ node: id, column });
    if (from.length > 0) yield `${name} <- ${grouped(from).join(', ')}`;
    for (const what of unknown) yield `${name} not known: ${what}`;
  }
}

/** The names of origins, those of one column together with their ways. */
export function grouped(origins: readonly Origin[]): string[] {
  const ways = new Map<string, string[]>();
  for (const origin of origins) {
    const name = shown({ node: origin.node, column: origin.column });
    ways.set(name, [...(ways.get(name) ?? []), ...(origin.path === undefined ? [] : [origin.path])]);
  }
  return [...ways].map(([name, paths]) => (paths.length === 0 ? name : `${name} (${listed(paths)})`));
}

function listed(paths: readonly string[]): string {
  const more = paths.length - mostPaths;
  return more > 1 ? `${paths.slice(0, mostPaths).join(', ')} and ${more} more` : paths.join(', ');
}

/** `model.column` as it is typed. */
export function shown({ node, column, path }: ColumnName): string {
  return `${nameInId(node)}.${column}${path === undefined ? '' : `.${path}`}`;
}
