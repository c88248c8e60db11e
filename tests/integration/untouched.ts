import { expect } from 'vitest';
import type { Queryable } from '../../warehouse/warehouse.ts';

/**
 * Runs `work` and expects that it leaves the database as it was: every version of every row (xmin, ctid), of schema
 * `datacycle` too, every relation and every sequence, and no temporary table.
 */
export async function expectUntouched<T>(on: Queryable, work: () => Promise<T>): Promise<T> {
  const before = await everything(on);
  const value = await work();
  expect(await everything(on)).toEqual(before);
  return value;
}

async function everything(on: Queryable): Promise<unknown> {
  const { rows: relations } = await on.query<{ name: string; kind: string }>(
    `select c.oid::regclass::text as name, c.relkind as kind, c.oid::text as oid, c.relfilenode::text as file
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%'
     order by 1`,
  );
  expect(relations.filter(({ name }) => name.includes('pg_temp') || name.includes('datacycle_new'))).toEqual([]);
  const rows: unknown[] = [];
  for (const { name, kind } of relations) {
    if (kind === 'r')
      rows.push(
        (await on.query(`select xmin::text, xmax::text, ctid::text, t::text as row from ${name} as t order by ctid`))
          .rows,
      );
    if (kind === 'S') rows.push((await on.query(`select last_value, is_called from ${name}`)).rows);
  }
  return { relations, rows };
}
