import { guidOf } from './guid.ts';
import { mText } from './m.ts';
import type { PowerBiOptions } from './options.ts';
import type { TmdlObject } from './tmdl.ts';

/** The queries that the tables share: where the database is, which time is loaded, and how a time becomes a key. */
export function expressionObjects(options: PowerBiOptions): TmdlObject[] {
  return [
    parameter('Server', 'Text', mText(options.server), 'The PostgreSQL server, with its port if that is not 5432.'),
    parameter('Database', 'Text', mText(options.database), 'The database on the server.'),
    parameter(
      'RangeStart',
      'DateTime',
      `#datetime(${options.firstYear}, 1, 1, 0, 0, 0)`,
      'From when Power BI Desktop loads minutes and days. The Power BI service puts its own times in here.',
    ),
    parameter('RangeEnd', 'DateTime', '#datetime(2100, 1, 1, 0, 0, 0)', 'Until when; this time itself is left out.'),
    // M counts in floating point; as a whole number a key stays one in the SQL, where the key's index needs it.
    keyFunction(
      'DateKey',
      'Int64.From(Date.Year(time) * 10000 + Date.Month(time) * 100 + Date.Day(time))',
      'The key YYYYMMDD of the day of a time.',
    ),
    keyFunction(
      'MinuteKey',
      'Int64.From(Date.Year(time) * 100000000 + Date.Month(time) * 1000000 + Date.Day(time) * 10000 + Time.Hour(time) * 100 + Time.Minute(time))',
      'The key YYYYMMDDHHMM of the minute of a time.',
    ),
  ];
}

function parameter(name: string, type: 'Text' | 'DateTime', value: string, description: string): TmdlObject {
  return {
    type: 'expression',
    name,
    description,
    value: `${value} meta [IsParameterQuery=true, Type="${type}", IsParameterQueryRequired=true]`,
    properties: [{ name: 'lineageTag', value: guidOf('expression', name) }],
    children: [{ type: 'annotation', name: 'PBI_ResultType', value: type }],
  };
}

function keyFunction(name: string, body: string, description: string): TmdlObject {
  return {
    type: 'expression',
    name,
    description,
    value: `(time as datetime) => ${body}`,
    properties: [{ name: 'lineageTag', value: guidOf('expression', name) }],
    children: [{ type: 'annotation', name: 'PBI_ResultType', value: 'Function' }],
  };
}
