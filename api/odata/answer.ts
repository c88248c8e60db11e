import type { Row } from '../../warehouse/warehouse.ts';
import { isoTime, jsonValue } from '../answer/rows.ts';
import { typeOf } from './metadata.ts';
import type { EntitySet, Property } from './service.ts';

/** The service document: which entity sets there are. @param root the address of the service, with a slash at its end. */
export function serviceDocument(root: string, sets: readonly EntitySet[]): string {
  const value = sets.map(({ name }) => ({ name, kind: 'EntitySet', url: name }));
  return JSON.stringify({ '@odata.context': `${root}$metadata`, value });
}

/**
 * Whether whole numbers of 64 bits and decimals are texts, for clients whose numbers are shorter: `IEEE754Compatible=true` in the header
 * Accept or in `$format`.
 */
export function wantsTexts(accept: string | undefined): boolean {
  return /;\s*ieee754compatible=true/i.test(accept ?? '');
}

/** A page of an entity set. @param count of all rows that meet the filter, if it was asked for. */
export function entitiesBody(
  context: string,
  properties: readonly Property[],
  rows: readonly Row[],
  count: string | undefined,
  nextLink: string | undefined,
  asTexts: boolean,
): string {
  const head = [
    `"@odata.context":${JSON.stringify(context)}`,
    ...(count === undefined ? [] : [`"@odata.count":${asTexts ? JSON.stringify(count) : count}`]),
    `"value":[${rows.map((row) => entityOf(properties, row, asTexts)).join(',\n')}]`,
    ...(nextLink === undefined ? [] : [`"@odata.nextLink":${JSON.stringify(nextLink)}`]),
  ];
  return `{${head.join(',')}}\n`;
}

/** One row as a JSON object. */
export function entityOf(properties: readonly Property[], row: Row, asTexts: boolean): string {
  const values = properties.map((property) => {
    const value = valueJson(property, row);
    const isText = asTexts && value !== 'null' && ['Edm.Int64', 'Edm.Decimal'].includes(typeOf(property.column));
    return `${JSON.stringify(property.name)}:${isText ? JSON.stringify(value) : value}`;
  });
  return `{${values.join(',')}}`;
}

function valueJson({ column }: Property, row: Row): string {
  const text = row[column.name];
  if (typeof text !== 'string') return 'null';
  switch (column.kind) {
    case 'json':
      return JSON.stringify(text);
    case 'timestamp':
    case 'timestamptz': {
      const time = isoTime(text);
      // What the protocol does not have (infinite, before Christ) is null.
      return time.includes('T') ? JSON.stringify(time.endsWith('Z') ? time : `${time}Z`) : 'null';
    }
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(text) ? JSON.stringify(text) : 'null';
    case 'number': {
      const special = { NaN: '"NaN"', Infinity: '"INF"', '-Infinity': '"-INF"' }[text];
      return special !== undefined && !column.type.startsWith('numeric') ? special : jsonValue(column, text);
    }
    default:
      return jsonValue(column, text);
  }
}
