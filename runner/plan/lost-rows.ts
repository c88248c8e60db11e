import type { BuiltNode } from '../manifest/manifest.ts';
import type { Pruned } from '../state/pruned.ts';
import { NodeError } from '../text/errors.ts';

/**
 * Refuses a rebuild of an incremental model whose sources have been pruned: it would lose the rows that came from them. Pure.
 * @throws NodeError that says what to do instead.
 */
export function refuseToLose(
  node: BuiltNode,
  decision: { readonly mode: string; readonly reason: string },
  pruned: ReadonlyMap<string, Pruned>,
): void {
  if (node.materialized !== 'incremental' || node.config.full_refresh === false) return;
  if (decision.mode !== 'create' && decision.mode !== 'replace') return;
  const gone = [...pruned].map(([name, { loadId, at }]) => `${name} (up to load ${loadId}, on ${at.slice(0, 10)})`);
  if (gone.length === 0) return;
  const rebuilt = decision.mode === 'replace';
  throw new NodeError({
    what: `${node.name} would ${rebuilt ? `be rebuilt (${decision.reason})` : 'be made of the whole history'}, but rows it is made of have been pruned: ${gone.join(', ')}`,
    where: node.file,
    hint: `Nothing was touched. Run \`datacycle load --from-bronze\` first: it lands them again. Where Bronze has been pruned, too, ${
      rebuilt ? 'the history is in this table only' : 'the history is gone'
    }: set full_refresh: false for the model to ${rebuilt ? 'keep it as it is' : 'begin with what there is'}.`,
  });
}

/** The types that event_time may have, and how the start of a day is written in each; whole numbers are its keys. */
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
 * Undefined for a type that is no date or time.
 */
export function dayLiteral(type: string, at: Date): string | undefined {
  return literals[type]?.(at.toISOString().slice(0, 10));
}

/** Rows that a rebuild retains, because retention has deleted the upstream rows that they came from. */
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
export function keptOf(node: BuiltNode, expired: ReadonlyMap<string, Date>): Kept | undefined {
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
  node: BuiltNode,
  decision: { readonly mode: string; readonly reason: string },
  state: {
    readonly existing: { readonly referencedBy: readonly unknown[] } | undefined;
    readonly expired: ReadonlyMap<string, Date>;
  },
): void {
  if (decision.mode !== 'replace' || !lacksExpired(node, state.expired)) return;
  if ((state.existing?.referencedBy.length ?? 0) > 0) return;
  const gone = [...state.expired].map(([name, at]) => `${name} (before ${at.toISOString().slice(0, 10)})`).join(', ');
  throw new NodeError({
    what: `${node.name} would be rebuilt (${decision.reason}), but retention has deleted rows it is made of: ${gone}`,
    where: node.file,
    hint: `Nothing was touched. To keep what it says of them, leave it out (\`--exclude ${node.name}\`) or set full_refresh: false for it. To rebuild it, rebuild ${[...state.expired.keys()].join(', ')} first: that brings back what staging still has.`,
  });
}

/** Whether retention has deleted upstream rows of a model that has no event_time, so that its own rows made of them cannot be found. */
export function lacksExpired(node: BuiltNode, expired: ReadonlyMap<string, Date>): boolean {
  return (
    node.kind === 'model' &&
    node.materialized === 'incremental' &&
    node.config.event_time === undefined &&
    expired.size > 0
  );
}
