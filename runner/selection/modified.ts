import type { FileNode, ManifestFile } from './manifest-file.ts';
import { tokenForm } from './token-form.ts';

/** Whether two templates say the same SQL; undefined: they do if their tokens are the same. */
export type SameSql = ((one: string, other: string) => boolean) | undefined;

/** What a node can have changed in, and whether it is the same. What has no such side is the same in it. */
const sides: Readonly<Record<string, (old: FileNode, now: FileNode, sameSql: SameSql) => boolean>> = {
  body: (old, now, sameSql) =>
    isSame(old.raw_code ?? '', now.raw_code ?? '', sameSql) &&
    equal(old.test_metadata, now.test_metadata) &&
    (!hasChecksum.has(now.resource_type) || equal(old.checksum, now.checksum)),
  configs: (old, now) => equal(comparable(old.config), comparable(now.config)),
  relation: (old, now) => equal(named(old), named(now)),
  persisted_descriptions: (old, now) => equal(descriptions(old, now), descriptions(now, now)),
  contract: (old, now) => equal(contract(old), contract(now)),
};

/** What is no SQL is the same if its checksum is. */
const hasChecksum: ReadonlySet<string> = new Set(['seed', 'unit_test']);

const stateNames = ['new', 'old', 'modified', 'unmodified', 'modified.macros'];
export const states: readonly string[] = [...stateNames, ...Object.keys(sides).map((side) => `modified.${side}`)];

/** Compares two manifests of a project, an earlier one and the one of now. */
export class Comparison {
  readonly #old: ManifestFile;
  readonly #now: ManifestFile;
  readonly #sameSql: SameSql;
  readonly #macros: ReadonlySet<string>;

  constructor(old: ManifestFile, now: ManifestFile, sameSql: SameSql) {
    this.#old = old;
    this.#now = now;
    this.#sameSql = sameSql;
    this.#macros = modifiedMacros(old, now, sameSql);
  }

  /** @param state one of {@link states}. */
  isIn(id: string, state: string): boolean {
    const [old, now] = [nodeOf(this.#old, id), nodeOf(this.#now, id)];
    if (now === undefined) return false;
    switch (state) {
      case 'new':
        return old === undefined;
      case 'old':
        return old !== undefined;
      case 'modified':
        return this.#isModified(old, now);
      case 'unmodified':
        return !this.#isModified(old, now);
      case 'modified.macros':
        return this.#hasModifiedMacro(now);
      default: {
        const side = state.slice('modified.'.length);
        return hasSide(now, side) && (old === undefined || sides[side]?.(old, now, this.#sameSql) === false);
      }
    }
  }

  #isModified(old: FileNode | undefined, now: FileNode): boolean {
    if (old === undefined || !equal(old.fqn, now.fqn) || this.#hasModifiedMacro(now)) return true;
    if (now.resource_type === 'exposure') return !equal(exposed(old), exposed(now));
    return Object.entries(sides).some(([side, same]) => hasSide(now, side) && !same(old, now, this.#sameSql));
  }

  #hasModifiedMacro({ depends_on }: FileNode): boolean {
    const seen = new Set<string>();
    const open = [...(depends_on?.macros ?? [])];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (this.#macros.has(id)) return true;
      if (seen.has(id)) continue;
      seen.add(id);
      open.push(...(this.#now.macros[id]?.depends_on.macros ?? []));
    }
    return false;
  }
}

function modifiedMacros(old: ManifestFile, now: ManifestFile, sameSql: SameSql): Set<string> {
  const ids = [...Object.keys(old.macros), ...Object.keys(now.macros)];
  return new Set(ids.filter((id) => !isSame(old.macros[id]?.macro_sql, now.macros[id]?.macro_sql, sameSql)));
}

function isSame(one: string | undefined, other: string | undefined, sameSql: SameSql): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  return tokenForm(one) === tokenForm(other) || sameSql?.(one, other) === true;
}

function nodeOf({ nodes, sources, exposures, unit_tests }: ManifestFile, id: string): FileNode | undefined {
  return nodes[id] ?? sources[id] ?? exposures[id] ?? unit_tests?.[id];
}

/** Sources and exposures have no SQL of their own and no contract. */
function hasSide({ resource_type: type }: FileNode, side: string): boolean {
  if (type === 'exposure') return side === 'configs';
  if (type === 'source') return side === 'configs' || side === 'relation';
  return true;
}

/** Settings without those that say what a node is called and where it belongs. */
function comparable(config: FileNode['config'] = {}): object {
  const { schema: _schema, database: _database, alias: _alias, tags: _tags, group: _group, ...others } = config;
  return others;
}

/** How it is called: as it is set, not as a target makes it. */
function named({ resource_type: type, config = {}, schema, identifier }: FileNode): object {
  return type === 'source' ? { schema, identifier } : { schema: config.schema, alias: config.alias };
}

/** What of the descriptions is a comment in the database. @param as says which are. */
function descriptions({ description, columns = {} }: FileNode, as: FileNode): object {
  const docs = as.config?.persist_docs as { readonly relation?: boolean; readonly columns?: boolean } | undefined;
  const ofColumns = Object.values(columns).map((column) => [column.name, column.description]);
  return {
    relation: docs?.relation === false ? undefined : description,
    columns: docs?.columns === false ? undefined : Object.fromEntries(ofColumns),
  };
}

function contract({ config, columns = {} }: FileNode): object | undefined {
  const own = config?.contract as { readonly enforced?: boolean } | undefined;
  if (own?.enforced !== true) return undefined;
  return Object.fromEntries(Object.values(columns).map((column) => [column.name, column.data_type]));
}

function exposed({ type, label, maturity, url, owner, description, depends_on, config }: FileNode): object {
  return { type, label, maturity, url, owner: owner ?? {}, description, nodes: depends_on?.nodes, config };
}

/** Whether two values are the same as JSON, whatever the order of keys. */
function equal(one: unknown, other: unknown): boolean {
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
