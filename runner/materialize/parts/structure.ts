import { createHash } from 'node:crypto';
import {
  dollarQuoted,
  identifier,
  identifiers,
  literal,
  type RelationName,
  relation,
} from '../../../warehouse/quote.ts';
import type { Column, ExistingRelation } from '../../database/catalog.ts';
import type { Constraint, PartitionBy } from '../../manifest/manifest.ts';
import { type SettingPlaces, settingPlace } from '../../project/setting-places.ts';
import { type Created, namesOf, nothingCreated } from '../../state/created.ts';
import type { Place } from '../../text/place.ts';
import { SqlText } from '../../text/sql-text.ts';
import { type Index, indexColumns, indexOn } from './index-definition.ts';
import { type Explain, run, type Step } from './step.ts';

/** What is declared of a table besides its rows. */
export interface Structure {
  readonly relation: RelationName;
  /** The name it has for the time being, while another relation still has its own. */
  readonly temporaryName?: string | undefined;
  /** Empty for a table without a key. */
  readonly uniqueKey: readonly string[];
  /** A column that is unique by itself, the surrogate key. */
  readonly surrogateKey: string | undefined;
  readonly constraints: readonly Constraint[];
  readonly indexes: readonly Index[];
  readonly partitionBy?: PartitionBy | undefined;
  /** Where the keys are declared. */
  readonly settings: SettingPlaces;
}

/** The present name of a relation, which may be temporary. */
export function placeOf({ relation: { schema, name }, temporaryName }: Structure): RelationName {
  return { schema, name: temporaryName ?? name };
}

/** The temporary name of a relation that is built beside the one it will replace; no other session sees it. */
export function besideName({ name }: RelationName): string {
  return objectName(`datacycle_${name}`, `beside ${name}`);
}

interface Wanted {
  readonly name: string;
  /** For a name that the user gave, which does not change with the definition: a hash that tells one from another. */
  readonly definition: string | undefined;
  readonly create: SqlText;
  /** Unique ones come first, since foreign keys need them; foreign keys last, in one order, since they lock other tables. */
  readonly rank: string;
}

/**
 * Drops what the runner once created and what is no longer declared. It precedes the rows, since the new rows need not satisfy it.
 * ```sql
 * alter table t drop constraint c; drop index if exists i; alter table t alter column "room" drop not null;
 * ```
 * @param created what the runner created earlier, as {@link createdFor} returned it.
 */
export function dropObsolete(structure: Structure, existing: ExistingRelation, created: Created): Step[] {
  const wanted = new Set(objectNames(structure));
  const obsolete = [...namesOf(created).filter((name) => !wanted.has(name)), ...redefined(structure, created)];
  const objects = obsolete.filter((name) => existing.objects.includes(name));
  const notNull = notNullColumns(structure);
  const nullable = existing.columns.filter(
    ({ name, notNull: holds }) => holds && created.notNull.includes(name) && !notNull.includes(name),
  );
  const place = placeOf(structure);
  const table = relation(place);
  return [
    ...objects.map(
      (name): Step => ({
        kind: 'run',
        sql: new SqlText(dropObject(place, name)),
        explain: stillReferenced(structure.relation, name),
      }),
    ),
    ...alterColumns(
      table,
      nullable.map((column) => column.name),
      'drop not null',
    ),
  ];
}

/**
 * Adds the constraints and indexes that a table lacks.
 * ```sql
 * alter table t alter column "room" set not null; alter table t add constraint c unique ("room"); create index i on t ("day");
 * ```
 * @param existing undefined for a new table. @param created as for {@link dropObsolete}, which comes before.
 */
export function addMissing(structure: Structure, existing: ExistingRelation | undefined, created: Created): Step[] {
  const present = new Set(existing?.objects ?? []);
  for (const name of redefined(structure, created)) present.delete(name);
  const notNull = new Set(existing?.columns.flatMap((column) => (column.notNull ? [column.name] : [])));
  const place = placeOf(structure);
  const table = relation(place);
  const missing = wantedObjects(structure).filter((object) => !present.has(object.name));
  return [
    ...alterColumns(
      table,
      notNullColumns(structure).filter((name) => !notNull.has(name)),
      'set not null',
      (name) => placeOfNotNull(structure, name),
    ),
    ...create(missing),
  ];
}

/** The names of the existing constraints and indexes that are still declared. @param created as for {@link dropObsolete}. */
export function existingObjects(structure: Structure, existing: ExistingRelation, created: Created): string[] {
  const others = redefined(structure, created);
  return wantedObjects(structure).flatMap(({ name }) =>
    existing.objects.includes(name) && !others.includes(name) ? [name] : [],
  );
}

/** Adds what {@link existingObjects} names to the table that replaces another: `alter table t add constraint ...`. */
export function addExisting(structure: Structure, existing: ExistingRelation, created: Created): Step[] {
  const names = existingObjects(structure, existing, created);
  return create(wantedObjects(structure).filter(({ name }) => names.includes(name)));
}

function create(objects: readonly Wanted[]): Step[] {
  return [...objects].sort((a, b) => (a.rank < b.rank ? -1 : 1)).map((object) => run(object.create));
}

/** Names of the constraints and indexes that the runner makes for this table. */
export function objectNames(structure: Structure): string[] {
  return wantedObjects(structure).map(({ name }) => name);
}

/** What the runner creates for this table besides its rows, without grants. */
export function createdFor(structure: Structure): Created {
  return {
    ...nothingCreated,
    objects: wantedObjects(structure).map(({ name, definition = null }) => ({ name, definition })),
    notNull: notNullColumns(structure),
    partitioning: structure.partitionBy ?? null,
  };
}

/** Names given by the user whose definition has changed. */
function redefined(structure: Structure, created: Created): string[] {
  const before = new Map(created.objects.map(({ name, definition }) => [name, definition]));
  return wantedObjects(structure).flatMap(({ name, definition }) => {
    const then = before.get(name) ?? undefined;
    return definition !== undefined && then !== undefined && then !== definition ? [name] : [];
  });
}

function notNullColumns(structure: Structure): string[] {
  const declared = structure.constraints.flatMap((constraint) =>
    constraint.type === 'not_null' || constraint.type === 'primary_key' ? constraint.columns : [],
  );
  const surrogate = structure.surrogateKey === undefined ? [] : [structure.surrogateKey];
  return [...new Set([...surrogate, ...structure.uniqueKey, ...declared])];
}

/** Where it is declared that a column is never NULL. */
function placeOfNotNull({ constraints, settings, surrogateKey }: Structure, column: string): Place | undefined {
  const declared = constraints.find(
    (one) => (one.type === 'not_null' || one.type === 'primary_key') && one.columns.includes(column),
  );
  return declared?.place ?? settingPlace(settings, column === surrogateKey ? 'surrogate_key' : 'unique_key');
}

function alterColumns(
  table: string,
  columns: readonly string[],
  change: string,
  placeOf: (column: string) => Place | undefined = () => undefined,
): Step[] {
  if (columns.length === 0) return [];
  const changes = columns.map((name, index) => {
    const sql = `${index === 0 ? '' : ',\n'}    alter column ${identifier(name)} ${change}`;
    return framed(new SqlText(sql), placeOf(name));
  });
  return [run(`alter table ${table}\n`, ...changes)];
}

function framed(sql: SqlText, place: Place | undefined): SqlText {
  return place === undefined ? sql : sql.framedBy(place);
}

function wantedObjects(structure: Structure): Wanted[] {
  const { schema, name: tableName } = structure.relation;
  const table = relation(schema, tableName);
  const { name: temporaryName } = placeOf(structure);
  // Names follow from what the table will be called.
  const at = relation(schema, temporaryName);
  const objects: Wanted[] = [];
  const add = (
    base: string,
    rank: string,
    given: string | undefined,
    definition: string,
    place: Place | undefined,
    create: (name: string) => SqlText,
  ) => {
    const name = given ?? objectName(`${tableName}_${base}`, `${tableName} ${definition}`);
    if (objects.some((object) => object.name === name)) return;
    const named = given === undefined ? undefined : hash(definition);
    objects.push({ name, definition: named, create: framed(create(identifier(name)), place), rank: `${rank} ${name}` });
  };
  const constraint = (
    base: string,
    rank: string,
    given: string | undefined,
    definition: string | SqlText,
    place: Place | undefined,
    forNow = definition,
  ) => {
    const text = typeof definition === 'string' ? definition : definition.text;
    add(base, rank, given, text, place, (name) =>
      SqlText.join(`alter table ${at}\n    add constraint ${name} `, forNow),
    );
  };

  for (const declared of structure.constraints) {
    switch (declared.type) {
      case 'primary_key':
        constraint('pkey', '1', declared.name, `primary key (${identifiers(declared.columns)})`, declared.place);
        break;
      case 'unique':
        constraint(
          `${declared.columns.join('_')}_key`,
          '2',
          declared.name,
          `unique (${identifiers(declared.columns)})`,
          declared.place,
        );
        break;
      case 'check':
        constraint('check', '4', declared.name, SqlText.join('check (', declared.expression, ')'), declared.place);
        break;
      case 'foreign_key': {
        const to = relation(declared.to);
        const references = (target: string) =>
          `foreign key (${identifiers(declared.columns)}) references ${target} (${identifiers(declared.toColumns)})`;
        constraint(
          `${declared.columns.join('_')}_fkey`,
          `5 ${to}`,
          declared.name,
          references(to),
          declared.place,
          references(to === table ? at : to),
        );
        break;
      }
      case 'not_null':
        break;
      default:
        declared satisfies never;
    }
  }
  // The key must be unique whether or not that is declared: merging relies on it.
  const surrogate = structure.surrogateKey === undefined ? [] : [structure.surrogateKey];
  for (const [setting, columns] of [
    ['unique_key', structure.uniqueKey],
    ['surrogate_key', surrogate],
  ] as const) {
    if (columns.length > 0 && !keepsUnique(structure.constraints, columns)) {
      const place = settingPlace(structure.settings, setting);
      constraint(`${columns.join('_')}_key`, '2', undefined, `unique (${identifiers(columns)})`, place);
    }
  }
  for (const index of structure.indexes) {
    const kind = index.unique === true ? 'unique index' : 'index';
    add(`${indexColumns(index)}_idx`, '3', index.name, `${kind} ${indexOn(table, index).text}`, index.place, (name) =>
      SqlText.join(`create ${kind} ${name} `, indexOn(at, index)),
    );
  }
  return objects;
}

function keepsUnique(constraints: readonly Constraint[], columns: readonly string[]): boolean {
  const wanted = [...columns].sort().join('\n');
  return constraints.some(
    (constraint) =>
      (constraint.type === 'primary_key' || constraint.type === 'unique') &&
      [...constraint.columns].sort().join('\n') === wanted,
  );
}

/** A readable name of at most 63 bytes that changes with the definition, so that a changed declaration is seen. */
function objectName(readable: string, definition: string): string {
  const mark = `_${hash(definition)}`;
  const base = [...readable];
  while (Buffer.byteLength(base.join('')) > 63 - mark.length) base.pop();
  return base.join('') + mark;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 6);
}

function stillReferenced(table: RelationName, name: string): Explain {
  return (error) =>
    error.code !== '2BP01'
      ? undefined
      : {
          what: `${name} is no longer declared for ${table.schema}.${table.name}, but others depend on it`,
          detail: error.detail,
          hint: 'Nothing was touched, and nothing is dropped with cascade. Take foreign keys to these columns out of their .yml files, or drop them if they were created by hand, build those tables, and run again.',
        };
}

function dropObject(table: RelationName, name: string): string {
  // A name is a constraint's (with or without an index) or only an index's, or it was dropped with a column.
  return `do ${dollarQuoted(`begin
    if exists (select from pg_constraint where conname = ${literal(name)} and conrelid = ${literal(relation(table))}::regclass) then
        alter table ${relation(table)} drop constraint ${identifier(name)};
    else
        drop index if exists ${relation(table.schema, name)};
    end if;
end`)}`;
}

/**
 * Gives a table the columns of a changed query: `alter table t add column a text, drop column b`; never with cascade.
 */
export function alignColumns(table: RelationName, existing: ExistingRelation, wanted: readonly Column[]): Step[] {
  const existingColumns = new Map(existing.columns.map((column) => [column.name, column]));
  const kept = new Set(wanted.map((column) => column.name));
  const changes: string[] = [];
  for (const column of wanted) {
    const old = existingColumns.get(column.name);
    if (old?.generated !== undefined && column.generated === undefined)
      changes.push(`alter column ${identifier(column.name)} drop ${old.generated}`);
    if (old === undefined) changes.push(`add column ${identifier(column.name)} ${column.type}`);
    else if (old.type !== column.type)
      changes.push(
        `alter column ${identifier(column.name)} type ${column.type} using ${identifier(column.name)}::${column.type}`,
      );
  }
  for (const column of existing.columns)
    if (!kept.has(column.name)) changes.push(`drop column ${identifier(column.name)}`);
  if (changes.length === 0) return [];
  return [run(`alter table ${relation(table)}\n${changes.map((change) => `    ${change}`).join(',\n')}`)];
}
