import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSampleForecasts } from '../../../cli/demo/sample-forecasts.ts';
import { loadWeather } from '../../../loaders/weather/load-weather.ts';
import { isBuilt, type ViewNode } from '../../../runner/manifest/manifest.ts';
import { identifier, relation } from '../../../warehouse/quote.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { checkedManifest, exporting, filesBelow } from '../exports/export-place.ts';
import { Household, sampleMinutes } from '../main-job/household.ts';
import { at, predict, record, storeTrained, trained } from '../main-job/prediction-records.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');

const allowed = [
  'integer',
  'bigint',
  'double precision',
  'numeric',
  'date',
  'timestamp without time zone',
  'text',
  'boolean',
];

describe.each(oneDatabase)('the views for Power BI on $name', (kind) => {
  let database: TestDatabase;
  let home: Household;
  beforeAll(async () => {
    database = await kind.open();
    home = new Household(database.warehouse);
    // The night has an outlier of CO2 and the evening one of a plug; the night of 29 October has the hour from two to three twice.
    home.put([
      ...sampleMinutes('12.10.2023', (minute) => minute < 150 || (minute >= 1080 && minute < 1260)),
      ...sampleMinutes('29.10.2023', (minute) => minute === 30 || minute === 90),
    ]);
    await home.load();
    await writeSampleForecasts(home.bronze);
    const source = { sftp: undefined, bronzeRoot: home.bronze, attempts: 1, retryDelay: 0 };
    await loadWeather(database.warehouse, source, { mode: 'from-bronze', clock: () => new Date() });
    await predict(database.warehouse, [
      record(),
      record({ target: 'occupied', timestamp: at(30), value: 0.4 }),
      record({ model: trained, target: 'mean_power_w', timestamp: at(30), value: 20 }),
      record({ target: 'energy_kwh_day', timestamp: '2023-10-29T00:00:00+02:00', window_minutes: 1500, value: 3 }),
    ]);
    await storeTrained(database.warehouse);
    await home.build();
  });
  afterAll(async () => {
    home.dispose();
    await database.drop();
  });

  const views = (): ViewNode[] =>
    [...home.compile().manifest.nodes.values()].flatMap((node) =>
      node.materialized === 'view' && node.shows !== undefined ? [node] : [],
    );

  it('show every table of gold, row by row, and nothing else is in their schema', async () => {
    const { manifest } = home.compile();
    const gold = [...manifest.nodes.values()].filter(
      (node) => node.kind === 'model' && node.relation.schema === 'gold' && node.materialized !== 'view',
    );
    expect(
      views()
        .map(({ shows }) => shows)
        .sort(),
    ).toEqual(gold.map(({ id }) => id).sort());
    for (const view of views()) {
      const table = relation('gold', (view.shows ?? '').replace('model.', ''));
      const [count] = await home.rows<{ shown: number; there: number }>(
        `select (select count(*) from ${relation('bi', view.relation.name)}) as shown, (select count(*) from ${table}) as there`,
      );
      expect([view.name, count?.shown]).toEqual([view.name, count?.there]);
      expect(count?.there, view.name).toBeGreaterThan(0);
    }
    const standing = await home.rows<{ relname: string; relkind: string }>(
      `select relname, relkind::text from pg_class where relnamespace = 'bi'::regnamespace`,
    );
    expect(standing.map(({ relname }) => relname).sort()).toEqual(
      views()
        .map(({ relation: { name } }) => name)
        .sort(),
    );
    expect([...new Set(standing.map(({ relkind }) => relkind))]).toEqual(['v']);
  });

  it('have the columns of the exposures, of types that Power BI knows, and a comment on each', async () => {
    const columns = await home.rows<{
      view: string;
      name: string;
      type: string;
      exact: string;
      comment: string | null;
    }>(
      `select c.table_name as view, c.column_name as name, c.data_type as type, format_type(a.atttypid, a.atttypmod) as exact,
           col_description(a.attrelid, a.attnum) as comment
       from information_schema.columns as c
       join pg_attribute as a on a.attrelid = format('%I.%I', c.table_schema, c.table_name)::regclass and a.attname = c.column_name
       where c.table_schema = 'bi'
       order by c.table_name, c.ordinal_position`,
    );
    expect(columns.filter(({ type }) => !allowed.includes(type))).toEqual([]);
    expect(columns.filter(({ comment }) => comment === null || comment === '')).toEqual([]);
    for (const { name, columns: shown } of home.compile().exposures) {
      const standing = columns.filter(({ view }) => view === name);
      expect(standing.map((one) => [one.name, one.exact, one.comment])).toEqual(
        shown.map((column) => [column.name, column.sqlType, column.description]),
      );
    }
    expect(columns.map(({ name }) => name)).not.toContain('Owner user id');
  });

  it('have a comment each, and so has every table whose .yml describes it', async () => {
    const described = [...home.compile().manifest.nodes.values()].flatMap((node) =>
      isBuilt(node) && node.description !== '' ? [node] : [],
    );
    expect(described.length).toBeGreaterThan(50);
    for (const node of described) {
      const rows = await home.rows(
        'select obj_description($1::regclass) as comment'.replace(
          '$1',
          () => `'${relation(node.relation).replaceAll("'", "''")}'`,
        ),
      );
      expect([node.name, rows[0]?.comment]).toEqual([node.name, node.description]);
    }
  });

  it('give local time, summer and winter, also where an hour comes twice', async () => {
    const times = await home.rows(
      `select "Minute key" as key, "Time (UTC)"::text as utc, "Time (local)"::text as local from bi."Minute"
       where "Minute key" in (202310120000, 202310290030, 202310290130) order by 1`,
    );
    expect(times).toEqual([
      { key: 202310120000, utc: '2023-10-12 00:00:00', local: '2023-10-12 02:00:00' },
      { key: 202310290030, utc: '2023-10-29 00:30:00', local: '2023-10-29 02:30:00' },
      { key: 202310290130, utc: '2023-10-29 01:30:00', local: '2023-10-29 02:30:00' },
    ]);
  });

  it.each([
    [
      'bi_fact_energy_minute',
      'not f.is_valid',
      'not b."Valid"',
      ['power_w', 'counter_total', 'energy_kwh', 'cost_chf'],
    ],
    [
      'bi_fact_environment_minute',
      'f.is_anomaly',
      'b."Anomaly"',
      ['temperature_c', 'humidity_pct', 'co2_ppm', 'noise_db', 'pressure_hpa'],
    ],
  ])('%s is blank where the flag tells, and only there', async (name, bad, flag, sources) => {
    const exposure = home.compile().exposures.find(({ id }) => id === `model.${name}`);
    const shown = (source: string) => exposure?.columns.find((column) => column.source === source)?.name ?? source;
    const table = relation('gold', name.replace('bi_', ''));
    const view = relation('bi', exposure?.name ?? '');
    const other = name.includes('energy') ? 'device_key' : 'room_key';
    const join = `${table} as f join ${view} as b on b."Minute key" = f.datetime_key and b.${identifier(shown(other))} = f.${other}`;
    const hidden = sources.map((source) => `b.${identifier(shown(source))} is null`).join(' and ');
    const same = sources
      .map((source) => `b.${identifier(shown(source))} is not distinct from f.${source}`)
      .join(' and ');
    const [counts] = await home.rows(
      `select count(*) filter (where ${bad}) as bad,
           count(*) filter (where ${bad} and ${flag} and ${hidden} and num_nonnulls(${sources.map((one) => `f.${one}`).join(', ')}) > 0) as blanked,
           count(*) filter (where not (${bad})) as good,
           count(*) filter (where not (${bad}) and not (${flag}) and ${same}) as shown
       from ${join}`,
    );
    expect(Number(counts?.bad)).toBeGreaterThan(0);
    expect([counts?.blanked, counts?.shown]).toEqual([counts?.bad, counts?.good]);
  });

  it('leave out the view for reports that exist, which has the price and the rounded cost', async () => {
    const [row] = await home.rows(
      `select count(*)::integer as rows, count(*) filter (where v.cost_chf = round((f.energy_kwh * 0.34)::numeric, 4))::integer as priced,
           count(*) filter (where v.cost_chf > 0)::integer as costly, min(v.chf_per_kwh)::float8 as price
       from gold.mv_energy_with_cost as v join gold.fact_energy_minute as f using (datetime_key, device_key)`,
    );
    expect(row).toMatchObject({ priced: row?.rows, price: 0.34 });
    expect(Number(row?.costly)).toBeGreaterThan(100);
  });

  it('have beside them the export for SAP Analytics Cloud: one CSV file, and what its columns are called', async () => {
    cpSync(join(repository, 'powerbi', 'captions'), join(home.project, 'powerbi', 'captions'), { recursive: true });
    const [rows] = await home.rows(
      'select count(*)::integer as n, sum(presence_minutes)::integer as present from gold.sac_presence',
    );
    expect(await exporting(home, database.warehouse, 'sac_presence')).toMatchObject({ written: 1, rows: rows?.n });
    const files = filesBelow(join(home.project, 'exports', 'sac_presence'));
    const { columns } = checkedManifest(files);
    expect(columns.find(({ name }) => name === 'presence_minutes')).toMatchObject({
      type: 'integer',
      labels: {
        en: 'Presence minutes',
        fr: 'Minutes de présence',
        es: expect.any(String),
        ro: expect.any(String),
        pt: expect.any(String),
      },
    });
    const lines = String(files.get('sac_presence.csv')).trimEnd().split('\n');
    const [header = '', ...others] = lines.map((line) => line.split(','));
    const at = header.indexOf('presence_minutes');
    expect(others.reduce((sum, cells) => sum + Number(cells[at]), 0)).toBe(rows?.present);
    expect(others.find(([hour]) => hour === '202310121800')?.slice(3, 5)).toEqual(['2023-10-12', '20']);
  });

  it('are left alone by a second build', async () => {
    const built = await home.build({ command: 'run' });
    const messages = built.results.filter(({ node }) => node.name.startsWith('bi_')).map(({ message }) => message);
    expect(new Set(messages)).toEqual(new Set(['unchanged']));
  });
});
