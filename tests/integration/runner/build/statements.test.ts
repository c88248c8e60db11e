import { describe, expect, test } from 'vitest';
import type { Warehouse } from '../../../../warehouse/warehouse.ts';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const files = {
  'models/shown.sql': 'select id from raw.a\n',
  'models/kept.sql': '{{config materialized="table"}}\nselect id from {{ref "shown"}}\n',
  'models/grown.sql': '{{config materialized="incremental" unique_key="id"}}\nselect id from {{ref "shown"}}\n',
};

/** The database, which notes the statements of each transaction. */
function noting(warehouse: Warehouse, transactions: string[][]): Warehouse {
  return {
    ...warehouse,
    transaction: (work, isolation) =>
      warehouse.transaction((session) => {
        const statements: string[] = [];
        transactions.push(statements);
        return work({
          ...session,
          query: (sql, params, values) => {
            statements.push(sql);
            return session.query(sql, params, values);
          },
        });
      }, isolation),
  };
}

describe.each(oneDatabase)('what is asked for each model, on $name', (kind) => {
  const { database, project } = projectOn(kind, files, ['create table raw.a (id int)', 'insert into raw.a values (1)']);

  test('is the shape of what it reads once, unless a view may read what it does not name', async () => {
    const transactions: string[][] = [];
    await project.run(noting(database.warehouse, transactions));
    const of = (statement: string) => transactions.find((all) => all.some((sql) => sql.startsWith(statement))) ?? [];
    const shapes = (statement: string) => of(statement).filter((sql) => sql.includes('as upstream\n')).length;
    expect(shapes('create view "public"."shown"')).toBe(1);
    expect(shapes('create table "public"."kept"')).toBe(1);
    expect(shapes('create table "public"."grown"')).toBe(1);
    // The view, the shape of what it reads, the record; what is known of it was found beside the others.
    expect(of('create view "public"."shown"')).toHaveLength(3);
    const [known] = of('create table "public"."kept"');
    expect(known).toContain('datacycle.high_water');
    expect(known).not.toContain('datacycle.pruned');
    expect(known).not.toContain('datacycle.expired');
  });
});
