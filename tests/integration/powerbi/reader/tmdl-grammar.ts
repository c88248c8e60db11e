/*
 * What Tabular Model Definition Language allows of the objects that a Power BI project is made of, after Microsoft's
 * description of the language and its reference of the Tabular Object Model. Anything that is not here is an error.
 */

export type ValueKind = 'text' | 'flag' | 'integer' | 'guid' | 'name' | 'column' | 'expression' | readonly string[];

export interface ObjectKind {
  /** Whether a name follows the type. */
  readonly named: boolean;
  /** What may follow the equals sign of the declaration; undefined: nothing. */
  readonly value?: ValueKind;
  readonly properties: Readonly<Record<string, ValueKind>>;
  readonly required?: readonly string[];
  readonly children: readonly string[];
}

const granularity = ['day', 'month', 'quarter', 'year'];

export const objectKinds: Readonly<Record<string, ObjectKind>> = {
  database: {
    named: false,
    properties: { compatibilityLevel: 'integer' },
    required: ['compatibilityLevel'],
    children: [],
  },
  model: {
    named: true,
    properties: {
      culture: 'text',
      defaultPowerBIDataSourceVersion: ['powerBI_V3'],
      sourceQueryCulture: 'text',
      discourageImplicitMeasures: 'flag',
    },
    required: ['culture', 'defaultPowerBIDataSourceVersion'],
    children: ['dataAccessOptions', 'annotation'],
  },
  dataAccessOptions: {
    named: false,
    properties: { legacyRedirects: 'flag', returnErrorValuesAsNull: 'flag' },
    children: [],
  },
  table: {
    named: true,
    properties: { isHidden: 'flag', lineageTag: 'guid', dataCategory: ['Time'] },
    children: ['refreshPolicy', 'measure', 'column', 'partition', 'annotation'],
  },
  refreshPolicy: {
    named: false,
    properties: {
      policyType: ['basic'],
      rollingWindowGranularity: granularity,
      rollingWindowPeriods: 'integer',
      incrementalGranularity: granularity,
      incrementalPeriods: 'integer',
      incrementalPeriodsOffset: 'integer',
      pollingExpression: 'expression',
      sourceExpression: 'expression',
    },
    required: ['policyType', 'rollingWindowPeriods', 'incrementalPeriods', 'sourceExpression'],
    children: [],
  },
  measure: {
    named: true,
    value: 'expression',
    properties: { formatString: 'text', displayFolder: 'text', lineageTag: 'guid', isHidden: 'flag' },
    children: ['annotation'],
  },
  column: {
    named: true,
    properties: {
      dataType: ['int64', 'double', 'decimal', 'dateTime', 'string', 'boolean'],
      isHidden: 'flag',
      isKey: 'flag',
      formatString: 'text',
      lineageTag: 'guid',
      summarizeBy: ['none', 'sum', 'average', 'min', 'max', 'count', 'distinctCount'],
      displayFolder: 'text',
      sourceColumn: 'text',
      sortByColumn: 'name',
    },
    required: ['dataType', 'summarizeBy', 'sourceColumn'],
    children: ['annotation'],
  },
  partition: {
    named: true,
    value: ['m'],
    properties: { mode: ['import'], source: 'expression' },
    required: ['mode', 'source'],
    children: [],
  },
  relationship: {
    named: true,
    properties: { isActive: 'flag', fromColumn: 'column', toColumn: 'column' },
    required: ['fromColumn', 'toColumn'],
    children: [],
  },
  role: {
    named: true,
    properties: { modelPermission: ['read'] },
    required: ['modelPermission'],
    children: ['tablePermission', 'annotation'],
  },
  tablePermission: { named: true, value: 'expression', properties: {}, children: [] },
  expression: {
    named: true,
    value: 'expression',
    properties: { lineageTag: 'guid', queryGroup: 'name' },
    children: ['annotation'],
  },
  annotation: { named: true, value: 'text', properties: {}, children: [] },
};

/** What may stand without indentation. */
export const rootKinds = ['database', 'model', 'table', 'relationship', 'role', 'expression', 'annotation'];
