import { identifier, literal, relation } from '../../warehouse/quote.ts';
import { SqlText } from '../text/sql-text.ts';
import { type Step, staged } from './parts/step.ts';
import { placeOf } from './parts/structure.ts';
import type { TableTarget, TakenColumn } from './parts/target.ts';

/**
 * Fails the model if a value of the staged rows would become another one by the type that the table has for its column:
 * ```sql
 * select 'v' as "column", n."v"::text as value, n."v"::integer::text as becomes from datacycle_new as n
 * where n."v"::integer::numeric is distinct from n."v" limit 1;  -- must return no row
 * ```
 */
export function guardCasts(target: TableTarget, columns: readonly TakenColumn[]): Step[] {
  const checks = columns.flatMap(({ name, type, yields }) => {
    if (yields === undefined) return [];
    const value = `n.${identifier(name)}`;
    // Numbers by their value, since 2.50 is 2.5; all else as it is written, since some types know no equality.
    const [back, given] = isNumber(yields)
      ? [`${value}::${type}::${yields}`, value]
      : [`${value}::${type}::${yields}::text`, `${value}::text`];
    const select = `select ${literal(name)} as "column", ${value}::text as value, ${value}::${type}::text as becomes`;
    return [`(${select}\nfrom ${staged} as n\nwhere ${back} is distinct from ${given}\nlimit 1)`];
  });
  if (checks.length === 0) return [];
  const table = relation(placeOf(target));
  return [
    {
      kind: 'guard',
      sql: new SqlText(checks.join('\nunion all\n')),
      setting: 'on_schema_change',
      complaint: (rows) => ({
        what: `${target.model}: the table's types would change values that the query yields`,
        detail: rows
          .map((row) => {
            const one = columns.find(({ name }) => name === row.column);
            return `  ${row.column}: ${row.value} (${one?.yields}) would become ${row.becomes} (${one?.type})`;
          })
          .join('\n'),
        hint: `Nothing was touched. Give the table the query's type: ${rows
          .map((row) => {
            const type = columns.find(({ name }) => name === row.column)?.yields;
            return `alter table ${table} alter column ${identifier(String(row.column))} type ${type};`;
          })
          .join(' ')} Or cast the column in the query.`,
      }),
    },
  ];
}

function isNumber(type: string): boolean {
  return /^(?:smallint|integer|bigint|real|double precision|numeric\b.*)$/.test(type) && !type.endsWith('[]');
}
