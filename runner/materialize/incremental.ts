import { identifier, identifiers, relation } from '../../warehouse/quote.ts';
import type { Column } from '../catalog.ts';
import type { Config } from '../config.ts';
import { SqlText } from '../sql-text.ts';
import { counted, type Step, staged } from './step.ts';
import { comparable, stage, type TableTarget, valueColumns } from './table.ts';

/**
 * Adds what an incremental query yields to a standing table.
 * @param columns the table's columns, in any order; the query yields the same names.
 */
export function addRows(
  target: TableTarget,
  strategy: NonNullable<Config['incremental_strategy']>,
  sql: SqlText,
  columns: readonly Column[],
): Step[] {
  const table = relation(target.relation.schema, target.relation.name);
  const list = identifiers(columns.map((column) => column.name));
  const insert = `insert into ${table} as t (${list})\nselect ${list}\nfrom ${staged}`;
  const staging = stage(target, { kind: 'query', sql });
  switch (strategy) {
    case 'append':
      return [...staging, counted('inserted', insert)];
    case 'delete+insert': {
      const match = target.uniqueKey.map((name) => `t.${identifier(name)} = n.${identifier(name)}`).join(' and ');
      return [
        ...staging,
        counted('deleted', `delete from ${table} as t\nusing ${staged} as n\nwhere ${match}`),
        counted('inserted', insert),
      ];
    }
    case 'merge':
      return [...staging, { kind: 'upsert', sql: new SqlText(merge(target, insert, columns)) }];
    default:
      return strategy satisfies never;
  }
}

function merge(target: TableTarget, insert: string, columns: readonly Column[]): string {
  const { values, compared } = valueColumns(target, columns);
  const conflict = `on conflict (${identifiers(target.uniqueKey)})`;
  const update =
    compared.length === 0
      ? `${conflict} do nothing`
      : `${conflict} do update
    set ${values.map((name) => `${identifier(name)} = excluded.${identifier(name)}`).join(',\n        ')}
    where (${compared.map((column) => comparable(column, 't')).join(', ')})
        is distinct from (${compared.map((column) => comparable(column, 'excluded')).join(', ')})`;
  // A row that this statement inserted has no earlier version: its xmax is 0.
  return `with merged as (
    ${insert.replaceAll('\n', '\n    ')}
    ${update}
    returning (t.xmax = 0) as is_new
)
select count(*) filter (where is_new) as inserted, count(*) filter (where not is_new) as updated
from merged`;
}
