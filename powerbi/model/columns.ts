import type { BiType, ExposedColumn, Exposure } from '../../runner/manifest/exposure.ts';
import { guidOf } from './guid.ts';
import type { TmdlObject, TmdlProperty } from './tmdl.ts';

/**
 * The model's type for each type of a view. `numeric` is a double, since Power Query hands it on as Decimal Number, which
 * is one; the model's `decimal` would round it to four places.
 */
export const dataTypes: Readonly<Record<BiType, string>> = {
  bigint: 'int64',
  'double precision': 'double',
  numeric: 'double',
  date: 'dateTime',
  timestamp: 'dateTime',
  text: 'string',
  boolean: 'boolean',
};

const formats: Readonly<Partial<Record<BiType, string>>> = {
  bigint: '0',
  date: 'Short Date',
  timestamp: 'General Date',
};

export function columnObject(exposure: Exposure, column: ExposedColumn): TmdlObject {
  const format = column.format ?? formats[column.type];
  const properties: TmdlProperty[] = [{ name: 'dataType', value: dataTypes[column.type] }];
  if (column.hidden) properties.push({ name: 'isHidden', value: true });
  // Excel's pivot tables show no hidden column; without its hierarchy there the model is smaller. A sort order needs it.
  const sorts = exposure.columns.some(({ sortBy }) => sortBy === column.name);
  if (column.hidden && !sorts) properties.push({ name: 'isAvailableInMdx', value: false });
  if (isKey(exposure, column)) properties.push({ name: 'isKey', value: true });
  if (format !== undefined) properties.push({ name: 'formatString', value: format });
  properties.push({ name: 'lineageTag', value: guidOf('column', exposure.name, column.name) });
  properties.push({ name: 'summarizeBy', value: column.summarize });
  if (column.folder !== undefined) properties.push({ name: 'displayFolder', value: column.folder });
  properties.push({ name: 'sourceColumn', value: column.name });
  if (column.sortBy !== undefined) properties.push({ name: 'sortByColumn', reference: [column.sortBy] });
  // Without the annotation, Power BI Desktop would choose the summarisation again at the next refresh.
  const children: TmdlObject[] = [{ type: 'annotation', name: 'SummarizationSetBy', value: 'User' }];
  if (column.type === 'date') children.push({ type: 'annotation', name: 'UnderlyingDateTimeDataType', value: 'Date' });
  return { type: 'column', name: column.name, description: column.description, properties, children };
}

/** A table has one key: for a calendar Power BI wants it to be the date. */
function isKey(exposure: Exposure, column: ExposedColumn): boolean {
  return exposure.kind === 'date' ? column.type === 'date' : column.name === exposure.key;
}
