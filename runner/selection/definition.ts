import { type Criterion, type IndirectSelection, parseCriterion } from './criterion.ts';

/** What to select: one selector, or several put together. */
export type Definition = Criterion | Combination;

export interface Combination {
  readonly kind: 'union' | 'intersection' | 'difference';
  readonly parts: readonly Definition[];
  /** How tests are taken along whose parents come from several parts. */
  readonly indirect: IndirectSelection;
  /** As it was written on the command line, where it should match something. */
  readonly expected?: string | undefined;
}

/** What the flags --select and --exclude say: a blank is "or", a comma "and". @throws UsageError */
export function parseFlags(
  { select, exclude }: { readonly select: readonly string[]; readonly exclude: readonly string[] },
  indirect: IndirectSelection,
): Definition {
  const everything = ['fqn:*', 'source:*', 'exposure:*'];
  const included = select.length === 0 ? union(everything, indirect, false) : union(select, indirect, true);
  return { kind: 'difference', parts: [included, union(exclude, indirect, true)], indirect: 'eager' };
}

function union(texts: readonly string[], indirect: IndirectSelection, isExpected: boolean): Combination {
  const parts = texts
    .flatMap((text) => text.trim().split(/\s+/))
    .map((term): Combination => {
      const all = term.split(',').map((one) => parseCriterion(one, indirect));
      return { kind: 'intersection', parts: all, indirect, expected: isExpected ? term : undefined };
    });
  return { kind: 'union', parts, indirect };
}
