import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWarehouse } from '../../../warehouse/open.ts';
import { refuseSharedServers } from '../../../warehouse/pooler.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { PgBouncer } from '../../servers/pgbouncer.ts';
import { servers, type TestDatabase } from '../databases.ts';

const secret = { 'datacycle.secret_pseudonym_key': 'a key' };

function open(url: string, concurrency = 2, settings: Readonly<Record<string, string>> = {}): Promise<Warehouse> {
  return openWarehouse({ url, folder: '', purpose: 'test', concurrency, settings });
}

describe.each(servers)('a session, on $name', ({ open: openDatabase }) => {
  const role = `r${randomBytes(4).toString('hex')}`;
  let db: TestDatabase;
  let database: string;
  let bouncer: PgBouncer | undefined;
  beforeEach(async () => {
    db = await openDatabase();
    database = new URL(db.url ?? '').pathname.slice(1);
    await db.warehouse.query(`create role ${role} login`);
  });
  afterEach(async () => {
    await bouncer?.stop();
    bouncer = undefined;
    await db.warehouse.query(`drop owned by ${role}`);
    await db.warehouse.query(`drop role ${role}`);
    await db.drop();
  });
  const asRole = () => Object.assign(new URL(db.url ?? ''), { username: role }).href;
  const failure = async (url: string, concurrency = 2) => {
    const warehouse = await open(url, concurrency);
    try {
      await Promise.all(Array.from({ length: concurrency + 1 }, () => warehouse.query('select pg_sleep(0.2)')));
      return undefined;
    } catch (error) {
      return error as Error & { hint?: string };
    } finally {
      await warehouse.close();
    }
  };

  it('prepares a statement once, and again after it was taken away', async () => {
    const prepared = `select count(*)::int as n from pg_prepared_statements where name like 'datacycle%'`;
    await db.warehouse.session(async (session) => {
      const ask = async (value: number) => (await session.query('select $1::int as v', [value], 'prepared')).rows[0]?.v;
      expect([await ask(1), await ask(2)]).toEqual([1, 2]);
      expect((await session.query(prepared)).rows).toEqual([{ n: 1 }]);
      await session.query('deallocate all');
      await expect(ask(3)).rejects.toMatchObject({ code: '26000' });
      expect(await ask(4)).toBe(4);
      expect((await session.query(prepared)).rows).toEqual([{ n: 1 }]);
    });
  });

  it('means the same whatever the role and the database have set', async () => {
    for (const [name, value] of Object.entries({
      array_nulls: 'off',
      quote_all_identifiers: 'on',
      row_security: 'off',
      DateStyle: 'SQL, DMY',
      IntervalStyle: 'iso_8601',
      TimeZone: 'Asia/Kolkata',
      extra_float_digits: '-3',
      bytea_output: 'escape',
      standard_conforming_strings: 'off',
      backslash_quote: 'on',
      transform_null_equals: 'on',
      xmloption: 'document',
      default_text_search_config: 'pg_catalog.french',
      default_transaction_read_only: 'on',
      default_transaction_isolation: 'serializable',
      default_transaction_deferrable: 'on',
      idle_session_timeout: '100ms',
      idle_in_transaction_session_timeout: '100ms',
    }))
      await db.warehouse.query(`alter role ${role} in database ${database} set ${name} = '${value}'`);
    const warehouse = await open(asRole());
    try {
      const { rows } = await warehouse.query(String.raw`select
          '{NULL}'::int[] as nulls, quote_ident('plain') as ident, '1 day'::interval::text as length,
          '2023-08-01 00:00+00'::timestamptz::text as time, (0.1::float8 + 0.2)::text as number, '\x01'::bytea::text as bytes,
          'a\b' as text, null = null as equal, current_setting('transaction_read_only') as readonly,
          current_setting('transaction_isolation') as isolation, current_setting('row_security') as policies,
          to_tsvector('les maisons')::text as words`);
      expect(rows).toEqual([
        {
          nulls: [null],
          ident: 'plain',
          length: '1 day',
          time: '2023-08-01 00:00:00+00',
          number: '0.30000000000000004',
          bytes: '\\x01',
          text: 'a\\b',
          equal: null,
          readonly: 'off',
          isolation: 'read committed',
          policies: 'on',
          words: "'les':1 'maisons':2",
        },
      ]);
      await expect(warehouse.query(`select '01.08.2023'::date`)).rejects.toThrow('date/time field value out of range');
      await warehouse.transaction(async (session) => {
        await session.query('select 1');
        await new Promise((resolve) => setTimeout(resolve, 400));
        await session.query('select 1');
      });
    } finally {
      await warehouse.close();
    }
  });

  it('has the server notice within 35 s that this program is gone, and give its locks to others', async () => {
    const { rows } = await db.warehouse.query(`select current_setting('tcp_keepalives_idle')::int
      + current_setting('tcp_keepalives_interval')::int * current_setting('tcp_keepalives_count')::int as idle_s,
      current_setting('tcp_user_timeout')::int as sent_ms`);
    expect(rows).toEqual([{ idle_s: 35, sent_ms: 35_000 }]);
  });

  it('names the flag where the role has fewer connections than threads ask for', async () => {
    await db.warehouse.query(`alter role ${role} connection limit 2`);
    const error = await failure(asRole(), 4);
    expect(error?.message).toMatch(/the server has no connection left for this user$/);
    expect(error?.hint).toMatch(/^Up to 5 connections are asked for.*--threads 1/);
    expect(await failure(asRole(), 1)).toBeUndefined();
  });

  describe.skipIf(!PgBouncer.isInstalled)('behind PgBouncer', () => {
    const through = () => `postgres://postgres@127.0.0.1:${bouncer?.port}/${database}`;

    it.each(['transaction', 'statement'] as const)('is refused with pool_mode = %s, and sets nothing', async (mode) => {
      bouncer = await PgBouncer.to(db.url ?? '', mode);
      const warehouse = await open(through(), 2, secret);
      try {
        await expect(warehouse.query('select 1')).rejects.toThrow(
          /^DB_URL leads to a connection pooler in transaction mode/,
        );
        await expect(warehouse.exclusive('run', async () => 1)).rejects.toThrow('connection pooler');
      } finally {
        await warehouse.close();
      }
      // The process that the pooler keeps knows neither lock nor secret.
      const { rows } = await db.warehouse.query(`select count(*) from pg_locks where locktype = 'advisory'
           and database = (select oid from pg_database where datname = current_database())`);
      expect(rows).toEqual([{ count: 0 }]);
    });

    it('works with pool_mode = session, secrets and locks too', async () => {
      bouncer = await PgBouncer.to(db.url ?? '', 'session');
      const [one, other] = [await open(through(), 1, secret), await open(through(), 1)];
      try {
        const held = await one.exclusive('run', async () => {
          expect(await other.exclusive('run', async () => 1)).toMatchObject({ held: false });
          const { rows } = await one.query(`select current_setting('datacycle.secret_pseudonym_key') as key`);
          return rows;
        });
        expect(held).toEqual({ held: true, value: [{ key: 'a key' }] });
        expect(await other.exclusive('run', async () => 1)).toEqual({ held: true, value: 1 });
      } finally {
        await one.close();
        await other.close();
      }
    });
  });
});

describe('two connections that ask for their server in turn', () => {
  const saying = (...pids: number[]) => {
    let turn = 0;
    return async () => pids[turn++ % pids.length] ?? 0;
  };

  it.each([
    ['share one', saying(1), saying(1)],
    ['are given one after the other', saying(1, 2), saying(2, 3)],
    ['change it', saying(1, 3), saying(2)],
  ])('are refused where they %s', async (_, first, second) => {
    await expect(refuseSharedServers(first, second)).rejects.toThrow('connection pooler in transaction mode');
  });

  it('are let be where each has its own, or the second waits for one', async () => {
    await refuseSharedServers(saying(1), saying(2));
    await refuseSharedServers(saying(1), () => new Promise(() => undefined), 50);
  });
});
