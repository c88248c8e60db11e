import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confidentialValues, forbiddenValues, pidbStatements } from '../../fixtures/pidb.ts';
import { type MariadbServer, startMariadb } from '../../servers/mariadb.ts';
import type { SftpServer } from '../../servers/sftp.ts';
import { startSftp } from '../../servers/sftp-server.ts';
import { type Outcome, ProjectCopy } from '../cli/command.ts';
import { forecastFile, WeatherShare } from '../loaders/weather-share.ts';
import { sampleMinutes } from '../main-job/household.ts';
import { writeSettled } from '../settled-file.ts';

const days = ['2023-10-12', '2023-10-13', '2023-10-14'];

/** Passwords and keys of the installation; none may be found anywhere but in its settings. */
const secrets = {
  database: 'Db-s3cret/zurich#1',
  sftp: 'sFtp s3cret & more',
  pseudonym: 'pseud0nym-key-of-this-test',
  bi: 'p0wer-bi-s3cret',
  // The demo's sensor files carry it.
  token: 'demo-token',
};

/**
 * A whole installation from nothing, through the command line alone: PostgreSQL, MariaDB and an sFTP server of its own,
 * three days of both apartments: every twelfth minute, and every minute of three hours.
 */
describe.skipIf(process.env.TEST_DB_URL === undefined)('an installation with every source', () => {
  const project = new ProjectCopy();
  const readers = project.nameRoles(`installation_role_${process.pid}`);
  const database = `installation_${process.pid}`;
  const appRole = `installation_app_${process.pid}`;
  const admin = new URL(process.env.TEST_DB_URL ?? 'postgres://nobody@nowhere/none');
  const outcomes: Outcome[] = [];
  const powerBi = join(project.root, 'power-bi');
  let mariadb: MariadbServer | undefined;
  let sftp: SftpServer;
  let weather: WeatherShare;
  let env: Record<string, string>;
  let client: pg.Client;

  beforeAll(async () => {
    [mariadb, sftp] = await Promise.all([startMariadb(), startSftp()]);
    await mariadb?.run(pidbStatements());
    weather = new WeatherShare(sftp);
    for (const day of days) {
      weather.put(`Pred_${day}.csv`, forecastFile(day, 72));
      const [year, month, date] = day.split('-');
      // The hour with the predictions whole, and those beside it.
      const wanted = (minute: number) =>
        minute % 12 === 0 || (day === '2023-10-13' && minute >= 5 * 60 && minute < 8 * 60);
      for (const { name, content } of sampleMinutes(`${date}.${month}.${year}`, wanted)) {
        writeSettled(join(weather.root, name), content);
      }
    }
    weather.put('Pred_2023-10-11.csv', 'not,a,forecast\n1,2,3\n');
    writeFileSync(join(weather.root, 'key'), sftp.privateKey, { mode: 0o600 });
    env = {
      DB_ADMIN_URL: admin.href,
      DB_URL: Object.assign(new URL(admin.href), {
        username: appRole,
        password: encodeURIComponent(secrets.database),
        pathname: `/${database}`,
      }).href.replace('postgres:', 'postgresql+psycopg2:'),
      SMB_PATH: weather.root,
      BRONZE_ROOT: weather.bronze,
      SFTP_HOST: '127.0.0.1',
      SFTP_PORT: String(sftp.port),
      SFTP_USER: sftp.user,
      SFTP_PASSWORD: secrets.sftp,
      SFTP_PRIVATE_KEY: join(weather.root, 'key'),
      SFTP_PATH: weather.folder,
      SFTP_MAX_RETRIES: '1',
      MYSQL_URL: mariadb?.url.replace('mysql:', 'mysql+pymysql:') ?? '',
      MYSQL_MAX_RETRIES: '1',
      LOG_DIR: join(weather.root, 'logs'),
      BI_PSEUDONYMISE: 'true',
      PSEUDONYM_KEY: secrets.pseudonym,
      BI_PASSWORD: secrets.bi,
    };
  });
  afterAll(async () => {
    await client?.end();
    await Promise.all([mariadb?.stop(), sftp?.stop()]);
    weather?.dispose();
    project.dispose();
    const cleaner = new pg.Client({ connectionString: admin.href });
    await cleaner.connect();
    await cleaner.query(`drop database if exists ${database} with (force)`);
    for (const role of [...readers, `${appRole}_reader`, appRole]) await cleaner.query(`drop role if exists "${role}"`);
    await cleaner.end();
  });

  const run = async (...args: string[]): Promise<Outcome> => {
    const outcome = await project.run(args, env);
    outcomes.push(outcome);
    return outcome;
  };
  const rows = async <R extends pg.QueryResultRow>(sql: string) => (await client.query<R>(sql)).rows;
  const one = async (sql: string) => Object.values((await rows(sql))[0] ?? {})[0];

  it('init makes database, role and schemas', async () => {
    const outcome = await run('init');
    expect(outcome.stderr).toBe('');
    expect(outcome.code).toBe(0);
    delete env.DB_ADMIN_URL;
    client = new pg.Client({ connectionString: Object.assign(new URL(admin.href), { pathname: `/${database}` }).href });
    await client.connect();
  });

  it('load lands all three sources', async () => {
    const outcome = await run('load');
    expect(outcome.stderr).toBe('');
    expect(outcome.code).toBe(0);
    // Broken files of the sample day stay broken on its copies.
    expect(outcome.stdout).toMatch(/sensors: 1,046 files landed, 4 rejected/);
    expect(outcome.stdout).toMatch(/weather: 3 files landed, 1 rejected/);
    expect(outcome.stdout).toContain(sftp.fingerprint);
    if (mariadb !== undefined) expect(outcome.stdout).toMatch(/registry: 10 tables landed, 0 rejected/);
  });

  it('build makes every table and every test is green', async () => {
    const outcome = await run('build');
    expect(outcome.stderr).toBe('');
    expect(outcome.stdout).not.toMatch(/\b(WARN|FAIL|ERROR|SKIP)\b(?!=0)/);
    expect(outcome.code).toBe(0);
  });

  it('predictions written by a role that may do nothing else reach gold', async () => {
    const predictor = `predictor_${process.pid}`;
    await client.query(`create role ${predictor}`);
    try {
      await client.query(`grant usage on schema staging to ${predictor}`);
      await client.query(`grant insert on staging.prediction to ${predictor}`);
      await client.query(`set role ${predictor}`);
      await client.query(
        `insert into staging.prediction (record)
         select jsonb_build_object(
             'model', jsonb_build_object('name', 'presence-knn', 'version', '1', 'type', 'knn', 'trained_at', '2023-10-11T00:00:00Z'),
             'target', t.target, 'apartment', 'jimmy', 'room', 'Kitchen', 'timestamp', m.minute,
             'horizon', jsonb_build_object('type', 'hour', 'days', 0), 'value', t.value, 'confidence', 0.8)
         from generate_series(timestamptz '2023-10-13 06:00Z', '2023-10-13 06:59Z', '1 minute') as m (minute)
         cross join (values ('presence', 0.75), ('temperature_c', 20.5)) as t (target, value)`,
      );
      await expect(client.query('select * from staging.prediction')).rejects.toThrow(/permission denied/);
      await client.query('reset role');
    } finally {
      await client.query('reset role');
      await client.query(`drop owned by ${predictor}`);
      await client.query(`drop role ${predictor}`);
    }
    const outcome = await run('build');
    expect([outcome.stderr, outcome.code]).toEqual(['', 0]);
    expect(Number(await one('select count(*) from gold.fact_prediction'))).toBe(120);
    expect(
      Number(await one('select count(*) from gold.fact_prediction where actual_value is not null')),
    ).toBeGreaterThan(60);
    expect(
      Number(await one('select count(*) from gold.fact_presence_minute where presence_prob = 0.75')),
    ).toBeGreaterThan(0);
  });

  it('no table of gold is empty that is not of trained models, and its figures are those of the sources', async () => {
    const tables = await rows<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'gold'::regnamespace and relkind = 'r' order by 1`,
    );
    expect(tables.map(({ name }) => name)).toEqual(
      [
        'apartment_day dim_apartment dim_date dim_datetime dim_device dim_horizon dim_model dim_room dim_target dim_tariff',
        'dim_user_apartment_map dim_weather_site fact_device_health_day fact_energy_minute fact_environment_minute',
        'fact_model_evaluation fact_model_importance fact_model_reliability fact_prediction fact_presence_minute fact_weather_day',
        'fact_weather_hour outlook_day room_day room_hour',
      ].flatMap((line) => line.split(' ')),
    );
    const empty = [];
    for (const { name } of tables) if (Number(await one(`select count(*) from gold.${name}`)) === 0) empty.push(name);
    // No model is trained here.
    if (mariadb !== undefined)
      expect(empty).toEqual(['fact_model_evaluation', 'fact_model_importance', 'fact_model_reliability']);
    // One configured site, three files of 72 hours, of which the sample forecasts know nothing of six.
    expect(Number(await one('select count(*) from gold.fact_weather_hour'))).toBe(3 * 66);
    expect(Number(await one('select count(distinct date_key) from gold.fact_energy_minute'))).toBe(3);
    expect(
      await rows(
        'select filename, lines_read, kept, other_measurement, sentinel from silver.weather_file_audit order by 1',
      ),
    ).toEqual(
      days.map((day) => ({
        filename: `Pred_${day}.csv`,
        lines_read: 1440,
        kept: 1056,
        other_measurement: 288,
        sentinel: 96,
      })),
    );
    if (mariadb === undefined) return;
    expect(
      await rows(
        'select apartment_id, building_id::int, building_name, owner_user_id from gold.dim_apartment order by 1',
      ),
    ).toEqual([
      { apartment_id: 'jeremie', building_id: 5, building_name: 'Building 5', owner_user_id: null },
      { apartment_id: 'jimmy', building_id: 2, building_name: 'Building 2', owner_user_id: null },
    ]);
    expect(
      await rows(
        `select a.apartment_id, h.date_key, max(h.error_count) as errors from gold.fact_device_health_day h join gold.dim_apartment a using (apartment_key)
         group by 1, 2 having max(h.error_count) > 0 order by 1, 2`,
      ),
    ).toEqual([
      { apartment_id: 'jeremie', date_key: 20231012, errors: 1 },
      { apartment_id: 'jeremie', date_key: 20231013, errors: 1 },
      { apartment_id: 'jimmy', date_key: 20231012, errors: 2 },
    ]);
  });

  it('loaded and built again, nothing is new and nothing changes', async () => {
    const loaded = await run('load', 'sensors', 'weather');
    expect(loaded.stdout).toMatch(/sensors: 0 files landed, 0 rejected/);
    expect(loaded.stdout).toMatch(/weather: 0 files landed, 0 rejected/);
    const before = await one('select max(generation) from datacycle.model');
    const built = await run('run', '--log-format', 'json');
    const changed = built.stdout
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { rows_inserted?: number; rows_updated?: number; rows_deleted?: number; node?: string },
      )
      .filter((event) => (event.rows_inserted ?? 0) + (event.rows_updated ?? 0) + (event.rows_deleted ?? 0) > 0);
    expect(changed.map((event) => event.node)).toEqual([]);
    expect(await one('select max(generation) from datacycle.model')).toBe(before);
  });

  it('status tells what was rejected, and that only the age of the data needs a person', async () => {
    const outcome = await run('status', '--log-format', 'json');
    const status = JSON.parse(outcome.stdout) as {
      problems: { kind: string }[];
      rejected: { counts: { source: string; files: number }[] };
      sources: { source: string; failures: number }[];
    };
    // Days of 2023 are old by now.
    expect(new Set(status.problems.map(({ kind }) => kind))).toEqual(new Set(['freshness']));
    expect(outcome.code).toBe(1);
    const rejected = (source: string) =>
      status.rejected.counts.reduce((sum, count) => sum + (count.source === source ? count.files : 0), 0);
    expect([rejected('sensors'), rejected('weather')]).toEqual([4, 1]);
    expect(status.sources.every(({ failures }) => failures === 0)).toBe(true);
  });

  it('the Power BI project is made for this server, and every view of it has rows that is not of trained models', async () => {
    const outcome = await run('bi', '--output', powerBi);
    expect([outcome.stderr, outcome.code]).toEqual(['', 0]);
    expect(readFileSync(join(powerBi, 'datacycle.pbids'), 'utf8')).toContain(`"database": "${database}"`);
    const views = await rows<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'bi' and c.relkind = 'v' order by 1`,
    );
    expect(views).toHaveLength(25);
    const empty = [];
    for (const { name } of views) if (Number(await one(`select count(*) from ${name}`)) === 0) empty.push(name);
    // No model is trained here.
    const ofModels = ['bi."Inputs of models"', 'bi."Prediction quality"', 'bi."Reliability of probabilities"'];
    if (mariadb !== undefined) expect(empty).toEqual(ofModels);
  });

  it('a source that has gone is one clear error, and the others are loaded', async () => {
    await mariadb?.stop();
    mariadb = undefined;
    const outcome = await run('load');
    expect(outcome.code).not.toBe(0);
    expect(outcome.stdout).toMatch(/weather: 0 files landed/);
    expect(outcome.stderr.match(/Error:/g)).toHaveLength(1);
  });

  it('no secret and nothing of tables that are never read is anywhere; nothing personal is in gold, bi or Power BI', async () => {
    const personal = [...confidentialValues, ...forbiddenValues, 'Jimmy', 'Jérémie', 'Loup', 'Vianin'];
    const hidden = [
      secrets.database,
      secrets.sftp,
      secrets.pseudonym,
      secrets.bi,
      env.MYSQL_URL?.split(/[:@]/)[2] ?? '',
      'PRIVATE KEY',
    ];
    const everySpelling = [...hidden, ...hidden.map(encodeURIComponent), ...hidden.map(decodeURIComponent)].filter(
      (text) => text !== '',
    );
    const shown = outcomes.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    const artifacts = [
      ...filesBelow(env.LOG_DIR ?? ''),
      ...filesBelow(join(project.root, 'target')),
      ...filesBelow(join(project.root, '.datacycle')),
    ];
    expect(artifacts.some((path) => path.startsWith(env.LOG_DIR ?? ''))).toBe(true);
    const powerBiFiles = filesBelow(powerBi);
    expect(powerBiFiles.length).toBeGreaterThan(30);
    for (const path of powerBiFiles) {
      const text = readFileSync(path, 'utf8');
      expect(
        [...personal, ...everySpelling].filter((value) => text.includes(value)),
        path,
      ).toEqual([]);
    }
    const texts = [shown, ...artifacts.map((path) => readFileSync(path, 'utf8'))];
    for (const value of [...everySpelling, ...forbiddenValues, secrets.token]) {
      expect(
        texts.filter((text) => text.includes(value)),
        value,
      ).toEqual([]);
    }
    const tables = await rows<{ schema: string; name: string }>(
      `select n.nspname as schema, format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
    );
    expect(tables.length).toBeGreaterThan(50);
    // One expression for all: a pass over every row of a big table takes its time.
    const find = async (name: string, values: readonly string[]) =>
      rows(
        `select t::text from ${name} as t where t::text ~ ${pg.escapeLiteral(values.map((value) => value.replace(/[^\p{L}\p{N} ]/gu, '\\$&')).join('|'))} limit 1`,
      );
    expect(await find(`(values ('x'), (${pg.escapeLiteral(secrets.database)}))`, everySpelling)).toHaveLength(1);
    for (const { schema, name } of tables) {
      // The single lines are those of the chunks.
      if (name === 'staging.weather_line') continue;
      const alsoPersonal = schema === 'gold' || schema === 'bi' ? personal : [];
      const unwanted = new Set([...everySpelling, ...forbiddenValues, secrets.token, ...alsoPersonal]);
      expect(await find(name, [...unwanted]), name).toEqual([]);
    }
    for (const path of filesBelow(weather.bronze)) {
      const text = readFileSync(path, 'utf8');
      for (const value of [...everySpelling, ...forbiddenValues])
        if (text.includes(value)) throw new Error(`${path} holds ${value}`);
    }
  });
});

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
