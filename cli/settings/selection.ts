import type { Selection } from '../../runner/manifest/select.ts';

/** What the flags of a command select. */
export function selectionOf(flags: {
  readonly select?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}): Selection {
  return { select: flags.select ?? [], exclude: flags.exclude ?? [] };
}
