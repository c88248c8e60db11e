import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { BatchProject, inBatches } from './batch-project.ts';

const roles = ['dc_batch_reader', 'dc_batch_writer', 'dc_batch_hand'];
const orders = (value = 'value') =>
  `${inBatches('event_time="at" batch_size="day" begin="2023-08-01" unique_key="id, at"')}
select id, at, ${value} as value from {{source "raw" "events"}}`;
const configured = (grants: string, more = '') =>
  `models: [{ name: orders, description: What was ordered., config: { grants: ${grants} ${more} } }]`;

describe.each(oneDatabase)('who reads a table that is built in batches, on $name', (kind) => {
  let database: TestDatabase;
  let on: BatchProject;
  beforeAll(async () => {
    database = await kind.open();
    for (const role of roles) {
      // Roles belong to the server, where an earlier test may have left them.
      const { rows } = await database.warehouse.query('select from pg_roles where rolname = $1', [role]);
      if (rows.length === 0) await database.warehouse.query(`create role "${role}"`);
    }
  });
  afterAll(async () => {
    for (const role of roles) {
      await database.warehouse.query(`drop owned by "${role}"`);
      await database.warehouse.query(`drop role "${role}"`);
    }
    await database.drop();
  });
  beforeEach(async () => {
    on = await BatchProject.begin(database, {
      'models/orders.sql': orders(),
      'models/orders.yml': configured('{ select: dc_batch_reader }'),
    });
    await on.land(`('a', '2023-08-01 10:00+00', 1), ('b', '2023-08-02 10:00+00', 2), ('c', '2023-08-03 10:00+00', 4)`);
  });
  afterEach(() => on.dispose());
  const granted = async () =>
    (
      await on.query(
        `select r.rolname || ' ' || lower(g.privilege_type) as one
         from pg_class as c, aclexplode(c.relacl) as g
         join pg_roles as r on r.oid = g.grantee
         where c.oid = 'public.orders'::regclass and g.grantee <> c.relowner
         order by 1`,
      )
    ).map(({ one }) => one);
  const comment = () => on.query(`select obj_description('public.orders'::regclass) as text`);

  it('does so from the first commit on, although a later batch fails', async () => {
    on.project.write({ 'models/orders.sql': orders('4 / (value - 2)') });
    expect((await on.errorOf('orders', '2023-08-03'))?.message).toBe('orders: 1 of 3 batches failed: 2023-08-02');
    expect(await granted()).toEqual(['dc_batch_reader select']);
    expect(await comment()).toEqual([{ text: 'What was ordered.' }]);
    await on.query('grant insert on orders to dc_batch_hand');
    await on.query('update raw.events set value = 3 where value = 2');
    expect((await on.run('2023-08-03')).ok).toBe(true);
    expect(await granted()).toEqual(['dc_batch_hand insert', 'dc_batch_reader select']);
  });

  it('keeps doing so when all is built again, and what people granted stays, in partitions and from a view as well', async () => {
    await on.run('2023-08-03');
    await on.query('grant insert on orders to dc_batch_hand');
    const both = ['dc_batch_hand insert', 'dc_batch_reader select'];
    await on.run('2023-08-03', { fullRefresh: true });
    expect(await granted()).toEqual(both);
    on.project.write({
      'models/orders.yml': configured(
        '{ select: dc_batch_reader }',
        ', partition_by: { column: at, granularity: month }',
      ),
    });
    expect((await on.run('2023-08-03')).ok).toBe(true);
    expect(await granted()).toEqual(both);
    on.project.write({
      'models/orders.sql': '{{config materialized="view"}}select id, at, value from {{source "raw" "events"}}',
      'models/orders.yml': configured('{ select: dc_batch_reader }'),
    });
    expect((await on.run('2023-08-03')).ok).toBe(true);
    on.project.write({ 'models/orders.sql': orders('4 / (value - 1)') });
    expect((await on.errorOf('orders', '2023-08-03'))?.message).toBe('orders: 1 of 3 batches failed: 2023-08-01');
    expect(await granted()).toEqual(both);
    expect(await comment()).toEqual([{ text: 'What was ordered.' }]);
  });

  it('does no more when the setting no longer says so, and what was granted by hand stays', async () => {
    await on.run('2023-08-03');
    await on.query('grant select on orders to dc_batch_hand');
    on.project.write({ 'models/orders.yml': configured('{ insert: [dc_batch_writer] }') });
    await on.run('2023-08-03');
    expect(await granted()).toEqual(['dc_batch_hand select', 'dc_batch_writer insert']);
    on.project.write({ 'models/orders.yml': configured('{ select: [nobody_there] }') });
    expect((await on.errorOf('orders', '2023-08-03'))?.message).toContain(
      'the role "nobody_there", which does not exist',
    );
    expect(await granted()).toEqual(['dc_batch_hand select', 'dc_batch_writer insert']);
    on.project.write({ 'models/orders.yml': configured('{}') });
    await on.run('2023-08-03');
    expect(await granted()).toEqual(['dc_batch_hand select']);
  });
});
