import { DuckDBInstance } from '@duckdb/node-api';

/** What DuckDB comes to. */
export interface DuckDbDays {
  readonly rows: number;
  readonly seconds: number;
  /** The mean CO2 of each day and room that has one, by `day room`. */
  readonly co2: ReadonlyMap<string, number>;
}

/**
 * The hours and days of a building, aggregated by DuckDB over the Parquet files of Bronze with as many threads as it likes: each sensor and second
 * once, bounds as in the seed of the project, then hours, then days. Nothing is stored.
 */
export async function daysByDuckDb(bronze: string): Promise<DuckDbDays> {
  const duck = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const started = performance.now();
    const files = `read_parquet('${bronze.replaceAll("'", "''")}/stream/event_date=*/**/*.parquet', hive_partitioning = true)`;
    const days = await duck.runAndReadAll(`
      with readings as (
          select event_date, room::text as room, sensor, ts_unix, max("value") as clean
          from ${files}
          group by all
      ),
      judged as (
          select *, coalesce(clean between case sensor when 'co2' then 300 else 0 end
              and case sensor when 'co2' then 5000 when 'humidity' then 100 when 'luminosity' then 100000 when 'pir' then 30 else 50 end, false) as ok
          from readings
      ),
      hours as (
          select event_date, room, sensor, ts_unix // 3600 as hour, count(*) as readings, count(*) filter (where ok) as valid,
              min(clean) filter (where ok) as low, max(clean) filter (where ok) as high, avg(clean) filter (where ok) as mean,
              stddev_samp(clean) filter (where ok) as deviation
          from judged
          group by all
      )
      select event_date::text as day, room, sum(readings)::double as readings,
          (sum(mean * valid) filter (where sensor = 'co2') / sum(valid) filter (where sensor = 'co2' and mean is not null))::double as co2
      from hours
      group by all`);
    const seconds = (performance.now() - started) / 1000;
    const rows = days.getRowObjectsJson();
    const co2 = rows.flatMap(({ day, room, co2: mean }) =>
      typeof mean === 'number' ? [[`${day} ${room}`, mean] as const] : [],
    );
    return { rows: rows.reduce((sum, { readings }) => sum + Number(readings), 0), seconds, co2: new Map(co2) };
  } finally {
    duck.closeSync();
  }
}
