// The same rows by OData 4, for Excel, Power BI and SAP Analytics Cloud: what these ask, and no more of the protocol. Pure.
//
//   1. service.ts    the entity sets: of each exposed model its view of schema bi, or itself where it has none
//   2. metadata.ts   $metadata: what they are, as XML (CSDL 4.0)
//   3. options.ts    $select, $orderby, $top, $skip, $count and $skiptoken; filter.ts and tokens.ts: $filter
//   4. statement.ts  the SQL of a page, and of a count
//   5. answer.ts     rows as OData's JSON
//
// Names of the protocol are letters, digits and `_`, so `At (UTC)` is `At_UTC`. What is not understood is refused with a reason.
import type { Column, Resource } from '../resource/resource.ts';

/** A column by its name in the protocol. */
export interface Property {
  readonly name: string;
  readonly column: Column;
}

/** What is read at `/odata/<name>`. */
export interface EntitySet {
  readonly name: string;
  readonly resource: Resource;
  /** What is shown, in order. */
  readonly properties: readonly Property[];
  /** The properties that identify a row. */
  readonly keys: readonly Property[];
}

/** The entity sets of these addresses, by their names. */
export function entitySets(resources: readonly Resource[]): readonly EntitySet[] {
  const views = new Set(resources.filter(({ isView }) => isView).map(({ model }) => model));
  const chosen = resources.filter(({ isView, model }) => isView || !views.has(model));
  const names = distinct(chosen.map(({ isView, name, relation }) => (isView ? name : `${relation.schema}_${name}`)));
  return chosen.map((resource, at) => setOf(names[at] ?? '', resource)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function setOf(name: string, resource: Resource): EntitySet {
  // Also what the model does not show: the key, and what a filter has to name.
  const { shown, required, time, orderBy } = resource;
  const wanted = new Set([...shown, ...required, ...(time === undefined ? [] : [time]), ...orderBy]);
  const columns = [...wanted].flatMap((column) => resource.columns.get(column) ?? []);
  const names = distinct(columns.map((column) => column.name));
  const properties = columns.map((column, at) => ({ name: names[at] ?? '', column }));
  const keys = resource.orderBy.flatMap((key) => properties.find(({ column }) => column.name === key) ?? []);
  return { name, resource, properties, keys };
}

/** Names as the protocol has them, of which no two are the same. https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/ */
function distinct(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const plain = name
      .normalize('NFC')
      .replace(/[^\p{L}\p{N}_]+/gu, '_')
      .replace(/(?<=.)_$/, '');
    const base = (/^[\p{L}_]/u.test(plain) ? plain : `_${plain}`).slice(0, 120);
    let unique = base;
    for (let count = 2; taken.has(unique); count += 1) unique = `${base}_${count}`;
    taken.add(unique);
    return unique;
  });
}
