import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fg from 'fast-glob';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBuilding } from '../../../cli/demo/building/building.ts';
import { S3Double } from '../../servers/s3.ts';
import { runHere } from '../cli/in-process.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';

const source = resolve(import.meta.dirname, '..', '..', '..', 'projects', 'smart-building');
const { PATH = '', HOME = '', SystemRoot = '' } = process.env;

describe.each(oneDatabase.filter(({ name }) => name === 'PostgreSQL'))(
  'the smart building by commands, on $name',
  (kind) => {
    let db: TestDatabase;
    const folder = mkdtempSync(join(tmpdir(), 'datacycle-building-'));
    const project = join(folder, 'project');
    const recorded = join(folder, 'recorded');
    beforeAll(async () => {
      db = await kind.open();
      for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests'])
        cpSync(join(source, name), join(project, name), { recursive: true });
      await writeBuilding(recorded, { rooms: 2, days: 1, step: 300 });
    });
    afterAll(async () => {
      rmSync(folder, { recursive: true, force: true });
      await db.drop();
    });

    const env = () => ({ PATH, HOME, SystemRoot, DB_URL: db.url ?? '', BRONZE_ROOT: join(folder, 'bronze') });
    const run = (...args: string[]) => runHere(args, project, env());
    const messages = async () =>
      (
        await db.warehouse.query<{ topic: string; sent: readonly string[] }>(
          `select topic, array_agg(message::text order by message_offset) as sent
           from staging.stream_message group by topic order by topic`,
        )
      ).rows;

    it('replays once, says how far topics are landed, and passes its unit tests and data tests', async () => {
      const first = await run('replay', recorded, '--rate', 'max');
      expect([first.code, first.stderr]).toEqual([0, '']);
      const [, messages] = /^([\d,]+) messages landed in/m.exec(first.stdout) ?? [];
      expect(messages).toMatch(/^2,\d{3}$/);
      const again = await run('replay', recorded, '--rate', 'max');
      expect([again.code, again.stdout + again.stderr]).toEqual([
        0,
        expect.stringContaining('--again replays them once more'),
      ]);

      const build = await run('build', '--event-time-start', '2013-08-23', '--event-time-end', '2013-08-24');
      expect(build.code, build.stdout + build.stderr).toBe(0);
      expect(build.stdout).toMatch(/12 of 12 tests passed/);
      expect(build.stdout).toMatch(/gold\.room_daily_metrics \.+ OK \+2 rows/);

      const status = await run('status', '--log-format', 'json');
      const { streams, sources } = JSON.parse(status.stdout);
      expect(sources).toMatchObject([{ source: 'stream', rejected: 0, failures: 0 }]);
      expect(streams).toHaveLength(6);
      expect(streams[0]).toMatchObject({ topic: 'iot.co2', log: 'queue', partitions: 1, lag: 0, planned: 0 });
      const total = streams.reduce((sum: number, { landed }: { landed: number }) => sum + landed, 0);
      expect(total).toBe(Number(messages?.replace(',', '')));
      expect((await run('status')).stdout).toMatch(/iot\.co2 +\| queue \| +1 \| +\d+ \| +0 \|/);
    });

    it('is kept by the commands that the docs give to cron and Airflow, which build a day again and change no row', async () => {
      const docs = resolve(import.meta.dirname, '..', '..', '..', 'docs');
      const commandsOf = (name: string) =>
        [
          ...readFileSync(join(docs, name), 'utf8')
            // A text of Python on two lines.
            .replaceAll(/"\n +f"/g, '')
            .matchAll(/(?:\$PROJECT|\{DATACYCLE\}) ([a-z][^&"\n]*)/g),
        ].map(([, found = '']) =>
          found
            .trim()
            .replace(
              /\$\(TZ=America\/Los_Angeles date -d yesterday \+\\%F\)|\{{4} data_interval_start\.in_timezone\('\{ZONE\}'\) \| ds \}{4}/,
              '2013-08-23',
            )
            .replace(
              /\$\(TZ=America\/Los_Angeles date \+\\%F\)|\{{4} data_interval_end\.in_timezone\('\{ZONE\}'\) \| ds \}{4}/,
              '2013-08-24',
            )
            .replace(' --log-format json', ''),
        );
      const day = 'build --event-time-start 2013-08-23 --event-time-end 2013-08-24';
      expect(commandsOf('orchestration.md')).toEqual(['load stream', 'build', day, 'bronze compact', 'status']);
      expect(commandsOf(join('airflow', 'smart_building.py'))).toEqual(['load stream', day, 'status']);
      const again = await run(...day.split(' '));
      expect(again.code, again.stdout + again.stderr).toBe(0);
      expect(again.stdout).not.toMatch(/[+~-]\d[\d,]* rows/);
      expect(again.stdout).toMatch(/12 of 12 tests passed/);
      // Without a broker nothing is loaded, as the last test says; a build without days makes a batch for each day since 2013.
      for (const command of [['bronze', 'compact'], ['export', 'lake_readings', 'lake_hours', 'lake_days'], ['status']])
        expect(await run(...command)).toMatchObject({ code: 0, stderr: '' });
      for (const [lake, rows] of [
        ['sensor_readings', 'silver.sensor_readings'],
        ['sensor_timeseries_hourly', 'gold.sensor_timeseries_hourly'],
        ['room_daily_metrics', 'gold.room_daily_metrics'],
      ] as const) {
        const files = fg.sync('event_date=*/*.parquet', {
          cwd: join(project, 'exports', 'lake', lake),
          absolute: true,
        });
        const groups = await Promise.all(files.map((file) => asyncBufferFromFile(file).then(parquetMetadataAsync)));
        const counted = groups.reduce((sum, { num_rows }) => sum + Number(num_rows), 0);
        const found = await db.warehouse.query<{ n: number }>(`select count(*)::integer as n from ${rows}`);
        expect([lake, counted]).toEqual([lake, found.rows[0]?.n]);
      }
    });

    it('replays objects of a bucket as the files of a folder', async () => {
      const server = await S3Double.start();
      try {
        for (const room of readdirSync(recorded))
          for (const sensor of readdirSync(join(recorded, room)))
            server.objects.set(`a/b/${room}/${sensor}`, readFileSync(join(recorded, room, sensor)));
        server.objects.set('a/b/413/notes.txt', Buffer.from('no recording'));
        server.pageSize = 3;
        const replay = (...flags: string[]) =>
          runHere(['replay', 's3://lake/a/b', '--rate', 'max', ...flags], project, { ...env(), ...server.env });
        // The same names and sizes are the same recording.
        expect((await replay()).stdout).toContain('--again replays them once more');
        const before = await messages();
        const again = await replay('--again');
        expect([again.code, again.stderr]).toEqual([0, '']);
        expect(await messages()).toEqual(before.map(({ topic, sent }) => ({ topic, sent: [...sent, ...sent] })));
        expect(await replay('--generate', '1x1')).toMatchObject({ code: 2 });
      } finally {
        await server.stop();
      }
    });

    it('says what is wrong with its settings and flags', async () => {
      expect(await run('load', 'stream')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('KAFKA_BROKERS is not set'),
      });
      expect(await run('replay', join(folder, 'nowhere'))).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('nowhere is no folder'),
      });
      expect(await run('replay', recorded, '--rate', 'fast')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--rate is "fast", but must be a number above 0 or max'),
      });
      expect(await run('load', 'stream', '--vars', 'stream: {topics: [a b], time: ts}')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/vars\.stream\.topics\.0: a topic of letters, digits and \. _ -/),
      });
    });
  },
);
