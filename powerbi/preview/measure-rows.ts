import type { ExposedColumn, Exposure } from '../../runner/manifest/exposure.ts';
import { identifier, relation } from '../../warehouse/quote.ts';
import { calendarOf } from '../model/exposures.ts';
import type { FieldName } from '../model/fields.ts';
import { type Relationship, relationshipsOf } from '../model/relationships.ts';

/** The values of a field that count, as text. */
export interface Narrowing {
  readonly field: FieldName;
  readonly values: readonly string[];
}

/** A column of a SELECT. */
export interface Column {
  readonly name: string;
  readonly sql: string;
  readonly type: string;
}

interface Reached {
  readonly exposure: Exposure;
  /** The condition that joins it to the table before it; empty for the first. */
  readonly on: string;
}

/** The rows of a table beside those of all tables whose filters reach it, over active relationships. */
export class MeasureRows {
  readonly #tables: readonly Reached[];

  constructor(exposures: readonly Exposure[], exposure: Exposure) {
    this.#tables = reachedFrom(exposure, relationshipsOf(exposures));
  }

  /** A field as SQL; undefined for one that no relationship reaches, whose filter changes nothing. */
  column(field: FieldName): string | undefined {
    const index = this.#tables.findIndex(({ exposure }) => exposure.name === field.table);
    const known = this.#tables[index]?.exposure.columns.some(({ name }) => name === field.name);
    return known === true ? `t${index}.${identifier(field.name)}` : undefined;
  }

  /** Those of the columns whose names an expression uses, and `more`. */
  columns(used: ReadonlySet<string>, more: readonly Column[]): readonly Column[] {
    const named = [...columnNames(this.#tables)].flatMap(([name, column]) =>
      used.has(name) ? [{ ...column, name }] : [],
    );
    const columns = [...named, ...more];
    return columns.length === 0 ? [{ name: 'one', sql: '1', type: 'integer' }] : columns;
  }

  /** A SELECT of these columns, of the rows for which all conditions are true. */
  select(used: ReadonlySet<string>, more: readonly Column[], conditions: readonly string[]): string {
    const columns = this.columns(used, more).map(({ name, sql }) => `${sql} as ${identifier(name)}`);
    const [first, ...others] = this.#tables;
    return [
      `select ${columns.join(',\n        ')}`,
      `    from ${first === undefined ? '' : relation(first.exposure.view)} as t0`,
      ...others.map(({ exposure, on }, index) => `    left join ${relation(exposure.view)} as t${index + 1} on ${on}`),
      ...whereOf(conditions, '    '),
    ].join('\n');
  }
}

/** `where one and other`, or nothing. */
export function whereOf(conditions: readonly string[], indent = ''): string[] {
  return conditions.length === 0 ? [] : [`${indent}where ${conditions.join(' and ')}`];
}

/** Which fields are of the calendar, and which of it or of a table of times within its days. */
export function timesOf(exposures: readonly Exposure[], fact: Exposure) {
  const calendar = calendarOf(exposures);
  const isOfDays = ({ table }: FieldName) => table === calendar?.name;
  const refers = (one: Exposure) => one.references.some(({ toExposure }) => toExposure === calendar?.name);
  const isOfTimes = (field: FieldName) =>
    isOfDays(field) || exposures.some((one) => one !== fact && one.name === field.table && refers(one));
  return { calendar, isOfDays, isOfTimes };
}

/** The table itself and all whose filters reach it, each after the one that it is joined to. */
function reachedFrom(fact: Exposure, relationships: readonly Relationship[]): Reached[] {
  const reached: Reached[] = [{ exposure: fact, on: '' }];
  // A list that grows while it is walked is walked to its end.
  for (const [index, { exposure }] of reached.entries()) {
    for (const { active, from, to, reference } of relationships) {
      if (!active || from !== exposure) continue;
      const on = `t${reached.length}.${identifier(reference.toColumn)} = t${index}.${identifier(reference.column)}`;
      reached.push({ exposure: to, on });
    }
  }
  return reached;
}

/**
 * What an expression may name: columns of the measure's model by their names in the model; columns of the dimensions likewise
 * where just one has that name, and always after the dimension's model (`dim_date_week`). Of a point in time the name means
 * UTC, and the name with `_local` the local time.
 */
function columnNames(tables: readonly Reached[]): Map<string, Pick<Column, 'sql' | 'type'>> {
  const [fact, ...dimensions] = tables.map(({ exposure }, index) => ({
    model: modelOf(exposure),
    columns: exposure.columns.map((column) => {
      const shown = { sql: `t${index}.${identifier(column.name)}`, type: column.sqlType };
      return [ownName(column, exposure), shown] as const;
    }),
  }));
  const found = new Map(fact?.columns);
  const shared = new Set<string>();
  const bare = new Map<string, Pick<Column, 'sql' | 'type'>>();
  for (const { model, columns } of dimensions) {
    for (const [name, column] of columns) {
      found.set(`${model}_${name}`, column);
      if (bare.has(name)) shared.add(name);
      bare.set(name, column);
    }
  }
  for (const [name, column] of bare) if (!shared.has(name) && !found.has(name)) found.set(name, column);
  return found;
}

/** The name of the model that a table shows. */
export function modelOf({ model }: Exposure): string {
  return model.replace(/^model\./, '');
}

function ownName(column: ExposedColumn, { columns }: Exposure): string {
  const first = columns.find(({ source }) => source === column.source);
  return first === column ? column.source : `${column.source}_local`;
}
