import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { BatchProject, inBatches } from './batch-project.ts';

const orders = (size: string, config = '') =>
  `${inBatches(`event_time="at" batch_size="${size}" begin="2023-06-01" unique_key="id" full_refresh=false ${config}`)}
select id, at, value from {{source "raw" "events"}}`;

describe.each(oneDatabase)('full_refresh: false keeps batches that are done, on $name', (kind) => {
  let database: TestDatabase;
  let on: BatchProject;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    on = await BatchProject.begin(database, {});
  });
  afterEach(() => on.dispose());
  const ids = async () => (await on.query('select id from orders order by id')).map(({ id }) => id);
  const begin = async (size: string) => {
    on.project.write({ 'models/orders.sql': orders(size) });
    await on.land(
      `('june', '2023-06-10 10:00+00', 1), ('july', '2023-07-31 10:00+00', 2), ('now', '2023-08-01 10:00+00', 4)`,
    );
    expect((await on.run('2023-08-01')).ok).toBe(true);
    // The rows are nowhere else now.
    await on.query(`delete from raw.events where id <> 'now'`);
  };

  it('in larger ones, when a new one begins', async () => {
    await begin('day');
    await on.land(`('next', '2023-08-01 11:00+00', 4)`);
    on.project.write({ 'models/orders.sql': orders('month', 'lookback=0') });
    expect(await on.outcomes('2023-08-01')).toEqual({ orders: 'success: 1 batch +1 ~0 -0' });
    expect(await ids()).toEqual(['july', 'june', 'next', 'now']);
    expect(await on.outcomes('2023-08-02')).toEqual({ orders: 'success: 1 batch +0 ~0 -0' });
  });

  it('in smaller ones', async () => {
    await begin('month');
    await on.query(`delete from raw.events where id = 'now'`);
    on.project.write({ 'models/orders.sql': orders('day', 'lookback=0') });
    // As before, the present one is built again: only what it was of August is.
    expect(await on.outcomes('2023-08-02')).toEqual({ orders: 'success: 2 batches +0 ~0 -1' });
    expect(await ids()).toEqual(['july', 'june']);
  });

  it('in another zone, and where one holds some of them and more, is refused', async () => {
    await begin('day');
    for (const [sql, name] of [
      [orders('week'), 'week of 2023-05-29'],
      [orders('day', 'time_zone="Europe/Zurich" lookback=0'), '2023-06-01'],
    ] as const) {
      on.project.write({ 'models/orders.sql': sql });
      const error = await on.errorOf('orders', '2023-08-01');
      expect(error?.message).toBe(
        `orders: the batch ${name} would build again what is done in others, and full_refresh is false: batch_size or time_zone has changed`,
      );
      expect(await ids()).toEqual(['july', 'june', 'now']);
    }
    on.project.write({ 'models/orders.sql': orders('day') });
    expect((await on.run('2023-08-01')).ok).toBe(true);
    expect(await ids()).toEqual(['july', 'june', 'now'].filter((id) => id !== 'july'));
  });
});
