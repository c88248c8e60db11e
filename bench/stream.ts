import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { writeBuilding } from '../cli/demo/building/building.ts';
import { formatTable } from '../cli/terminal/table.ts';
import { mergedReadings } from '../loaders/replay/merge.ts';
import { RecordedFolder } from '../loaders/replay/place.ts';
import { findRecording } from '../loaders/replay/recording.ts';
import { startDatabase } from './database.ts';
import { daysByDuckDb } from './duckdb.ts';
import { runNode } from './measure.ts';

/*
 * Messages of an invented building, from replay to gold on PostgreSQL, beside the same work by hand: COPY of the merged readings, then one
 * `create table as` for each of silver, hours and days; and beside DuckDB, which aggregates the Parquet files of Bronze. BENCH_BUILDING (12x1) rooms x days; BENCH_DB_URL names a database whose schemas
 * staging, silver, gold, seeds, datacycle and floor are dropped.
 */
const root = resolve('.');
const home = join(root, '.datacycle', 'bench-stream');
const [rooms = 12, days = 1] = (process.env.BENCH_BUILDING ?? '12x1').split('x').map(Number);
const lastDay = new Date(Date.parse('2013-08-23') + days * 86_400_000).toISOString().slice(0, 10);

async function main(): Promise<void> {
  const { url, stop } = await startDatabase(['staging', 'silver', 'gold', 'seeds', 'datacycle', 'floor']);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    rmSync(home, { recursive: true, force: true });
    const recorded = join(home, 'recorded');
    process.stdout.write(`Writing ${rooms} rooms, ${days} days ...\n`);
    const written = await writeBuilding(recorded, { rooms, days });
    const floor = await byHand(client, recorded);
    const project = join(home, 'project');
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests'])
      cpSync(join(root, 'projects', 'smart-building', name), join(project, name), { recursive: true });
    const env = { DB_URL: url, BRONZE_ROOT: join(home, 'bronze') };
    const program = [join(root, 'bin', 'datacycle.mjs'), '--project-dir', project, '--quiet'];
    const replay = await runNode([...program, 'replay', recorded, '--rate', 'max'], env);
    const range = ['--event-time-start', '2013-08-23', '--event-time-end', lastDay];
    const build = await runNode([...program, 'build', ...range], env);
    const again = await runNode([...program, 'build', ...range], env);
    const { rows } = await client.query('select count(*)::integer as rows from silver.sensor_readings');
    const { rows: same } = await client.query(
      `select count(*)::integer as rows, count(*) filter (where abs(g.co2_avg - f.co2_avg) > 1e-9)::integer as other
       from gold.room_daily_metrics as g full join floor.days as f using (event_date, room)`,
    );
    if (same[0].other !== 0 || rows[0].rows !== floor.rows) throw new Error('The floor comes to other figures.');
    const duckDb = await daysByDuckDb(join(home, 'bronze'));
    await assertSameDays(client, duckDb.co2);
    const bronze = sizeOf(join(home, 'bronze'));
    const { rows: sizes } = await client.query(
      `select sum(pg_total_relation_size(c.oid)) filter (where n.nspname = 'staging')::float8 / 1e6 as staging,
           sum(pg_total_relation_size(c.oid)) filter (where n.nspname in ('silver', 'gold'))::float8 / 1e6 as models
       from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where c.relkind in ('r', 'm')`,
    );
    const result = {
      rooms,
      days,
      messages: rows[0].rows,
      csvMb: written.bytes / 1e6,
      bronzeMb: bronze.bytes / 1e6,
      bronzeFiles: bronze.files,
      stagingMb: Number(sizes[0]?.staging),
      modelsMb: Number(sizes[0]?.models),
      replayToGoldSeconds: replay.seconds + build.seconds,
      duckDb: { rows: duckDb.rows, seconds: duckDb.seconds },
      perSecond: rows[0].rows / replay.seconds,
      replay,
      build,
      again,
      floor,
    };
    mkdirSync(join(root, 'target'), { recursive: true });
    writeFileSync(join(root, 'target', 'bench-stream.json'), `${JSON.stringify(result, null, 2)}\n`);
    const row = (what: string, own: { seconds: number; memoryMb: number }, beside: string, seconds: number) => [
      what,
      own.seconds.toFixed(2),
      beside,
      seconds.toFixed(2),
      (own.seconds / seconds).toFixed(2),
      own.memoryMb,
    ];
    process.stdout.write(
      `${formatTable(
        ['what', 'seconds', 'floor', 'seconds', 'ratio', 'MB'],
        [
          row('replay: Bronze and staging', replay, 'merge, COPY', floor.copySeconds),
          row('build: silver, hours, days, tests', build, 'create table as', floor.sqlSeconds),
          row('build, nothing new', again, 'create table as', floor.sqlSeconds),
          row('the same build', build, 'DuckDB over the Parquet of Bronze', duckDb.seconds),
        ],
      )}\n${rows[0].rows} messages, ${Math.round(result.perSecond)} a second landed; Bronze ${bronze.files} files, ${result.bronzeMb.toFixed(1)} MB of ${result.csvMb.toFixed(1)} MB as CSV; staging ${Math.round(result.stagingMb)} MB, silver and gold ${Math.round(result.modelsMb)} MB; replay to gold ${Math.round(result.replayToGoldSeconds)} s.\n`,
    );
  } finally {
    await client.end();
    await stop?.();
  }
}

/** The same rows and figures with nothing between them and PostgreSQL: no Bronze, no ledger, no promise. */
async function byHand(client: pg.Client, recorded: string) {
  const started = performance.now();
  await client.query('create schema floor');
  await client.query('create table floor.line (room text, sensor text, ts bigint, value text)');
  const recording = await findRecording(new RecordedFolder(recorded));
  const stream = client.query(copyFrom('copy floor.line from stdin'));
  for await (const batch of mergedReadings(recording, { skippedLines: 0, bytes: 0 })) {
    const text = batch
      .map(({ file, seconds, value }) => `${file.room}\t${file.sensor}\t${seconds}\t${value}\n`)
      .join('');
    if (!stream.write(text)) await new Promise((resolve) => stream.once('drain', resolve));
  }
  stream.end();
  await new Promise((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', reject);
  });
  const copied = performance.now();
  await client.query(`create table floor.reading as
    select room || '-' || sensor as sensor_id, to_timestamp(ts) as ts_utc, room, sensor, value,
        case when value ~ '^-?[0-9.]+$' then value::float8 end as clean,
        (to_timestamp(ts) at time zone 'America/Los_Angeles')::date as event_date
    from floor.line`);
  await client.query('alter table floor.reading add primary key (sensor_id, ts_utc)');
  await client.query(`create table floor.hours as
    select date_trunc('hour', ts_utc) as hour, room, sensor, event_date, count(*) as readings, count(*) filter (where ok) as valid,
        min(clean) filter (where ok) as low, max(clean) filter (where ok) as high, avg(clean::numeric) filter (where ok) as mean,
        stddev_samp(clean) filter (where ok) as deviation
    from (
        select r.*, coalesce(clean between case sensor when 'co2' then 300 else 0 end
            and case sensor when 'co2' then 5000 when 'humidity' then 100 when 'luminosity' then 100000 when 'pir' then 30 else 50 end, false) as ok
        from floor.reading as r
    ) as r
    group by 1, 2, 3, 4`);
  await client.query(`create table floor.days as
    select event_date, room, (sum(mean * valid) filter (where sensor = 'co2') / nullif(sum(valid) filter (where sensor = 'co2' and mean is not null), 0))::float8 as co2_avg
    from floor.hours group by 1, 2`);
  const { rows } = await client.query('select count(*)::integer as rows from floor.reading');
  return {
    rows: Number(rows[0].rows),
    copySeconds: (copied - started) / 1000,
    sqlSeconds: (performance.now() - copied) / 1000,
  };
}

/** @throws Error if DuckDB has other days than gold, or other means. */
async function assertSameDays(client: pg.Client, co2: ReadonlyMap<string, number>): Promise<void> {
  const { rows } = await client.query<{ key: string; mean: number }>(
    `select event_date::text || ' ' || room as key, co2_avg::float8 as mean from gold.room_daily_metrics where co2_avg is not null`,
  );
  const other = rows.filter(({ key, mean }) => !(Math.abs((co2.get(key) ?? Number.NaN) - mean) <= 1e-6 * mean));
  if (other.length > 0 || rows.length !== co2.size)
    throw new Error(
      `Of ${co2.size} days by DuckDB and ${rows.length} of gold ${other.length} differ, e.g. ${other[0]?.key}.`,
    );
}

function sizeOf(folder: string): { readonly files: number; readonly bytes: number } {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.parquet'));
  return { files: paths.length, bytes: paths.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0) };
}

await main();
