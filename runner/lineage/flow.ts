/**
 * How a column comes into another: `copied`, its values as they are; `computed`, as operands of an expression; `filtered`, only
 * in deciding which values and rows count.
 */
export type How = 'copied' | 'computed' | 'filtered';

/** Where values come from: a column of a node, or a part of the documents in it. */
export interface Part {
  readonly node: string;
  /** `*` for the rows as such, whatever they hold: what count(*) counts. */
  readonly column: string;
  /** The way into a JSON document: member names, `*` for each member or element. */
  readonly path: readonly string[];
  readonly how: How;
  /** Whether the value is that document, so that it can be taken apart: by `members` where the last `*` of the path is a member's name. */
  readonly open: 'document' | 'members' | 'no';
}

/** What an expression's values come from, and what cannot be known of it. */
export interface Flow {
  readonly parts: ReadonlyMap<string, Part>;
  /** Why something is missing here, in words. */
  readonly gaps: ReadonlySet<string>;
}

/** What comes from nowhere: constants. */
export const nothing: Flow = { parts: new Map(), gaps: new Set() };

/** No document of a source is taken apart deeper than that: a recursive query would do so for ever. */
const deepest = 12;

/** The values of a column of a node, as they are. */
export function column(node: string, name: string): Flow {
  return collect([{ node, column: name, path: [], how: 'copied', open: 'document' }], []);
}

/** The rows of a node. */
export function rowsOf(node: string): Flow {
  return collect([{ node, column: '*', path: [], how: 'computed', open: 'no' }], []);
}

export function gap(what: string): Flow {
  return { parts: new Map(), gaps: new Set([what]) };
}

/** All of them: of a part that comes in several ways, what tells most of its values. */
export function merge(...flows: readonly Flow[]): Flow {
  const [only, second] = flows;
  if (only !== undefined && second === undefined) return only;
  return collect(
    flows.flatMap(({ parts }) => [...parts.values()]),
    flows.flatMap(({ gaps }) => [...gaps]),
  );
}

/** As operands of an expression. @param stays true where a document among them is the value, or may be. */
export function computed(flow: Flow, stays = false): Flow {
  return changed(flow, (part) => ({
    ...part,
    how: part.how === 'filtered' ? 'filtered' : 'computed',
    open: stays ? part.open : 'no',
  }));
}

/** As what decides which values and rows count. */
export function filtered(flow: Flow): Flow {
  return changed(flow, (part) => ({ ...part, how: 'filtered', open: 'no' }));
}

/** A member or element of the documents. @param names the way to it, `*` for each. */
export function taken(flow: Flow, names: readonly string[]): Flow {
  return changed(flow, (part) => {
    if (part.open === 'no' || part.how === 'filtered' || part.path.length + names.length > deepest)
      return { ...part, how: part.how === 'filtered' ? 'filtered' : 'computed', open: 'no' };
    const path = part.open === 'members' && names.length > 0 ? part.path.slice(0, -1) : part.path;
    return { ...part, path: [...path, ...names], open: 'document' };
  });
}

/** A document whose members are the values. */
export function asMembers(flow: Flow): Flow {
  return changed(flow, (part) => ({
    ...part,
    how: part.how === 'filtered' ? 'filtered' : 'computed',
    open: part.open === 'document' && part.path.at(-1) === '*' ? 'members' : 'no',
  }));
}

function changed(flow: Flow, by: (part: Part) => Part): Flow {
  return flow.parts.size === 0 ? flow : collect([...flow.parts.values()].map(by), [...flow.gaps]);
}

function collect(parts: readonly Part[], gaps: readonly string[]): Flow {
  const found = new Map<string, Part>();
  for (const part of parts) {
    const key = JSON.stringify([part.open, part.node, part.column, ...part.path]);
    const other = found.get(key);
    found.set(key, other === undefined || ranks[part.how] > ranks[other.how] ? part : other);
  }
  return { parts: found, gaps: new Set(gaps) };
}

/** Of the ways in which a part comes, the one that counts: where it is computed in one of them, it is not copied. */
export const ranks: Readonly<Record<How, number>> = { filtered: 0, copied: 1, computed: 2 };
