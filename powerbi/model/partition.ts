import type { Exposure } from '../../runner/manifest/exposure.ts';
import { calendarOf } from './exposures.ts';
import { mField, mText } from './m.ts';
import type { PowerBiOptions } from './options.ts';
import type { TmdlObject } from './tmdl.ts';

/** The M functions that make the keys of the views out of a time; see expressions.ts. */
export type KeyFunction = 'DateKey' | 'MinuteKey';

/** By what a table is fetched piece by piece. */
export interface RefreshKey {
  /** The name in the view. */
  readonly column: string;
  readonly function: KeyFunction;
}

/** Undefined for a table that is fetched whole. */
export function refreshKeyOf(exposure: Exposure, exposures: readonly Exposure[]): RefreshKey | undefined {
  const column = exposure.refreshBy;
  if (column === undefined) return undefined;
  const calendar = calendarOf(exposures)?.name;
  const isDay = exposure.references.some((one) => one.column === column && one.toExposure === calendar);
  return { column, function: isDay ? 'DateKey' : 'MinuteKey' };
}

/**
 * The M query of a table. The filter compares the key with numbers, so that it becomes part of the SQL and the database
 * can use its index on the key.
 */
export function sourceQuery(exposure: Exposure, key: RefreshKey | undefined): string {
  const { schema, name } = exposure.view;
  const lines = [
    'let',
    // Foreign keys are in the model already; asking for them takes a query for each table. The driver's own limit is ten minutes.
    '    Source = PostgreSQL.Database(Server, Database, [CreateNavigationProperties = false, CommandTimeout = #duration(0, 1, 0, 0)]),',
    `    View = Source{[Schema = ${mText(schema)}, Item = ${mText(name)}]}[Data]${key === undefined ? '' : ','}`,
  ];
  if (key === undefined) return [...lines, 'in', '    View'].join('\n');
  const field = mField(key.column);
  return [
    ...lines,
    `    Window = Table.SelectRows(View, each ${field} >= ${key.function}(RangeStart) and ${field} < ${key.function}(RangeEnd))`,
    'in',
    '    Window',
  ].join('\n');
}

export function partition(exposure: Exposure, query: string): TmdlObject {
  return {
    type: 'partition',
    name: exposure.name,
    value: 'm',
    properties: [
      { name: 'mode', value: 'import' },
      { name: 'source', expression: query },
    ],
  };
}

/** What the Power BI service follows when it refreshes the table: which past it keeps, which days it fetches again. */
export function refreshPolicy(query: string, { refreshWindow }: PowerBiOptions): TmdlObject {
  return {
    type: 'refreshPolicy',
    properties: [
      { name: 'policyType', value: 'basic' },
      { name: 'rollingWindowGranularity', value: 'year' },
      { name: 'rollingWindowPeriods', value: refreshWindow.keepYears },
      { name: 'incrementalGranularity', value: 'day' },
      { name: 'incrementalPeriods', value: refreshWindow.refreshDays },
      { name: 'sourceExpression', expression: query },
    ],
  };
}
