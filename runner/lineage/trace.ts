import type { How } from './flow.ts';
import type { Origin, ProjectLineage } from './lineage.ts';

/** A column, or with `path` a part of the documents in it. */
export interface ColumnName {
  /** The id of a node. */
  readonly node: string;
  readonly column: string;
  readonly path?: string;
}

/** One step: `to` is made of `from`, or decided by it. */
export interface Step {
  readonly from: ColumnName;
  readonly to: ColumnName;
  readonly how: How;
}

/** All steps by which a column comes about, the nearest first, up to sources, seeds and constants; each once. */
export function upstreamOf(lineage: ProjectLineage, start: ColumnName): Step[] {
  return walk(
    start,
    (to) =>
      originsOf(lineage, to).map((from) => ({
        from: nameOf(from),
        to: { node: to.node, column: to.column },
        how: from.how,
      })),
    'from',
  );
}

/** All steps that lead on from a column, the nearest first; each once. */
export function downstreamOf(lineage: ProjectLineage, start: ColumnName): Step[] {
  const leading = new Map<string, Step[]>();
  for (const { node, columns } of Object.values(lineage))
    for (const { column, from } of columns)
      for (const origin of from) {
        const key = keyOf(origin);
        const step = { from: nameOf(origin), to: { node, column }, how: origin.how };
        leading.set(key, [...(leading.get(key) ?? []), step]);
      }
  return walk(
    start,
    (from) => (leading.get(keyOf(from)) ?? []).filter((step) => meets(from.path, step.from.path)),
    'to',
  );
}

/** The models whose rows a column has a part in choosing. */
export function modelsFilteredBy(lineage: ProjectLineage, { node, column, path }: ColumnName): string[] {
  return Object.values(lineage).flatMap((one) =>
    one.filteredBy.some((by) => by.node === node && by.column === column && meets(path, by.path)) ? [one.node] : [],
  );
}

function originsOf(lineage: ProjectLineage, { node, column }: ColumnName): readonly Origin[] {
  const found = lineage[node];
  if (column === '*') return found?.rowsFrom ?? [];
  return found?.columns.find((one) => one.column === column)?.from ?? [];
}

/** Breadth first. What decides about rows is named, but its own way is no part of that of the values. */
function walk(start: ColumnName, next: (at: ColumnName) => readonly Step[], end: 'from' | 'to'): Step[] {
  const found: Step[] = [];
  const seen = new Set([keyOf(start)]);
  for (let edge: readonly ColumnName[] = [start]; edge.length > 0; ) {
    const steps = edge.flatMap(next);
    found.push(...steps);
    edge = steps.flatMap(({ how, [end]: one }) => {
      if (how === 'filtered' || seen.has(keyOf(one))) return [];
      seen.add(keyOf(one));
      return [one];
    });
  }
  return found;
}

function nameOf({ node, column, path }: Origin): ColumnName {
  return { node, column, ...(path === undefined ? {} : { path }) };
}

/** What two names share if they are of one column, whatever part of it. */
export function keyOf({ node, column }: ColumnName): string {
  return `${node} ${column}`;
}

/** Whether two parts of a document have something in common: one holds the other. */
function meets(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  const [short, long] = [one.split('.'), other.split('.')].sort((a, b) => a.length - b.length);
  return (short ?? []).every((name, index) => name === '*' || long?.[index] === '*' || name === long?.[index]);
}
