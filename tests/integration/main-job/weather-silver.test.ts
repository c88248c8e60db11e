import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadWeather } from '../../../loaders/weather/load-weather.ts';
import { runNodes } from '../../../runner/run/run.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { compiledAt } from '../compiled-project.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { selectedBy } from '../selected.ts';
import { isNoUnitTest } from '../without-unit-tests.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const models = ['measurements', 'weather_forecasts', 'weather_clean', 'weather_file_audit', 'weather_watermark'];

/** What a line says, as the file has it. */
type Line = readonly [time: string, value: string, prediction: string, site: string, measurement: string];

const wanted: Readonly<Record<string, readonly [name: string, lower: number, upper: number]>> = {
  PRED_T_2M_ctrl: ['temperature_c', -50, 60],
  PRED_RELHUM_2M_ctrl: ['humidity_pct', 0, 100],
  PRED_TOT_PREC_ctrl: ['precipitation_mm', 0, 500],
  PRED_GLOB_ctrl: ['radiation_wm2', 0, 1500],
};

const columns = ['temperature_c', 'humidity_pct', 'precipitation_mm', 'radiation_wm2'] as const;

/** The same work in plain loops. */
function oracle(files: ReadonlyMap<string, readonly Line[]>) {
  const forecasts = new Map<
    string,
    { time: number; site: string; lead: number; day: string; name: string; value: number; outlier: boolean }
  >();
  const audits: Record<string, Record<string, number>> = {};
  for (const [day, lines] of files) {
    const audit = {
      lines_read: 0,
      bad_time: 0,
      too_old: 0,
      other_measurement: 0,
      incomplete: 0,
      sentinel: 0,
      bad_number: 0,
      kept: 0,
    };
    for (const [text, value, prediction, site, code] of lines) {
      audit.lines_read += 1;
      const time = goodTimes.get(text);
      const measurement = wanted[code];
      const number = /^-?\d+(\.\d+)?(e-?\d+)?$/.test(value) ? Number(value) : Number.NaN;
      if (time === undefined) audit.bad_time += 1;
      else if (time < Date.UTC(2023, 0, 1)) audit.too_old += 1;
      else if (measurement === undefined) audit.other_measurement += 1;
      else if (site === '' || !/^\d{1,4}$/.test(prediction)) audit.incomplete += 1;
      else if (!Number.isFinite(number)) audit.bad_number += 1;
      else if (number === -99999) audit.sentinel += 1;
      else {
        audit.kept += 1;
        const [name, lower, upper] = measurement;
        const key = JSON.stringify([time, site, Number(prediction), day, name]);
        const best = Math.max(number, forecasts.get(key)?.value ?? Number.NEGATIVE_INFINITY);
        forecasts.set(key, {
          time,
          site,
          lead: Number(prediction),
          day,
          name,
          value: best,
          outlier: best < lower || best > upper,
        });
      }
    }
    audits[`Pred_${day}.csv`] = audit;
  }
  const hasLeads = new Map<string, boolean>();
  for (const day of files.keys()) {
    const own = [...forecasts.values()].filter((row) => row.day === day);
    const onTheGrid = own.filter((row) => (row.time / 3_600_000 - row.lead) % 3 === 0);
    hasLeads.set(day, onTheGrid.length >= own.length * 0.95);
  }
  const newest = new Map<string, string>();
  for (const { time, site, day } of forecasts.values()) {
    const hour = JSON.stringify([time, site]);
    if (day > (newest.get(hour) ?? '')) newest.set(hour, day);
  }
  const clean = [...newest].map(([hour, day]) => {
    const [time, site] = JSON.parse(hour) as [number, string];
    const all = [...forecasts.values()].filter((row) => row.time === time && row.site === site);
    // Of forecasts with leads each measurement has the smallest one, of two files that of the newer.
    const withLead = all.filter((row) => hasLeads.get(row.day) === true);
    withLead.sort((x, y) => x.lead - y.lead || (x.day < y.day ? 1 : -1));
    const best = withLead.filter((row, at) => withLead.findIndex((one) => one.name === row.name) === at);
    const rows = hasLeads.get(day) === true ? best : all.filter((row) => row.day === day);
    const mean = (name: string) => {
      const values = rows.filter((row) => row.name === name).map((row) => row.value);
      return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const lead = hasLeads.get(day) === true ? Math.min(...rows.map((row) => row.lead)) : null;
    return { time, site, lead, is_outlier: rows.some((row) => row.outlier), values: columns.map(mean) };
  });
  const key = (row: { time: number; site: string }) => `${row.time} ${row.site}`;
  return { forecasts, audits, clean: clean.sort((a, b) => (key(a) < key(b) ? -1 : 1)) };
}

/** Texts that are times, and the instant each names. */
const goodTimes = new Map<string, number>([
  ...Array.from({ length: 4 }, (_, hour) => {
    const instant = Date.UTC(2023, 9, 2, hour);
    return [`2023-10-02 0${hour}:00:00+00:00`, instant] as const;
  }),
  ['2023-10-02T02:00:00Z', Date.UTC(2023, 9, 2, 2)],
  ['2023-10-02 03:00', Date.UTC(2023, 9, 2, 3)],
  ['2023-10-02 05:00:59.9+02:00', Date.UTC(2023, 9, 2, 3)],
  ['2024-02-29 00:00:00+00:00', Date.UTC(2024, 1, 29)],
  ['2022-12-31 23:00:00+00:00', Date.UTC(2022, 11, 31, 23)],
  ['2023-01-01 00:30:00+01:00', Date.UTC(2022, 11, 31, 23, 30)],
]);

const badTimes = [
  '',
  'soon',
  '2023-02-29 00:00:00+00:00',
  '2023-10-32 00:00:00+00:00',
  '2023-10-02 24:00:00+00:00',
  '02.10.2023 00:00',
  'infinity',
  '2023-10-02',
  '0023-10-02 00:00:00+00:00',
];

const line: fc.Arbitrary<Line> = fc.tuple(
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...goodTimes.keys()) },
    { weight: 1, arbitrary: fc.constantFrom(...badTimes) },
  ),
  fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: -7000, max: 160_000 }).map((value) => String(value / 100)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '-99999.0',
        '-99999',
        '',
        'NaN',
        'inf',
        '1e400',
        '0x1F',
        '1,5',
        '12e1',
        '١',
        `1${'0'.repeat(400)}`,
      ),
    },
  ),
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('00', '06', '12') },
    { weight: 1, arbitrary: fc.constantFrom('', 'x', '-1', '123456') },
  ),
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('Sion', 'Aadorf / Tänikon') },
    { weight: 1, arbitrary: fc.constantFrom('', 'Genève, "Cointrin"') },
  ),
  fc.constantFrom(...Object.keys(wanted), 'PRED_DURSUN_ctrl', ''),
);

/** Of a file with lead times: the model runs every three hours. */
const lineWithLead: fc.Arbitrary<Line> = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), line)
  .map(([hour, runs, [, value, , site, measurement]]) => [
    `2023-10-02 0${hour}:00:00+00:00`,
    value,
    String((hour % 3) + 3 * runs).padStart(2, '0'),
    site,
    measurement,
  ]);

function csv(lines: readonly Line[]): string {
  const quoted = (value: string) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return `Time,Value,Prediction,Site,Measurement,Unit\n${lines.map((fields) => [...fields.map(quoted), 'u'].join(',')).join('\n')}\n`;
}

describe.each(oneDatabase)('silver weather on $name', (kind) => {
  let db: TestDatabase;
  let root: string;
  let runs = 0;

  beforeEach(async () => {
    db = await kind.open();
    root = mkdtempSync(join(tmpdir(), 'datacycle-weather-'));
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests/data'])
      cpSync(join(repository, name), join(root, name), { recursive: true, filter: isNoUnitTest });
  });
  afterEach(async () => {
    rmSync(root, { recursive: true, force: true });
    await db.drop();
  });

  const rows = async <R extends Row>(sql: string) => (await db.warehouse.query<R>(sql)).rows;

  async function land(day: string, lines: readonly Line[]): Promise<void> {
    const folder = join(root, 'bronze', 'weather', ...day.split('-'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `Pred_${day}.csv`), csv(lines));
    await loadWeather(
      db.warehouse,
      { sftp: undefined, bronzeRoot: join(root, 'bronze'), attempts: 1, retryDelay: 0 },
      { mode: 'from-bronze', clock: () => new Date('2023-11-01T00:00:00Z') },
    );
  }

  async function build(fullRefresh = false): Promise<void> {
    const compiled = compiledAt(root, {});
    runs += 1;
    const { results } = await runNodes(compiled, db.warehouse, {
      command: 'build',
      selected: selectedBy(compiled, {
        select: [...models, 'weather_audit_adds_up'],
      }),
      fullRefresh,
      reuse: true,
      threads: 4,
      failFast: false,
      clock: () => new Date('2023-11-01T00:00:00Z'),
      runId: `run-${runs}`,
      onEvent: () => undefined,
    });
    const bad = results.filter(({ status }) => status !== 'success' && status !== 'pass');
    expect(bad.map((result) => `${result.node.name}: ${result.message}`)).toEqual([]);
  }

  async function expectOracle(files: ReadonlyMap<string, readonly Line[]>): Promise<void> {
    const expected = oracle(files);
    const forecasts = await rows<{ key: unknown[]; value: number; is_outlier: boolean }>(
      `select jsonb_build_array((extract(epoch from timestamp) * 1000)::bigint, site, prediction, prediction_date, measurement) as key, value, is_outlier
       from silver.weather_forecasts`,
    );
    expect(new Map(forecasts.map((row) => [JSON.stringify(row.key), [row.value, row.is_outlier]]))).toEqual(
      new Map([...expected.forecasts].map(([key, row]) => [key, [row.value, row.outlier]])),
    );
    const audits = await rows<{ filename: string }>('select * from silver.weather_file_audit');
    expect(Object.fromEntries(audits.map((row) => [row.filename, row]))).toMatchObject(expected.audits);
    expect(audits).toHaveLength(files.size);
    const clean = await rows<
      { time: number; site: string; lead: number | null; is_outlier: boolean } & Record<
        (typeof columns)[number],
        number | null
      >
    >(
      `select (extract(epoch from timestamp) * 1000)::bigint as time, site, lead_hours as lead, is_outlier, ${columns.join(', ')} from silver.weather_clean order by 1, site collate "C"`,
    );
    expect(clean.map(({ time, site, lead, is_outlier }) => [time, site, lead, is_outlier])).toEqual(
      expected.clean.map(({ time, site, lead, is_outlier }) => [time, site, lead, is_outlier]),
    );
    for (const [index, row] of clean.entries()) {
      for (const [place, column] of columns.entries()) {
        const mean = expected.clean[index]?.values[place] ?? null;
        if (mean === null) expect(row[column]).toBeNull();
        else expect(Math.abs((row[column] ?? Number.NaN) - mean)).toBeLessThan(1e-6);
      }
    }
    const watermark = await rows<{ filename: string }>('select filename from silver.weather_watermark order by 1');
    expect(watermark.map((row) => row.filename)).toEqual([...files.keys()].map((day) => `Pred_${day}.csv`).sort());
  }

  async function contents(): Promise<Row[][]> {
    const found = [];
    for (const table of ['weather_forecasts', 'weather_clean', 'weather_file_audit']) {
      found.push([
        ...(await rows(`select (to_jsonb(t) - 'load_id')::text as row from silver.${table} as t order by 1`)),
      ]);
    }
    return found;
  }

  it('whatever the files say and however they arrive: as plain loops have it, and incremental equals full refresh', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.array(line, { minLength: 1, maxLength: 60 }),
            fc.array(lineWithLead, { minLength: 1, maxLength: 60 }),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        async (contentsOfFiles, buildsBetween) => {
          await db.warehouse.query('drop schema if exists silver cascade');
          await db.warehouse.query('drop schema if exists datacycle cascade');
          await db.warehouse.query('drop schema if exists staging cascade');
          rmSync(join(root, 'bronze'), { recursive: true, force: true });
          const days = ['2023-10-02', '2023-10-01', '2023-10-03', '2023-09-30'];
          const files = new Map(contentsOfFiles.map((lines, index) => [days[index] ?? '', lines]));
          for (const [index, [day, lines]] of [...files].entries()) {
            await land(day, lines);
            if (buildsBetween[index] === true) await build();
          }
          await build();
          await expectOracle(files);
          const incremental = await contents();
          await build(true);
          expect(await contents()).toEqual(incremental);
        },
      ),
      { numRuns: 12, seed: 42 },
    );
  });

  it('WEATHER_MIN_YEAR moves the start, and the tables are rebuilt for it', async () => {
    const lines: Line[] = [
      ['2022-12-31 23:00:00+00:00', '1', '00', 'Sion', 'PRED_T_2M_ctrl'],
      ['2023-10-02 00:00:00+00:00', '2', '00', 'Sion', 'PRED_T_2M_ctrl'],
    ];
    await land('2023-10-02', lines);
    await build();
    expect(await rows('select count(*)::int as rows from silver.weather_forecasts')).toEqual([{ rows: 1 }]);
    const compiled = compiledAt(root, { WEATHER_MIN_YEAR: '2022' });
    const node = compiled.manifest.nodes.get('model.weather_forecasts');
    expect(node?.kind === 'model' && node.fullSql.text).toContain(`'2022'::integer`);
  });
});
