import { scanDax } from '../../../../powerbi/model/dax-scan.ts';
import { columnReference, type ReadDocument, type ReadObject } from './tmdl-reader.ts';

/**
 * What is wrong with a semantic model as a whole: references to what is not there, names that clash, measures that need
 * themselves. Power BI does not tell upper from lower case in names.
 */
export function modelFaults(documents: readonly ReadDocument[]): string[] {
  const objects = documents.flatMap((document) => document.objects);
  const model = new Model(objects);
  return [
    ...namesTwice(objects),
    ...documents.flatMap(({ references }) =>
      references
        .filter(([type, name]) => !objects.some((one) => one.type === type && one.name === name))
        .map(([type, name]) => `ref ${type} ${name} names nothing`),
    ),
    ...model.brokenReferences(),
    ...model.measureFaults(),
  ];
}

const lower = (name = '') => name.toLowerCase();

function namesTwice(objects: readonly ReadObject[]): string[] {
  const taken = new Set<string>();
  const tags = new Set<string>();
  const faults: string[] = [];
  const take = (what: string, key = what) => {
    if (taken.has(lower(key))) faults.push(`${what} is there twice`);
    taken.add(lower(key));
  };
  const walk = (object: ReadObject) => {
    const tag = object.properties.get('lineageTag');
    if (tag !== undefined && tags.has(tag))
      faults.push(`lineageTag ${tag} of ${object.type} ${object.name} is there twice`);
    if (tag !== undefined) tags.add(tag);
    object.children.forEach(walk);
  };
  for (const object of objects) {
    walk(object);
    if (['table', 'role', 'relationship', 'perspective', 'cultureInfo', 'expression'].includes(object.type))
      take(`${object.type} ${object.name}`);
    if (object.type !== 'table') continue;
    const columns = new Set<string>();
    for (const child of object.children) {
      if (child.type === 'measure') take(`measure ${child.name}`);
      if (child.type === 'column' || child.type === 'hierarchy') {
        if (columns.has(lower(child.name))) faults.push(`${object.name}[${child.name}] is there twice`);
        columns.add(lower(child.name));
      }
    }
    for (const child of object.children)
      if (child.type === 'measure' && columns.has(lower(child.name)))
        faults.push(`measure ${child.name} is named like a column of ${object.name}`);
  }
  return faults;
}

class Model {
  readonly #objects: readonly ReadObject[];
  readonly #tables: ReadonlyMap<string, ReadObject>;
  readonly #measures: ReadonlyMap<string, ReadObject>;

  constructor(objects: readonly ReadObject[]) {
    this.#objects = objects;
    const tables = objects.filter(({ type }) => type === 'table');
    this.#tables = new Map(tables.map((table) => [lower(table.name), table]));
    const measures = tables.flatMap(({ children }) => children.filter(({ type }) => type === 'measure'));
    this.#measures = new Map(measures.map((measure) => [lower(measure.name), measure]));
  }

  #has(table: string, type: string, name: string): boolean {
    const children = this.#tables.get(lower(table))?.children ?? [];
    return children.some((child) => child.type === type && lower(child.name) === lower(name));
  }

  brokenReferences(): string[] {
    return this.#objects.flatMap((object) => {
      if (object.type === 'relationship')
        return ['fromColumn', 'toColumn'].flatMap((end) => {
          const [table, name] = columnReference(object.properties.get(end) ?? '');
          return this.#has(table, 'column', name) ? [] : [`${end} ${table}[${name}] names nothing`];
        });
      if (object.type === 'table') return this.#inTable(object);
      if (object.type === 'role')
        return object.children
          .filter(({ type, name }) => type === 'tablePermission' && !this.#tables.has(lower(name)))
          .map(({ name }) => `tablePermission ${name} of role ${object.name} names nothing`);
      if (object.type === 'perspective')
        return object.children.flatMap((part) => this.#below(`perspective ${object.name}`, part, 'perspective'));
      if (object.type === 'cultureInfo')
        return object.children
          .flatMap(({ children }) => children)
          .flatMap(({ children }) => children)
          .flatMap((part) => this.#below(`culture ${object.name}`, part, ''));
      return [];
    });
  }

  #inTable(table: ReadObject): string[] {
    const columnsNamed = table.children.flatMap((child) => [
      ...['sortByColumn', 'groupByColumn', 'column'].map((key) => [key, child.properties.get(key)] as const),
      ...child.children.flatMap((part) =>
        ['groupByColumn', 'column'].map((key) => [key, part.properties.get(key)] as const),
      ),
    ]);
    return columnsNamed
      .filter(([, name]) => name !== undefined && !this.#has(table.name, 'column', name))
      .map(([key, name]) => `${key} ${name} in ${table.name} names nothing`);
  }

  /** A table in a perspective or a culture, with what is below it. */
  #below(where: string, table: ReadObject, prefix: string): string[] {
    if (!this.#tables.has(lower(table.name))) return [`${where}: table ${table.name} names nothing`];
    return table.children
      .map(({ type, name }) => [lower(type.slice(prefix.length)), name] as const)
      .filter(([type, name]) => !this.#has(table.name, type, name))
      .map(([type, name]) => `${where}: ${type} ${table.name}[${name}] names nothing`);
  }

  measureFaults(): string[] {
    return [...this.#measures.values()].flatMap((measure) => {
      const faults = this.#referencesIn(measure.value ?? '').map((what) => `measure ${measure.name}: ${what}`);
      return this.#needs(measure, measure, new Set()) ? [...faults, `measure ${measure.name} needs itself`] : faults;
    });
  }

  #referencesIn(dax: string): string[] {
    return scanDax(dax).references.flatMap((one) => {
      if (one.kind === 'bare') return [];
      const table = one.kind === 'table' ? one.name : one.table;
      if (!this.#tables.has(lower(table))) return [`there is no table ${table}`];
      if (one.kind === 'table' || this.#has(table, 'column', one.name) || this.#has(table, 'measure', one.name))
        return [];
      return [`there is no ${table}[${one.name}]`];
    });
  }

  #needs(measure: ReadObject, target: ReadObject, seen: Set<ReadObject>): boolean {
    return scanDax(measure.value ?? '').references.some((one) => {
      const next = one.kind === 'table' ? undefined : this.#measures.get(lower(one.name));
      if (next === undefined || (one.kind === 'field' && !this.#has(one.table, 'measure', one.name))) return false;
      if (next === target) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return this.#needs(next, target, seen);
    });
  }
}
