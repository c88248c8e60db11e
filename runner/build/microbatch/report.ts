import { DatacycleError } from '../../../warehouse/errors.ts';
import type { MicrobatchNode } from '../../manifest/manifest.ts';
import { NodeError } from '../../text/errors.ts';

export interface FailedBatch {
  /** As {@link nameOfBatch} says it. */
  readonly name: string;
  readonly error: Error;
}

/** How many batches of one reason, and how many reasons, a message names. */
const shown = 10;

/** One error for all batches that failed: which, why, and where the first did. */
export function batchesFailed(node: MicrobatchNode, failed: readonly FailedBatch[], all: number): NodeError {
  const reasons = new Map<string, string[]>();
  for (const { name, error } of failed) {
    const reason = error.message.startsWith(`${node.name}: `)
      ? error.message.slice(node.name.length + 2)
      : error.message;
    reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  }
  const lines = [...reasons].map(([reason, names]) => `  ${someOf(names, ', ')}: ${reason}`);
  const which = someOf(
    failed.map(({ name }) => name),
    ', ',
  );
  const first = failed[0]?.error;
  const known = first instanceof DatacycleError ? first : undefined;
  return new NodeError({
    what: `${node.name}: ${failed.length} of ${all} ${all === 1 ? 'batch' : 'batches'} failed: ${which}`,
    where: known?.where ?? node.file,
    detail: [known?.detail, someOf(lines, '\n', '  ')].filter(Boolean).join('\n'),
    hint: [
      known?.hint,
      failed.length < all ? 'The others are done; the next run builds these again.' : 'The next run builds them again.',
    ]
      .filter(Boolean)
      .join(' '),
    cause: first,
  });
}

function someOf(list: readonly string[], separator: string, indent = ''): string {
  const more = list.length - shown;
  return more <= 0 ? list.join(separator) : [...list.slice(0, shown), `${indent}and ${more} more`].join(separator);
}
