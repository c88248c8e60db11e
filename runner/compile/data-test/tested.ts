import { identifier, type RelationName } from '../../../warehouse/quote.ts';
import type { Config } from '../../project/config.ts';
import type { Draft } from '../draft/context.ts';

/** What a test reads: as it is written in SQL, and as the database knows it, unless it is part of the query itself. */
export interface Tested {
  readonly sql: string;
  /** Undefined for an ephemeral model. */
  readonly relation: RelationName | undefined;
  /** Whether a column that is written like this has its name in just this case. */
  readonly keepsCase: (column: string) => boolean;
}

/** Another node that a test reads. */
export interface Found extends Tested {
  readonly id: string;
  readonly name: string;
}

/** What a test is about. */
export interface TestSubject extends Tested {
  readonly id: string;
  readonly name: string;
  readonly isSource?: boolean | undefined;
  /** The column as the .yml names it; undefined for a test of the whole model. */
  readonly column: string | undefined;
  /** The .yml says that the column's name is to be quoted. */
  readonly quoted?: boolean | undefined;
  /** Why it cannot be audited, if it cannot. */
  readonly unaudited?: string | undefined;
  /** What project.yml says for all tests of its folder. */
  readonly folder?: Config | undefined;
}

/**
 * Whether a node seems to have a column whose name has just this case: a seed has those that its .yml names; a model's are folded by
 * PostgreSQL unless its SQL quotes them, or takes all columns (`*`) of a node that has one in this case.
 */
export function hasInThisCase(
  draft: Draft,
  column: string,
  drafts: ReadonlyMap<string, Draft>,
  seen = new Set<string>(),
): boolean {
  if (seen.has(draft.id)) return false;
  seen.add(draft.id);
  const { kind, file, refs, properties } = draft;
  // The file of a seed is not read here; what describes it is.
  if (kind === 'seed') return properties?.value.columns?.some(({ name }) => name === column) ?? false;
  if (file.text.includes(identifier(column))) return true;
  if (!file.text.includes('*')) return false;
  return [...refs].some((name) => {
    const other = drafts.get(name);
    return other !== undefined && hasInThisCase(other, column, drafts, seen);
  });
}
