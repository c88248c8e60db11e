/*
 * What Tabular Model Definition Language allows of the objects that a Power BI project is made of, after Microsoft's
 * description of the language and its reference of the Tabular Object Model. Anything that is not here is an error.
 */

export type ValueKind =
  | 'json'
  | 'text'
  | 'flag'
  | 'integer'
  | 'guid'
  | 'name'
  | 'column'
  | 'expression'
  | readonly string[];

export interface ObjectKind {
  /** Whether a name follows the type. */
  readonly named: boolean;
  /** What may follow the equals sign of the declaration; undefined: nothing. */
  readonly value?: ValueKind;
  readonly properties: Readonly<Record<string, ValueKind>>;
  readonly required?: readonly string[];
  /** The types of objects below it; `table=translatedTable` where a type has properties of its own there. */
  readonly children: readonly string[];
}

const granularity = ['day', 'month', 'quarter', 'year'];

/** What a culture says of an object. */
const translation = { caption: 'text', description: 'text', displayFolder: 'text' } as const;

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
    children: ['refreshPolicy', 'calculationGroup', 'measure', 'column', 'hierarchy', 'partition', 'annotation'],
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
      isAvailableInMdx: 'flag',
      summarizeBy: ['none', 'sum', 'average', 'min', 'max', 'count', 'distinctCount'],
      displayFolder: 'text',
      sourceColumn: 'text',
      sortByColumn: 'name',
    },
    required: ['dataType', 'summarizeBy', 'sourceColumn'],
    children: ['relatedColumnDetails', 'extendedProperty', 'annotation'],
  },
  relatedColumnDetails: {
    named: false,
    properties: { groupByColumn: 'name' },
    required: ['groupByColumn'],
    children: [],
  },
  extendedProperty: { named: true, value: 'json', properties: {}, children: [] },
  hierarchy: { named: true, properties: { lineageTag: 'guid' }, children: ['level', 'annotation'] },
  level: { named: true, properties: { lineageTag: 'guid', column: 'name' }, required: ['column'], children: [] },
  calculationGroup: { named: false, properties: { precedence: 'integer' }, children: ['calculationItem'] },
  calculationItem: {
    named: true,
    value: 'expression',
    properties: { ordinal: 'integer', formatStringDefinition: 'expression' },
    children: [],
  },
  partition: {
    named: true,
    value: ['m', 'calculated', 'calculationGroup'],
    properties: { mode: ['import'], source: 'expression' },
    required: ['mode', 'source'],
    children: [],
  },
  perspective: { named: true, properties: {}, children: ['perspectiveTable'] },
  perspectiveTable: {
    named: true,
    properties: { includeAll: 'flag' },
    children: ['perspectiveColumn', 'perspectiveMeasure', 'perspectiveHierarchy'],
  },
  perspectiveColumn: { named: true, properties: {}, children: [] },
  perspectiveMeasure: { named: true, properties: {}, children: [] },
  perspectiveHierarchy: { named: true, properties: {}, children: [] },
  cultureInfo: { named: true, properties: {}, children: ['translations'] },
  translations: { named: false, properties: {}, children: ['model=translatedModel'] },
  translatedModel: {
    named: true,
    properties: translation,
    children: ['table=translatedTable'],
  },
  translatedTable: {
    named: true,
    properties: translation,
    children: ['measure=translated', 'column=translated', 'hierarchy=translatedHierarchy'],
  },
  translatedHierarchy: { named: true, properties: translation, children: ['level=translated'] },
  translated: { named: true, properties: translation, children: [] },
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
export const rootKinds = [
  'database',
  'model',
  'table',
  'relationship',
  'role',
  'expression',
  'perspective',
  'cultureInfo',
  'annotation',
];
