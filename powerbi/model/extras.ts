import * as z from 'zod';
import type { Exposure } from '../../runner/manifest/exposure.ts';
import { daxColumn, daxText } from './dax.ts';
import { scanDax } from './dax-scan.ts';
import { type FieldName, fieldName } from './fields.ts';
import { guidOf } from './guid.ts';
import type { TmdlObject, TmdlProperty } from './tmdl.ts';

const name = z.string().min(1);

/** powerbi/model.yml: what the semantic model has beside the tables of the views. A field is `Table.Name`. */
export const extrasSchema = z.strictObject({
  /** Columns of one table, from the coarse to the fine. */
  hierarchies: z.array(z.strictObject({ table: name, name, levels: z.array(name).min(1) })).optional(),
  /** Which measure or column a chart shows is chosen by its reader. */
  field_parameters: z
    .array(z.strictObject({ name, fields: z.array(z.strictObject({ title: name, field: name })).min(1) }))
    .optional(),
  /** What is computed of any measure, in DAX. */
  calculation_groups: z
    .array(
      z.strictObject({
        name,
        precedence: z.number().int(),
        items: z
          .array(
            z.strictObject({
              name,
              expression: name,
              format: name.optional(),
              /** What the preview draws beside the measure as it is; of any other item it draws nothing. */
              drawn_as: z.enum(['difference_from_mean', 'previous_week', 'change_from_previous_week']).optional(),
            }),
          )
          .min(1),
      }),
    )
    .optional(),
  /** Which tables a group of readers needs. It hides the others, and protects nothing. */
  perspectives: z.array(z.strictObject({ name, tables: z.array(name).min(1) })).optional(),
});

export type Extras = z.infer<typeof extrasSchema>;
/** The extras of a model, with empty lists for what is not there. */
export type ModelExtras = { readonly [K in keyof Extras]-?: NonNullable<Extras[K]> };
export type FieldParameter = ModelExtras['field_parameters'][number];

/** Whether the model has a column or measure of a name. */
export function isExposed(exposures: readonly Exposure[], { table, name: field }: FieldName): boolean {
  const exposure = exposures.find((one) => one.name === table);
  return [...(exposure?.columns ?? []), ...(exposure?.measures ?? [])].some((one) => one.name === field);
}

/** The extras without what the model has no table or field for. */
export function possibleExtras(extras: Extras, exposures: readonly Exposure[]): ModelExtras {
  const hasTable = (table: string) => exposures.some((one) => one.name === table);
  return {
    hierarchies: (extras.hierarchies ?? []).flatMap((one) => {
      const levels = one.levels.filter((level) => isExposed(exposures, { table: one.table, name: level }));
      return levels.length === 0 ? [] : [{ ...one, levels }];
    }),
    field_parameters: (extras.field_parameters ?? []).flatMap((one) => {
      const fields = one.fields.filter(({ field }) => isExposed(exposures, fieldName(field)));
      return fields.length === 0 ? [] : [{ ...one, fields }];
    }),
    calculation_groups: (extras.calculation_groups ?? []).flatMap((one) => {
      const items = one.items.filter(({ expression }) => namesWhatIsThere(expression, exposures));
      return items.length === 0 ? [] : [{ ...one, items }];
    }),
    perspectives: (extras.perspectives ?? []).flatMap((one) => {
      const tables = one.tables.filter(hasTable);
      return tables.length === 0 ? [] : [{ ...one, tables }];
    }),
  };
}

/**
 * The same with what stands in rows, the titles of field parameters and the names of calculation items, in another language. Power BI
 * has no cultures for rows, so that all viewers see them in this one. What has no translation stays.
 */
export function rowsIn(extras: ModelExtras, translations: ReadonlyMap<string, string> = new Map()): ModelExtras {
  const inWords = (text: string) => translations.get(text) ?? text;
  return {
    ...extras,
    field_parameters: extras.field_parameters.map((one) => ({
      ...one,
      fields: one.fields.map((field) => ({ ...field, title: inWords(field.title) })),
    })),
    calculation_groups: extras.calculation_groups.map((one) => ({
      ...one,
      items: one.items.map((item) => ({ ...item, name: inWords(item.name) })),
    })),
  };
}

/** Whether the model has every table and field that a DAX expression names. */
function namesWhatIsThere(dax: string, exposures: readonly Exposure[]): boolean {
  return scanDax(dax).references.every((one) => {
    if (one.kind === 'table') return exposures.some(({ name: table }) => table === one.name);
    return one.kind === 'bare' || isExposed(exposures, one);
  });
}

export function hierarchyObjects(table: string, extras: ModelExtras): TmdlObject[] {
  return extras.hierarchies
    .filter((one) => one.table === table)
    .map((one) => ({
      type: 'hierarchy',
      name: one.name,
      properties: [{ name: 'lineageTag', value: guidOf('hierarchy', table, one.name) }],
      children: one.levels.map((level) => ({
        type: 'level',
        name: level,
        properties: [
          { name: 'lineageTag', value: guidOf('level', table, one.name, level) },
          { name: 'column', reference: [level] },
        ],
      })),
    }));
}

/**
 * A table computed of the fields' names. Power BI knows a field parameter by the extended property of the column with the
 * fields, by which the shown column is grouped.
 */
export function fieldParameterObject({ name: table, fields }: FieldParameter): TmdlObject {
  const order = `${table} Order`;
  const names = `${table} Fields`;
  const rows = fields.map(({ title, field }, index) => {
    const { table: of, name: field_ } = fieldName(field);
    return `    (${daxText(title)}, NAMEOF(${daxColumn(of, field_)}), ${index})`;
  });
  const sorted: TmdlProperty = { name: 'sortByColumn', reference: [order] };
  return {
    type: 'table',
    name: table,
    properties: [{ name: 'lineageTag', value: guidOf('table', table) }],
    children: [
      computedColumn(table, order, 'int64', '[Value3]', true, []),
      {
        ...computedColumn(table, names, 'string', '[Value2]', true, [sorted]),
        children: [{ type: 'extendedProperty', name: 'ParameterMetadata', value: '{"version":3,"kind":2}' }],
      },
      {
        ...computedColumn(table, table, 'string', '[Value1]', false, [sorted]),
        children: [{ type: 'relatedColumnDetails', properties: [{ name: 'groupByColumn', reference: [names] }] }],
      },
      computedPartition(table, `{\n${rows.join(',\n')}\n}`),
    ],
  };
}

/** A column of a table that DAX computes. */
export function computedColumn(
  table: string,
  column: string,
  dataType: 'int64' | 'string',
  source: string,
  hidden: boolean,
  more: readonly TmdlProperty[],
): TmdlObject {
  return {
    type: 'column',
    name: column,
    properties: [
      { name: 'dataType', value: dataType },
      ...(hidden ? [{ name: 'isHidden', value: true }] : []),
      ...(dataType === 'int64' ? [{ name: 'formatString', value: '0' }] : []),
      { name: 'lineageTag', value: guidOf('column', table, column) },
      { name: 'summarizeBy', value: 'none' },
      { name: 'sourceColumn', value: source },
      ...more,
    ],
  };
}

export function computedPartition(table: string, source: string): TmdlObject {
  return {
    type: 'partition',
    name: table,
    value: 'calculated',
    properties: [
      { name: 'mode', value: 'import' },
      { name: 'source', expression: source },
    ],
  };
}

export function calculationGroupObject({
  name: table,
  precedence,
  items,
}: ModelExtras['calculation_groups'][number]): TmdlObject {
  return {
    type: 'table',
    name: table,
    properties: [{ name: 'lineageTag', value: guidOf('table', table) }],
    children: [
      {
        type: 'calculationGroup',
        properties: [{ name: 'precedence', value: precedence }],
        children: items.map((item, index) => ({
          type: 'calculationItem',
          name: item.name,
          value: item.expression,
          properties: [
            { name: 'ordinal', value: index },
            ...(item.format === undefined
              ? []
              : [{ name: 'formatStringDefinition', expression: daxText(item.format) }]),
          ],
        })),
      },
      // Without the second column the items would be sorted by their names.
      computedColumn(table, table, 'string', 'Name', false, [{ name: 'sortByColumn', reference: ['Ordinal'] }]),
      computedColumn(table, 'Ordinal', 'int64', 'Ordinal', true, []),
      { type: 'partition', name: `Partition_${table}`, value: 'calculationGroup' },
    ],
  };
}

export function perspectiveObject(perspective: ModelExtras['perspectives'][number]): TmdlObject {
  return {
    type: 'perspective',
    name: perspective.name,
    children: perspective.tables.map((table) => ({
      type: 'perspectiveTable',
      name: table,
      properties: [{ name: 'includeAll', value: true }],
    })),
  };
}
