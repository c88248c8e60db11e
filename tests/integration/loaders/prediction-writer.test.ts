import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inLoad } from '../../../loaders/landing/load.ts';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { servers, type TestDatabase } from '../databases.ts';

describe.each(servers)('a login that may only insert predictions, on $name', ({ open }) => {
  const role = `w${randomBytes(4).toString('hex')}`;
  let db: TestDatabase;
  let writer: pg.Client;
  beforeEach(async () => {
    db = await open();
    await ensureStaging(db.warehouse);
    await db.warehouse.query(`create role ${role} login`);
    await db.warehouse.query(`grant usage on schema staging to ${role}`);
    await db.warehouse.query(`grant insert on staging.prediction to ${role}`);
    writer = new pg.Client({ connectionString: Object.assign(new URL(db.url ?? ''), { username: role }).href });
    await writer.connect();
  });
  afterEach(async () => {
    await writer.end();
    await db.warehouse.query(`drop owned by ${role}`);
    await db.warehouse.query(`drop role ${role}`);
    await db.drop();
  });
  const write = async (...records: object[]) => {
    await writer.query('insert into staging.prediction (record) select jsonb_array_elements($1)', [
      JSON.stringify(records),
    ]);
  };
  const loads = async () =>
    (await db.warehouse.query('select load_id, source, records from staging.load order by load_id')).rows;
  const land = () =>
    inLoad(
      db.warehouse,
      'sensors',
      () => new Date(),
      async () => ({ files: 1, records: 7, rejected: 0 }),
    );

  it('gets a load of its own for each transaction, whatever it sets', async () => {
    await land();
    for (const load of ['1', '9000000000', 'x']) {
      await writer.query('begin');
      await writer.query(`set local datacycle.prediction_load = '${load}'`);
      await write({ n: 1 }, { n: 2 });
      await writer.query('savepoint s');
      await write({ n: 3 });
      await writer.query('rollback to savepoint s');
      await write({ n: 4 });
      await writer.query('commit');
    }
    expect(await loads()).toEqual([
      { load_id: 1, source: 'sensors', records: 7 },
      ...[2, 3, 4].map((load_id) => ({ load_id, source: 'predictions', records: 3 })),
    ]);
    const { rows } = await db.warehouse.query(
      'select load_id, count(*) from staging.prediction group by load_id order by load_id',
    );
    expect(rows).toEqual([2, 3, 4].map((load_id) => ({ load_id, count: 3 })));
  });

  it('holds up no load of another source, and writes in the order of the numbers', async () => {
    await writer.query('begin');
    for (const lock of [0x73656e73, 0x77656174, 0x72656769, 0x70726564])
      await writer.query('select pg_advisory_xact_lock($1)', [lock]);
    await land();
    await expect(writer.query('select from staging.load_order for update')).rejects.toThrow('permission denied');
    await writer.query('rollback');
    await writer.query('begin');
    await write({ n: 1 });
    let isWritten = false;
    const second = db.warehouse
      .query(`insert into staging.prediction (record) values ('{"n": 2}')`)
      .then(() => (isWritten = true));
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(async () => (await db.warehouse.query(waiting)).rows.length).toBeGreaterThan(0);
    expect(isWritten).toBe(false);
    await writer.query('commit');
    await second;
  });
});
