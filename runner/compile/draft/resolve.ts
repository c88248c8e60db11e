import { identifier, relation } from '../../../warehouse/quote.ts';
import { ephemeralTable } from '../../manifest/ephemeral-table.ts';
import type { SourceNode } from '../../manifest/manifest.ts';
import { batchBound, inBatch, limitRows, type RowLimit } from '../../manifest/placeholders.ts';
import { nameOf } from '../../project/folders.ts';
import type { AllProperties } from '../../project/properties.ts';
import { HelperError } from '../../template/template.ts';
import { didYouMean, nearest } from '../../text/suggest.ts';
import type { CompileContext, Draft } from './context.ts';
import { ephemeralName } from './ephemeral.ts';
import type { Resolver } from './model-language.ts';

/** What the SQL of a microbatch model reads of its upstreams, by their ids. */
export interface BatchReads {
  /** Only the rows of the batch. */
  readonly filtered: Set<string>;
  /** All rows. */
  readonly whole: Set<string>;
  /** Whether it names the bounds of the batch itself. */
  bounds: boolean;
}

/**
 * The name of the model that a reference means: of one that has versions, the version that it asks for, or else the latest.
 * @throws HelperError if there is no such version.
 */
export function versionedName({ versions }: AllProperties, name: string, version: string | number | undefined): string {
  const known = versions.get(name);
  if (version === undefined) return known?.latest ?? name;
  const found = known?.models.get(String(version));
  if (found !== undefined) return found;
  if (known === undefined)
    throw new HelperError(`"${name}" has no versions`, 'Take v=... out, or declare versions in its .yml.');
  throw new HelperError(
    `there is no version ${version} of "${name}"`,
    `Its versions are ${[...known.models.keys()].join(', ')}.`,
  );
}

/**
 * The resolver that all templates share; records what is used by id.
 * @param asBare the id of a model or seed that is referred to by the bare name of its table, but means something else.
 * @param batch for a microbatch model: upstreams that have an event_time are read batch by batch.
 * @param limit which rows of upstreams are read, where not all.
 */
export function resolverFor(
  context: CompileContext,
  used: Set<string>,
  asBare?: string | undefined,
  batch?: BatchReads | undefined,
  limit?: RowLimit | undefined,
): Resolver {
  const { drafts, disabled, sources, incomplete } = context;
  const sourceOf = (key: string): Pick<SourceNode, 'id' | 'relation' | 'eventTime'> => {
    const node = sources.get(key);
    if (node !== undefined) return node;
    if (disabled.has(key))
      throw new HelperError(`the source "${key}" is disabled`, 'Set enabled: true for it, or take the reference out.');
    if (incomplete) return { id: `source.${key}`, relation: { schema: 'unknown', name: key }, eventTime: undefined };
    throw new HelperError(`there is no source "${key}"`, meantBy(key, context));
  };
  const draftOf = (name: string): Draft => {
    const draft = drafts.get(name);
    if (draft !== undefined) return draft;
    if (disabled.has(name))
      throw new HelperError(`the model "${name}" is disabled`, 'Set enabled: true for it, or take the reference out.');
    const empty = context.project.models.find(({ path, text }) => nameOf(path) === name && text.trim() === '');
    const hint = empty === undefined ? didYouMean(name, drafts.keys()) : `${empty.path} is empty: write its select.`;
    throw new HelperError(`there is no model or seed "${name}"`, hint);
  };
  /** @param sql how it is referred to; `name` is its own. */
  const read = (id: string, whole: string, name: string, eventTime: string | undefined, filter: boolean): string => {
    used.add(id);
    // An ephemeral model is limited where it reads.
    const isLimited = limit !== undefined && name !== whole.slice(1, -1);
    const some = isLimited ? limitRows(whole, { name, column: eventTime }, limit) : whole;
    if (batch === undefined) return some;
    const sql = some === whole ? whole : `${some} as ${identifier(name)}`;
    if (!filter || eventTime === undefined) {
      batch.whole.add(id);
      return sql;
    }
    batch.filtered.add(id);
    return inBatch(sql, { id, name, column: eventTime });
  };
  return {
    bound(which) {
      if (batch === undefined) return undefined;
      batch.bounds = true;
      return batchBound(which);
    },
    ref(written, filter, version) {
      const draft = draftOf(versionedName(context.properties, written, version));
      const { materialized, event_time } = draft.config;
      const { schema, name: table } = draft.relation;
      if (materialized === 'ephemeral')
        return read(draft.id, ephemeralName(draft.name), ephemeralTable(draft.name), event_time, filter);
      const sql = draft.id === asBare ? identifier(table) : relation(schema, table);
      return read(draft.id, sql, table, event_time, filter);
    },
    source(source, table, filter) {
      const node = sourceOf(`${source}.${table}`);
      return read(node.id, relation(node.relation), node.relation.name, node.eventTime, filter);
    },
    upstream(written) {
      const name = versionedName(context.properties, written, undefined);
      const id = drafts.has(name) || !name.includes('.') ? draftOf(name).id : sourceOf(name).id;
      used.add(id);
      return id;
    },
  };
}

/** What a source that is not there could have meant: one that is spelt like it, or has such a table, or a model of that name. */
function meantBy(key: string, { sources, drafts }: CompileContext): string {
  const tableOf = (name: string) => name.slice(name.indexOf('.') + 1);
  const names = [...sources.keys()];
  const table = nearest(tableOf(key), names.map(tableOf));
  const guess = nearest(key, names) ?? names.find((name) => tableOf(name) === table);
  if (guess !== undefined) return `Did you mean "${guess}"?`;
  if (drafts.has(tableOf(key))) return `There is a model or seed of that name: write {{ref "${tableOf(key)}"}}.`;
  return didYouMean(key, names) ?? 'Declare it under sources in a .yml file.';
}
