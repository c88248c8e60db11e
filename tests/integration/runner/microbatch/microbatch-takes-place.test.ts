import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { resultOf } from '../../temporary-project.ts';
import { BatchProject, inBatches } from './batch-project.ts';

const model = (columns = 'id, at, value', settings = '') =>
  `${inBatches(`event_time="at" batch_size="day" begin="2023-08-01" unique_key="id" ${settings}`)}
select ${columns} from {{source "raw" "events"}}`;
const other = (kind: string, columns = 'id, at, value') =>
  `{{config materialized="${kind}" ${kind === 'view' ? '' : 'unique_key="id"'}}}select ${columns} from {{source "raw" "events"}}`;
const fails = 'id, at, 12 / (value - 1) as value';

describe.each(oneDatabase)('batches take the place of rows that stand, on $name', (kind) => {
  let database: TestDatabase;
  let on: BatchProject;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    on = await BatchProject.begin(database, {});
    await on.land(`('a', '2023-08-01 10:00+00', 1), ('b', '2023-08-02 10:00+00', 2), ('c', '2023-08-03 10:00+00', 4)`);
  });
  afterEach(() => on.dispose());
  const write = (sql: string, more = {}) => on.project.write({ 'models/orders.sql': sql, ...more });
  const values = async () => (await on.query('select value::int from orders order by id')).map(({ value }) => value);

  it.each(['view', 'materialized_view'])('of a %s, which readers find until the last batch is done', async (was) => {
    write(other(was));
    await on.run('2023-08-03');
    await on.query('create view shown as select id, value from orders');
    write(model(fails));
    expect((await on.errorOf('orders', '2023-08-03'))?.message).toBe('orders: 1 of 3 batches failed: 2023-08-01');
    expect(await values()).toEqual([1, 12, 4]);
    expect(await on.query('select count(*)::int as rows from shown')).toEqual([{ rows: 3 }]);
    await on.query('update raw.events set value = 3 where value = 1');
    expect((await on.run('2023-08-03')).ok).toBe(true);
    expect(await values()).toEqual([6, 12, 4]);
    expect(await on.verify()).toEqual(['orders equal']);
  });

  it('with the columns that the model has, and none of its rows twice', async () => {
    write(
      'select id, at::text as at, 1 as gone from {{source "raw" "events"}} union all select \'a\', \'2023-08-01\', 2',
    );
    await on.run('2023-08-03');
    write(model());
    expect(await on.outcomes('2023-08-03')).toMatchObject({
      orders: expect.stringMatching(/^success: rebuilt: was a view, 3 batches/),
    });
    expect(await on.query('select * from orders order by id')).toMatchObject([
      { id: 'a', value: 1 },
      { id: 'b', value: 2 },
      { id: 'c', value: 4 },
    ]);
    expect(await on.verify()).toEqual(['orders equal']);
  });

  it('of a materialized view without rows', async () => {
    write(other('materialized_view'));
    await on.run('2023-08-03');
    await on.query('refresh materialized view orders with no data');
    write(model());
    expect((await on.run('2023-08-03')).ok).toBe(true);
    expect(await values()).toEqual([1, 2, 4]);
  });

  it.each(['view', 'table'])('refuses where nothing says to which batch the rows of a %s belong', async (was) => {
    write(other(was, 'id, at as moment, value'));
    await on.run('2023-08-03');
    write(model());
    const error = await on.errorOf('orders', '2023-08-03');
    expect(error?.message).toBe(
      `orders: the ${was} public.orders has no column "at" (named in event_time), which would say to which batch its rows belong`,
    );
    expect(error).toMatchObject({ where: 'models/orders.sql:1:71' });
    expect(await values()).toEqual([1, 2, 4]);
    if (was === 'view') return;
    await on.query('alter table orders rename column moment to at');
    expect((await on.run('2023-08-03')).ok).toBe(true);
    expect(await on.verify()).toEqual(['orders equal']);
  });

  it('leaves a view that cannot be read, and says so', async () => {
    write(other('view', fails));
    await on.run('2023-08-03');
    write(model());
    const error = await on.errorOf('orders', '2023-08-03');
    expect(error?.message).toBe(
      'orders: the rows that the view public.orders shows could not be put into a table: division by zero',
    );
    await on.query('drop view public.orders');
    expect((await on.run('2023-08-03')).ok).toBe(true);
  });

  it('leaves all as it is where a materialized view of it would fail its audit', async () => {
    write(other('view'), {
      'models/totals.sql':
        '{{config materialized="materialized_view" unique_key="id"}}select id, value from {{ref "orders"}}',
      'tests/data/positive.sql': '{{config audit=true}}select id, value from {{ref "totals"}} where value < 0',
    });
    expect((await on.run('2023-08-03')).ok).toBe(true);
    await on.land(`('d', '2023-08-02 11:00+00', -1)`);
    write(model());
    expect(resultOf(await on.run('2023-08-03', { select: ['orders'] }), 'orders').error).toMatchObject({
      message: 'totals: audit positive found 1 bad row',
      detail: expect.stringContaining('orders waits, since totals would show its new rows.'),
    });
    expect(await on.query(`select relkind from pg_class where relname = 'orders'`)).toEqual([{ relkind: 'v' }]);
    expect(await on.query('select count(*)::int as rows from totals')).toEqual([{ rows: 3 }]);
    await on.query('delete from raw.events where value < 0');
    expect((await on.run('2023-08-03')).ok).toBe(true);
    expect(await on.verify()).toEqual(['orders equal']);
  });

  it('is built again by whoever follows it batch by batch from then on', async () => {
    write(other('view'), {
      'models/orders.yml': 'models: [{ name: orders, config: { event_time: at } }]',
      'models/daily.sql': `${inBatches('event_time="day" batch_size="day" begin="2023-08-01" unique_key="day" lookback=0')}
select at::date as day, sum(value) as value from {{ref "orders"}} group by 1`,
    });
    expect((await on.run('2023-08-05')).ok).toBe(true);
    await on.land(`('d', '2023-08-02 11:00+00', 8)`);
    write(model());
    expect((await on.run('2023-08-05')).ok).toBe(true);
    expect(await on.verify()).toEqual(['orders equal', 'daily equal']);
  });
});
