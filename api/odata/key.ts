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
  const names = given.map(([name]) => name).sort();
  if (
    names.join() !==
    set.keys
      .map(({ name }) => name)
      .sort()
      .join()
  )
    throw new BadRequest(
      `the key of ${set.name} is ${set.keys.map(({ name }) => name).join(', ')}`,
      `Write ${set.name}(${set.keys.map(({ name }) => `${name}=...`).join(',')}).`,
    );
  return readFilter(set, given.map(([name, value]) => `${name} eq ${value.trim()}`).join(' and '));
}
