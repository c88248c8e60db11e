import { expect } from 'vitest';

const added = Symbol.for('datacycle: bytes are compared as bytes');
const known = globalThis as { [added]?: true };

/**
 * Bytes are compared as bytes: vitest compares two files of a megabyte as two lists of a million numbers, which takes seconds.
 * Files of tests share a process and its comparisons, so this is added once.
 */
if (known[added] === undefined) {
  known[added] = true;
  expect.addEqualityTesters([
    function areEqualBytes(one: unknown, other: unknown): boolean | undefined {
      const isOfOneKind =
        one instanceof Uint8Array && other instanceof Uint8Array && one.constructor === other.constructor;
      return isOfOneKind ? Buffer.compare(one, other) === 0 : undefined;
    },
  ]);
}
