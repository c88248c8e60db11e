import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Relationship, reachOf, relationshipsOf } from '../../../powerbi/model/relationships.ts';
import type { Exposure } from '../../../runner/manifest/exposure.ts';
import { exposure, household, key, to } from '../../integration/powerbi/reader/exposures.ts';

/** How many ways a filter on one table can take to another over active relationships; counted by walking them all. */
function ways(relationships: readonly Relationship[], from: string, target: string): number {
  return relationships
    .filter((one) => one.active && one.to.name === from)
    .reduce((sum, one) => sum + (one.from.name === target ? 1 : 0) + ways(relationships, one.from.name, target), 0);
}

function expectNoSecondWay(exposures: readonly Exposure[]): void {
  const relationships = relationshipsOf(exposures);
  for (const one of exposures)
    for (const other of exposures)
      expect(ways(relationships, one.name, other.name)).toBeLessThanOrEqual(one === other ? 0 : 1);
}

/** Tables that refer to tables with a higher number, as foreign keys without circles do. */
const anyModel = fc.integer({ min: 2, max: 8 }).chain((size) =>
  fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 24 }).map((pairs) =>
    Array.from({ length: size }, (_, number) =>
      exposure(`T${number}`, `t${number}`, {
        columns: [key('Key')],
        references: pairs
          .filter(([from, target]) => from === number && target > number)
          .map(([, target], index) => to(`T${target}`, 'Key', `Key ${index}`)),
      }),
    ),
  ),
);

describe('relationships', () => {
  it('are one for each foreign key', () => {
    fc.assert(
      fc.property(anyModel, (exposures) => {
        expect(relationshipsOf(exposures)).toHaveLength(exposures.flatMap(({ references }) => references).length);
      }),
    );
  });

  it('never leave two active ways between two tables', () => {
    expectNoSecondWay(household);
    fc.assert(fc.property(anyModel, expectNoSecondWay), { numRuns: 500 });
  });

  it('are active wherever that opens no second way', () => {
    fc.assert(
      fc.property(anyModel, (exposures) => {
        const relationships = relationshipsOf(exposures);
        for (const one of relationships.filter(({ active }) => !active)) {
          const more = relationships.map((other) => (other === one ? { ...other, active: true } : other));
          const second = exposures.some((a) => exposures.some((b) => ways(more, a.name, b.name) > 1));
          expect(second).toBe(true);
        }
      }),
    );
  });

  it('of facts are all active, but for a second one to the same table', () => {
    const facts = new Set(['Energy by minute', 'Device health by day', 'Forecast', 'Access']);
    const inactive = relationshipsOf(household).filter(({ from, active }) => facts.has(from.name) && !active);
    expect(inactive.map(({ reference }) => reference.column)).toEqual(['Issue date key']);
  });

  it('cope with a table that refers to itself', () => {
    const tree = exposure('Tree', 'tree', {
      columns: [key('Key'), key('Parent')],
      references: [to('Tree', 'Key', 'Parent')],
    });
    expect(relationshipsOf([tree]).map(({ active }) => active)).toEqual([false]);
  });

  it('tell what a filter reaches', () => {
    const reached = reachOf(relationshipsOf(household), "Anna's site");
    expect([...reached].sort()).toEqual(
      ['Access', "Anna's site", 'Apartment', 'Device health by day', 'Energy by minute', 'Forecast'].sort(),
    );
  });
});
