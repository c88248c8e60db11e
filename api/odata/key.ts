import { BadRequest } from '../query/bad-request.ts';
import { type Condition, readFilter } from './filter.ts';
import type { EntitySet } from './service.ts';

/**
 * The key of one entity as it stands in an address: `(413)`, or `(room='413',day=2013-08-23)`.
 * @throws BadRequest if it does not name each property of the key once.
 */
export function keyCondition(set: EntitySet, text: string): Condition {
  const [only] = set.keys;
  const parts = text.match(/(?:[^,']|'(?:[^']|'')*')+/g) ?? [];
  const named = parts.map((part) => /^\s*([\p{L}_][\p{L}\p{N}_]*)\s*=(.*)$/su.exec(part));
  const isBare = set.keys.length === 1 && parts.length === 1 && named[0] === null;
  const given = isBare
    ? [[only?.name ?? '', text] as const]
    : named.map((match) => [match?.[1] ?? '', match?.[2] ?? ''] as const);
  const keys = set.keys.map(({ name }) => name);
  const refused = () =>
    new BadRequest(
      `the key of ${set.name} is ${keys.join(', ')}`,
      `Write ${set.name}(${keys.map((name) => `${name}=...`).join(',')}).`,
    );
  const names = given.map(([name]) => name).sort();
  if (names.join() !== [...keys].sort().join()) throw refused();
  const condition = readFilter(set, given.map(([name, value]) => `${name} eq ${value.trim()}`).join(' and '));
  // A value is a value and not a condition more: `(1 or Value gt 5)` is no key.
  const parsed = condition.kind === 'and' ? condition.of : [condition];
  if (parsed.length !== keys.length || parsed.some(({ kind }) => kind !== 'compare' && kind !== 'null'))
    throw refused();
  return condition;
}
