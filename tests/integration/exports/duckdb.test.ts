import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { duckRows, openDuckDb } from '../../servers/duckdb.ts';
import { oneDatabase } from '../databases.ts';
import { projectOn } from '../project-on.ts';
import { queueOf, reading, StreamBronze } from '../stream/stream-messages.ts';
import { exporting } from './export-place.ts';

const duck = await openDuckDb();

const source = `create table raw.reading as
    select i::integer as id, date '2023-10-12' + i % 3 as day, 'Room ' || i % 4 as room,
        timestamptz '2023-10-12 00:00+02' + i * interval '7 seconds' as at, (i / 7.0)::numeric(12,4) as power,
        case when i % 10 = 0 then null else i * 4503599627370497 end::bigint as total, sqrt(i)::double precision as ratio, i % 2 = 0 as is_on
    from generate_series(1, 2000) as i`;
const settings = `name: test
exports:
  lake:
    query: "select id, day, room, at, power, total, ratio, is_on from raw.reading"
    to: { folder: lake }
    format: parquet
    partition_by: [day, room]
`;

describe.runIf(duck !== undefined).each(oneDatabase)('Parquet that DuckDB reads, written beside $name', (kind) => {
  if (duck === undefined) return;
  const { database, project, rows } = projectOn(kind, { 'project.yml': settings }, [source]);
  afterAll(() => duck.closeSync());

  it('of a lake has the types, the sums and the parts that the database has', async () => {
    await exporting(project, database.warehouse, 'lake');
    const lake = `read_parquet('${join(project.root, 'lake')}/**/*.parquet', hive_partitioning = true)`;
    const types = await duckRows(duck, `select column_name as name, column_type as type from (describe from ${lake})`);
    expect(Object.fromEntries(types.map(({ name, type }) => [name, type]))).toEqual({
      id: 'INTEGER',
      day: 'DATE',
      room: 'VARCHAR',
      at: 'TIMESTAMP WITH TIME ZONE',
      power: 'DECIMAL(12,4)',
      total: 'BIGINT',
      ratio: 'DOUBLE',
      is_on: 'BOOLEAN',
    });
    // The same statement for both; sums of doubles in one order each, so that only their last digits may differ.
    const figures = (
      from: string,
    ) => `select cast(day as text) as day, room, cast(count(*) as text) as n, cast(count(total) as text) as totals,
      cast(sum(power) as text) as power, cast(sum(total) as text) as total, cast(sum(cast(is_on as integer)) as text) as on_,
      cast(cast(extract(epoch from min("at")) as bigint) as text) as "first"
    from ${from} group by day, room order by day, room`;
    const found = await duckRows(duck, figures(lake));
    expect(found).toHaveLength(12);
    expect(found).toEqual(await rows(figures('raw.reading')));
    const sum = 'select sum(ratio) as ratio from';
    const [[ours], [theirs]] = [await rows(`${sum} raw.reading`), await duckRows(duck, `${sum} ${lake}`)];
    expect(Number(theirs?.ratio)).toBeCloseTo(Number(ours?.ratio), 6);
    // Of a part only its files are read.
    const part = `${join(project.root, 'lake')}/day=2023-10-13/**/*.parquet`;
    expect(await duckRows(duck, `select count(*)::integer as n from '${part}'`)).toEqual([
      { n: found.filter(({ day }) => day === '2023-10-13').reduce((all, { n }) => all + Number(n), 0) },
    ]);
  });

  it('of Bronze has each message once, with its types, under the folders of its day, room and sensor', async () => {
    const bronze = new StreamBronze();
    try {
      const messages = Array.from({ length: 3000 }, (_, at) => {
        const [topic, sensor] = at % 3 === 0 ? (['iot.pir', 'pir'] as const) : (['iot.co2', 'co2'] as const);
        // Every hundredth has no value; they reach over midnight in Los Angeles.
        return [
          topic,
          reading(String(400 + (at % 5)), sensor, 1_377_310_000 + at * 20, at % 100 ? at / 8 : null),
        ] as const;
      });
      await bronze.load(database.warehouse, queueOf(messages), {}, 700);
      const stored = `read_parquet('${join(bronze.root, 'stream')}/event_date=*/**/*.parquet', hive_partitioning = true)`;
      const types = await duckRows(
        duck,
        `select column_name as name, column_type as type from (describe from ${stored})`,
      );
      expect(Object.fromEntries(types.map(({ name, type }) => [name, type]))).toMatchObject({
        event_date: 'DATE',
        room: expect.stringMatching(/^(?:VARCHAR|BIGINT)$/),
        sensor: 'VARCHAR',
        ts_unix: 'BIGINT',
        value: 'DOUBLE',
        partition: 'INTEGER',
        offset: 'BIGINT',
        kafka_ts: 'TIMESTAMP WITH TIME ZONE',
        event_ts: 'TIMESTAMP WITH TIME ZONE',
        message: 'VARCHAR',
      });
      expect(
        await duckRows(
          duck,
          `select count(*)::integer as rows, count(distinct (topic, "partition", "offset"))::integer as apart, count("value")::integer as numbers,
               sum("value") as total, min(ts_unix)::integer as first, max(ts_unix)::integer as last
           from ${stored}`,
        ),
      ).toEqual([
        {
          rows: 3000,
          apart: 3000,
          numbers: 2970,
          total: messages.reduce((sum, [, text]) => sum + (JSON.parse(text).value ?? 0), 0),
          first: 1_377_310_000,
          last: 1_377_310_000 + 2999 * 20,
        },
      ]);
      // The folder says the day of the building, and PostgreSQL comes to the same one.
      const byDay = `select event_date::text as day, room::text as room, sensor, count(*)::integer as n from`;
      const ours = `(select (to_timestamp((message ->> 'ts')::bigint) at time zone 'America/Los_Angeles')::date as event_date,
          message ->> 'room' as room, message ->> 'sensor' as sensor from staging.stream_message) as m`;
      const order = 'group by 1, 2, 3 order by 1, 2, 3';
      const days = await duckRows(duck, `${byDay} ${stored} ${order}`);
      expect(new Set(days.map(({ day }) => day))).toEqual(new Set(['2013-08-23', '2013-08-24']));
      expect(days).toEqual(await rows(`${byDay} ${ours} ${order}`));
    } finally {
      bronze.dispose();
    }
  });
});
