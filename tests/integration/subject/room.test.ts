import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { vacuum } from '../../../runner/subject/vacuum.ts';
import { databases, type TestDatabase } from '../databases.ts';

describe.each(databases)('the room of deleted rows on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    for (const sql of [
      'drop table if exists public.secret cascade',
      'create table public.secret (id integer primary key, "a ""name" text not null)',
      `insert into public.secret select n, 'jimmy ' || n % 3 from generate_series(1, 300) as n`,
      'analyze public.secret',
    ])
      await database.warehouse.query(sql);
  });
  const statistics = async () => {
    const { rows } = await database.warehouse.query(
      `select from pg_stats where tablename = 'secret' and (most_common_vals::text || coalesce(histogram_bounds::text, '')) like '%jimmy%'`,
    );
    return rows.length;
  };

  it('is given back, and statistics forget, also those of a table that is empty', async () => {
    expect(await statistics()).toBe(1);
    await database.warehouse.query('delete from public.secret where id < 300');
    expect(await vacuum(database.warehouse, 'public', 'secret')).toEqual({ deadRows: 0, statistics: false });
    expect(await statistics()).toBe(0);
    await database.warehouse.query(`insert into public.secret values (1, 'jimmy 0'), (2, 'jimmy 0')`);
    await database.warehouse.query('analyze public.secret');
    expect(await statistics()).toBe(1);
    await database.warehouse.query('delete from public.secret');
    expect(await vacuum(database.warehouse, 'public', 'secret')).toEqual({ deadRows: 0, statistics: false });
    expect(await statistics()).toBe(0);
    expect(await vacuum(database.warehouse, 'public', 'no such table')).toEqual({ deadRows: 0, statistics: false });
  });

  it('is told where statistics cannot be made to forget', async () => {
    await database.warehouse.query('create view public.shown as select * from public.secret');
    await database.warehouse.query('delete from public.secret');
    const { statistics: left } = await vacuum(database.warehouse, 'public', 'secret');
    const { rows } = await database.warehouse.query<{ version: number }>(
      `select current_setting('server_version_num')::integer as version`,
    );
    expect(left).toBe((rows[0]?.version ?? 0) < 180_000);
    expect(await statistics()).toBe(left ? 1 : 0);
  });

  it.skipIf(kind.name === 'PGlite')('is told where a transaction may still look at the rows', async () => {
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    try {
      await other.query('begin isolation level repeatable read');
      await other.query('select 1 from public.secret');
      await database.warehouse.query('delete from public.secret where id < 300');
      expect(await vacuum(database.warehouse, 'public', 'secret')).toEqual({ deadRows: 299, statistics: false });
      await other.query('rollback');
    } finally {
      await other.end();
    }
    expect(await vacuum(database.warehouse, 'public', 'secret')).toEqual({ deadRows: 0, statistics: false });
  });
});
