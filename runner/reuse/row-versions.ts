import { relation } from '../../warehouse/quote.ts';
import { digest } from '../manifest/digest.ts';
import { isView } from '../manifest/lineage.ts';
import { type BuiltNode, followedByMark, isBuilt, isMicrobatch, type Manifest } from '../manifest/manifest.ts';
import { type ModelState, notAsBuilt } from '../state/models.ts';

/** Versions of rows besides those of models and seeds. */
export interface KnownRows {
  /** What the sources say of their own rows, by id; those that say nothing are missing. */
  readonly sources: ReadonlyMap<string, string>;
  /** What the rows of seeds are loaded from, by id; missing where a seed is to be loaded again whatever that is. */
  readonly seeds: ReadonlyMap<string, string>;
  /** Ids of nodes whose SQL can yield other rows although nothing it reads has changed. */
  readonly volatile: ReadonlySet<string>;
}

/** Where only models tell of their rows. */
export const modelsAlone: KnownRows = { sources: new Map(), seeds: new Map(), volatile: new Set() };

/**
 * Whether a node is left as it is for as long as what it reads has the same rows. An incremental model that follows no upstream by
 * high-water mark merges all rows of its query each time, by its key.
 */
export function canStay(node: BuiltNode): boolean {
  const { materialized } = node;
  if (materialized === 'incremental')
    return !isMicrobatch(node) && node.strategy !== 'append' && followedByMark(node).length === 0;
  return materialized === 'table' || materialized === 'materialized_view';
}

/** The version of the rows of a node that has rows of its own. */
export function rowsVersionOf({ generation, rowsVersion }: Pick<ModelState, 'generation' | 'rowsVersion'>): string {
  return `${generation}.${rowsVersion}`;
}

type RecordedRows = Pick<ModelState, 'relation' | 'materialized' | 'checksum' | 'generation' | 'rowsVersion'>;

/**
 * Whether what is recorded tells of the rows that are read now: not where --defer reads the relation of another target, where the
 * relation is a clone, or where it is still a view that is to be a table, or the other way round.
 */
function isAbout(state: RecordedRows, node: BuiltNode): boolean {
  if (state.relation !== relation(node.relation) || state.checksum === notAsBuilt) return false;
  return (state.materialized === 'view') === isView(node);
}

/**
 * Versions of rows. Two equal versions of a relation mean equal rows, as far as this program changed them: every transaction of it
 * that changes rows of a model or seed raises a number that commits with them. The version of a view is a hash of the SQL that it was
 * built with, which the project may say otherwise by now, and of the versions of all it reads. Rows that were changed by hand are not
 * seen.
 */
export class RowVersions {
  readonly #manifest: Manifest;
  readonly #models: ReadonlyMap<string, RecordedRows>;
  readonly #known: KnownRows;
  readonly #versions = new Map<string, string | undefined>();

  /** @param models the state of the models and seeds that are asked for, of views also of what is behind them, by name. */
  constructor(manifest: Manifest, models: ReadonlyMap<string, RecordedRows>, known: KnownRows) {
    this.#manifest = manifest;
    this.#models = models;
    this.#known = known;
  }

  /** The version of a node's rows; undefined where it is not known. */
  of(id: string): string | undefined {
    if (this.#versions.has(id)) return this.#versions.get(id);
    const version = this.#find(id);
    this.#versions.set(id, version);
    return version;
  }

  /** The versions of several; undefined if one of them is not known. */
  ofAll(ids: readonly string[]): Readonly<Record<string, string>> | undefined {
    const found: Record<string, string> = {};
    for (const id of ids) {
      const version = this.of(id);
      if (version === undefined) return undefined;
      found[id] = version;
    }
    return found;
  }

  #find(id: string): string | undefined {
    const node = this.#manifest.nodes.get(id);
    if (!isBuilt(node)) return this.#known.sources.get(id);
    const state = this.#models.get(node.name);
    if (state === undefined || !isAbout(state, node)) return undefined;
    if (!isView(node)) return rowsVersionOf(state);
    if (this.#known.volatile.has(id)) return undefined;
    const read = this.ofAll(node.reads);
    if (read === undefined) return undefined;
    return digest([state.checksum, read]);
  }
}
