import type { ExposedReference, Exposure } from '../../runner/manifest/exposure.ts';
import { scanDax } from './dax-scan.ts';
import { guidOf } from './guid.ts';
import type { TmdlObject } from './tmdl.ts';

/** A foreign key between two tables of the model. Filters go from `to` to `from`, never back. */
export interface Relationship {
  /** The table with the foreign key. */
  readonly from: Exposure;
  readonly reference: ExposedReference;
  readonly to: Exposure;
  readonly active: boolean;
}

/**
 * Every foreign key as a relationship. A filter must not have two ways from one table to another: Power BI refuses that.
 * So those of the facts (what nothing refers to) come first, in the order in which they are declared, then the others,
 * and each is active unless it opens a second way.
 */
export function relationshipsOf(exposures: readonly Exposure[]): Relationship[] {
  const byName = new Map(exposures.map((exposure) => [exposure.name, exposure]));
  const referred = new Set(exposures.flatMap((exposure) => exposure.references.map((one) => one.toExposure)));
  const facts = exposures.filter((exposure) => !referred.has(exposure.name));
  const others = exposures.filter((exposure) => referred.has(exposure.name));
  const filters = new Reach();
  return [...facts, ...others].flatMap((from) =>
    from.references.flatMap((reference) => {
      const to = byName.get(reference.toExposure);
      return to === undefined ? [] : [{ from, reference, to, active: filters.add(to.name, from.name) }];
    }),
  );
}

/** Which tables a filter on a table reaches over the active relationships. */
export function reachOf(relationships: readonly Relationship[], table: string): Set<string> {
  const reached = new Set([table]);
  // A set that grows while it is walked is walked to its end.
  for (const one of reached) {
    for (const { active, from, to } of relationships) if (active && to.name === one) reached.add(from.name);
  }
  return reached;
}

/** Whether a measure names an inactive relationship in USERELATIONSHIP; one that none names is of no use in the model. */
export function isActivated({ from, reference, to }: Relationship, exposures: readonly Exposure[]): boolean {
  const ends = [
    [from.name, reference.column],
    [to.name, reference.toColumn],
  ];
  return exposures.some(({ measures }) =>
    measures.some(({ expression }) => {
      if (!/\bUSERELATIONSHIP\s*\(/i.test(expression)) return false;
      const fields = scanDax(expression).references.filter((one) => one.kind === 'field');
      return ends.every(([table, name]) =>
        fields.some((one) => sameName(one.table, table) && sameName(one.name, name)),
      );
    }),
  );
}

function sameName(one: string, other = ''): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

export function relationshipObject({ from, reference, to, active }: Relationship): TmdlObject {
  return {
    type: 'relationship',
    name: guidOf('relationship', from.name, reference.column, to.name, reference.toColumn),
    properties: [
      ...(active ? [] : [{ name: 'isActive', value: false }]),
      { name: 'fromColumn', reference: [from.name, reference.column] },
      { name: 'toColumn', reference: [to.name, reference.toColumn] },
    ],
  };
}

/** A graph that takes an edge only if there is still at most one way between any two of its nodes. */
class Reach {
  readonly #targets = new Map<string, Set<string>>();

  /** True if the edge was taken. */
  add(from: string, to: string): boolean {
    const sources = [...this.#targets].filter(([, reached]) => reached.has(from)).map(([node]) => node);
    const starts = [from, ...sources];
    const ends = [to, ...(this.#targets.get(to) ?? [])];
    if (starts.some((start) => ends.some((end) => start === end || this.#targets.get(start)?.has(end)))) return false;
    for (const start of starts) this.#targets.set(start, new Set([...(this.#targets.get(start) ?? []), ...ends]));
    return true;
  }
}
