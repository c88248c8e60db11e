import { StatementError } from '../../warehouse/errors.ts';
import { identifier, relation } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/** What of deleted rows a table still has in the files of the database. */
export interface Remains {
  /** Rows that could not be removed, since a transaction somewhere might still look at them. */
  readonly deadRows: number;
  /** Whether the planner's statistics still hold values of a table that has no rows any more. */
  readonly statistics: boolean;
}

/**
 * Gives back the room of deleted rows, and replaces the planner's statistics, which hold frequent values: until then both
 * still stand in the database's files. Nothing to do for a table that is not there.
 */
export async function vacuum(warehouse: Warehouse, schema: string, name: string): Promise<Remains> {
  const table = relation(schema, name);
  const { rows } = await warehouse.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table]);
  if (rows[0]?.there !== true) return { deadRows: 0, statistics: false };
  const deadRows = await warehouse.session(async (session) => {
    // What this session has not told of its own deletions yet would be added to what vacuum finds.
    await session.query('select pg_stat_force_next_flush()');
    await session.query(`vacuum ${table}`);
    const { rows: dead } = await session.query<{ rows: string }>(
      'select pg_stat_get_dead_tuples($1::regclass)::text as rows',
      [table],
    );
    await session.query(`analyze ${table}`);
    return Number(dead[0]?.rows ?? 0);
  });
  return { deadRows, statistics: !(await clearStatistics(warehouse, schema, name)) };
}

/** Of a table without rows there is nothing to analyze, so that its statistics stay. Returns false if they could not go. */
async function clearStatistics(warehouse: Warehouse, schema: string, name: string): Promise<boolean> {
  const table = relation(schema, name);
  const { rows: any } = await warehouse.query(`select from ${table} limit 1`);
  if (any.length > 0) return true;
  const columns = async () => {
    const { rows } = await warehouse.query<{ name: string; type: string }>(
      `select s.attname as name, format_type(a.atttypid, a.atttypmod) as type
       from pg_stats as s
       join pg_attribute as a on a.attrelid = to_regclass($3) and a.attname = s.attname
       where s.schemaname = $1 and s.tablename = $2 and not s.inherited`,
      [schema, name, table],
    );
    return rows;
  };
  // PostgreSQL 18 can be told to.
  const { rows: able } = await warehouse.query<{ can: boolean }>(
    `select to_regproc('pg_catalog.pg_clear_attribute_stats') is not null as can`,
  );
  for (const column of await columns()) {
    if (able[0]?.can === true) {
      await warehouse.query('select pg_clear_attribute_stats($1, $2, $3, false)', [schema, name, column.name]);
      continue;
    }
    // An older one forgets them with the type, also when that stays the same; not of a column that a view or a policy reads.
    const same = `alter table ${table} alter column ${identifier(column.name)} type ${column.type}`;
    await warehouse
      .transaction(async (session) => {
        await session.query(`set local lock_timeout = '5s'`);
        await session.query(same);
      })
      .catch((error: unknown) => {
        if (!(error instanceof StatementError)) throw error;
      });
  }
  return (await columns()).length === 0;
}
