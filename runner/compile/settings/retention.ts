import type { ModelNode, Node, SeedNode } from '../../manifest/manifest.ts';
import type { Project } from '../../project/project.ts';
import type { Period } from '../../project/project-schema.ts';
import { NodeError, type Problem, ProjectError } from '../../text/errors.ts';
import { didYouMean } from '../../text/suggest.ts';

/** A model whose rows are kept for a while only. */
export interface Retention {
  readonly model: ModelNode;
  readonly keep: Period;
}

/**
 * How long rows are kept, by the `retention` of project.yml: that of a model, else that of its layer (the folder of
 * models/ it is in). A layer's counts for the tables that say when what a row tells of happened (`event_time`).
 * @throws ProjectError for a name that is neither, and for a model without a usable event_time.
 */
export function retentionOf(project: Project, nodes: ReadonlyMap<string, Node>): readonly Retention[] {
  const settings = project.settings.retention ?? {};
  const tables = [...nodes.values()].filter(
    (node): node is ModelNode =>
      node.kind === 'model' && (node.materialized === 'table' || node.materialized === 'incremental'),
  );
  const layers = new Set(tables.map(layerOf));
  const problems: Problem[] = [];
  for (const name of Object.keys(settings)) {
    const model = tables.find((node) => node.name === name);
    const complain = (what: string, hint: string | undefined) =>
      problems.push(project.settingsFile.problem(what, ['retention', name], hint));
    if (model !== undefined && model.config.event_time === undefined)
      complain(`${name} has no event_time: nothing says how old a row is`, `Set event_time in ${model.file}'s .yml.`);
    if (model === undefined && !layers.has(name)) {
      const known = [...layers, ...tables.map((node) => node.name)];
      complain(
        `"${name}" is no layer and no table`,
        didYouMean(name, known) ?? `Layers are ${[...layers].join(', ')}.`,
      );
    }
  }
  if (problems.length > 0) throw new ProjectError(problems);
  return tables.flatMap((model) => {
    const keep = settings[model.name] ?? settings[layerOf(model)];
    return keep === undefined || model.config.event_time === undefined ? [] : [{ model, keep }];
  });
}

function layerOf(node: ModelNode): string {
  return node.file.split('/')[1] ?? '';
}

/** The start (UTC) of the day that is so long ago; the last of the month where that has no such day. */
export function periodBefore(now: Date, { amount, unit }: Period): Date {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  if (unit === 'day' || unit === 'week')
    return new Date(Date.UTC(year, month, day - amount * (unit === 'week' ? 7 : 1)));
  const first = month - amount * (unit === 'year' ? 12 : 1);
  const lastDay = new Date(Date.UTC(year, first + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, first, Math.min(day, lastDay)));
}

/** The types that event_time may have, and how the start of a day is written in each; whole numbers are keys made of it. */
const literals: Readonly<Record<string, (day: string) => string>> = {
  date: (day) => `date '${day}'`,
  'timestamp with time zone': (day) => `timestamptz '${day} 00:00:00+00'`,
  'timestamp without time zone': (day) => `timestamp '${day} 00:00:00'`,
  integer: (day) => day.replaceAll('-', ''),
  bigint: (day) => `${day.replaceAll('-', '')}0000`,
};

export const eventTimeTypes = Object.keys(literals);

/**
 * The start of a day (UTC) as a value that event_time can be compared with: integer is YYYYMMDD, bigint YYYYMMDDHHMM.
 * Undefined for a type that says no time.
 */
export function dayLiteral(type: string, at: Date): string | undefined {
  return literals[type]?.(at.toISOString().slice(0, 10));
}

/** Rows that a rebuild leaves as they are: what they are made of has been deleted since. */
export interface Kept {
  readonly column: string;
  /** Rows from before this moment. */
  readonly before: Date;
}

/** How long before its rows end an upstream cannot be trusted to give all: a row may look at the one before it. */
const marginMs = 86_400_000;

/**
 * What a rebuild of a model must leave alone, given up to when rows of what it reads have been deleted.
 * @param expired by name of the model that lacks them.
 */
export function keptOf(node: ModelNode | SeedNode, expired: ReadonlyMap<string, Date>): Kept | undefined {
  const column = node.config.event_time;
  if (column === undefined || expired.size === 0) return undefined;
  const newest = Math.max(...[...expired.values()].map((at) => at.getTime()));
  return { column, before: new Date(newest + marginMs) };
}

/**
 * A rebuild of an incremental model without event_time would lose what it says of rows that retention has deleted. One
 * that others point at may be rebuilt: rows in use stay. Pure.
 * @throws NodeError that says how to go on.
 */
export function refuseToForget(
  node: ModelNode | SeedNode,
  decision: { readonly mode: string; readonly reason: string },
  state: {
    readonly existing: { readonly referencedBy: readonly unknown[] } | undefined;
    readonly expired: ReadonlyMap<string, Date>;
  },
): void {
  if (decision.mode !== 'replace' || !forgets(node, state.expired)) return;
  if ((state.existing?.referencedBy.length ?? 0) > 0) return;
  const gone = [...state.expired].map(([name, at]) => `${name} (before ${at.toISOString().slice(0, 10)})`).join(', ');
  throw new NodeError({
    what: `${node.name} would be rebuilt (${decision.reason}), but retention has deleted rows it is made of: ${gone}`,
    where: node.file,
    hint: `Nothing was touched. To keep what it says of them, leave it out (\`--exclude ${node.name}\`) or set full_refresh: false for it. To make it anew, rebuild ${[...state.expired.keys()].join(', ')} first: that brings back what staging still has.`,
  });
}

/** Whether a model is made of rows that retention has deleted, without an event_time that would tell which of its own. */
export function forgets(node: ModelNode | SeedNode, expired: ReadonlyMap<string, Date>): boolean {
  return (
    node.kind === 'model' &&
    node.materialized === 'incremental' &&
    node.config.event_time === undefined &&
    expired.size > 0
  );
}
