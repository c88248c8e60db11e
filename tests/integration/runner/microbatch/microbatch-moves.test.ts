import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordPruned } from '../../../../runner/state/pruned.ts';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { rounds } from '../../rounds.ts';
import { BatchProject, inBatches } from './batch-project.ts';

const orders = (lookback: number, config = '') =>
  `${inBatches(`event_time="at" batch_size="day" begin="2023-08-01" unique_key="id" lookback=${lookback} ${config}`)}
select id, at, value from {{source "raw" "events"}}`;
const daily = `${inBatches('event_time="day" batch_size="day" begin="2023-08-01" unique_key="day" lookback=0')}
select at::date as day, sum(value) as value from {{ref "orders"}} group by 1`;

describe.each(oneDatabase)('rows that move between batches on $name', (kind) => {
  let database: TestDatabase;
  let on: BatchProject;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    on = await BatchProject.begin(database, { 'models/orders.sql': orders(1), 'models/daily.sql': daily });
    await on.land(`('a', '2023-08-01 10:00+00', 1), ('b', '2023-08-03 10:00+00', 2), ('c', '2023-08-03 11:00+00', 4)`);
  });
  afterEach(() => on.dispose());

  const move = (id: string, to: string) => on.query(`update raw.events set at = '${to} 10:00+00' where id = '${id}'`);
  const days = () => on.query('select id, at::date::text as day from orders order by id');

  it('to an earlier one: who follows the one that they left builds that again too', async () => {
    on.project.write({ 'models/orders.sql': orders(5) });
    await on.run('2023-08-06');
    await move('b', '2023-08-02');
    expect(await on.outcomes('2023-08-06')).toEqual({
      orders: 'success: 6 batches +0 ~1 -0',
      daily: 'success: 3 batches +1 ~1 -0',
    });
    expect(await on.verify()).toEqual(['orders equal', 'daily equal']);
  });

  it.each([
    ['later', 'a', '2023-08-06'],
    ['earlier', 'c', '2023-08-05'],
  ])('to a %s one from one that is long done, which is built again with it', async (_, id, to) => {
    await on.run('2023-08-06');
    await move(id, to);
    expect(await on.outcomes('2023-08-06')).toMatchObject({ orders: 'success: 3 batches +0 ~1 -0' });
    expect(await days()).toContainEqual({ id, day: to });
    expect(await on.verify()).toEqual(['orders equal', 'daily equal']);
  });

  it('is an error if both batches make the key, however often it is tried', async () => {
    await on.run('2023-08-06');
    await on.land(`('a', '2023-08-06 10:00+00', 9)`, 2);
    const first = await on.errorOf('orders', '2023-08-06');
    expect(first?.message).toBe('orders: 1 of 3 batches failed: 2023-08-01');
    expect(first).toMatchObject({ detail: expect.stringContaining('Key (id)=(a) already exists') });
    expect((await on.errorOf('orders', '2023-08-06'))?.message).toMatch(/^orders: 1 of 3 batches failed/);
    await on.query(`delete from raw.events where load_id = 1 and id = 'a'`);
    expect((await on.run('2023-08-06')).ok).toBe(true);
    expect(await on.verify()).toEqual(['orders equal', 'daily equal']);
  });

  it('to a later one while others point at them', async () => {
    on.project.write({
      'models/orders.sql': orders(5),
      'models/facts.sql': '{{config materialized="incremental" unique_key="id"}}select id from {{ref "orders"}}',
      'models/facts.yml': `models: [{ name: facts, constraints: [{ type: foreign_key, columns: id, to: ref('orders') }] }]`,
    });
    await on.run('2023-08-06');
    await move('b', '2023-08-05');
    expect(await on.outcomes('2023-08-06')).toMatchObject({ orders: 'success: 6 batches +0 ~1 -0' });
    expect(await on.verify()).toEqual(['orders equal', 'daily equal', 'facts equal']);
  });

  it.each([
    ['its source has been pruned', ''],
    ['full_refresh is false', 'full_refresh=false'],
  ])('builds nothing again that is done where %s', async (_, config) => {
    on.project.write({ 'models/orders.sql': orders(1, config) });
    await on.land(`('d', '2023-08-01 12:00+00', 8)`);
    await on.run('2023-08-06');
    await move('a', '2023-08-06');
    if (config === '') await recordPruned(database.warehouse, 'raw.events', { loadId: 1, at: '2023-08-03T00:00:00Z' });
    await on.query(`delete from raw.events where id = 'd'`);
    expect((await on.errorOf('orders', '2023-08-06'))?.message).toBe('orders: 1 of 2 batches failed: 2023-08-06');
    expect(await days()).toContainEqual({ id: 'd', day: '2023-08-01' });
  });
});

describe.each(oneDatabase)('whatever moves whenever, on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());

  /** Orders that are changed on a day, some of them so that their batch fails until the next day: each is of the day of its last change. */
  const day = fc.record({
    changed: fc.uniqueArray(fc.record({ id: fc.nat(5), broken: fc.nat(5) }), {
      selector: ({ id }) => id,
      maxLength: 4,
    }),
    passed: fc.nat(2),
    isRefreshed: fc.nat(6).map((dice) => dice === 0),
  });
  const broken = orders(0).replace('value from', '12 / value as value from');

  it('batches, and what follows them, are as if built from scratch', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(day, { minLength: 2, maxLength: 5 }), async (history) => {
        const on = await BatchProject.begin(database, { 'models/orders.sql': broken, 'models/daily.sql': daily });
        try {
          let date = 1;
          for (const { changed, passed, isRefreshed } of history) {
            await on.query('update raw.events set value = 2 where value = 0');
            for (const { id, broken: dice } of changed) {
              await on.query(`delete from raw.events where id = '${id}'`);
              await on.land(`('${id}', '2023-08-0${date} 10:00+00', ${dice === 0 ? 0 : 3})`);
            }
            await on.run(`2023-08-0${date}`, { fullRefresh: isRefreshed });
            date = Math.min(9, date + passed);
          }
          await on.query('update raw.events set value = 2 where value = 0');
          await on.query(`update raw.events set at = '2023-08-09 10:00+00' where value = 2`);
          expect((await on.run('2023-08-09')).results.flatMap(({ error }) => error ?? [])).toEqual([]);
          expect(await on.verify()).toEqual(['orders equal', 'daily equal']);
        } finally {
          on.dispose();
        }
      }),
      { numRuns: rounds({ gate: 5, long: 50 }) },
    );
  });
});
