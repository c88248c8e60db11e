import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadRegistry } from '../../../loaders/registry/load-registry.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { Household, sampleMinutes } from './household.ts';

// Each test builds much of the project several times.
vi.setConfig({ testTimeout: 180_000 });

/** The largest double precision number. */
const largest = '1.7976931348623157e308';

describe.each(oneDatabase)('data as nobody expects it on $name', (kind) => {
  let database: TestDatabase;
  let home: Household;

  beforeEach(async () => {
    database = await kind.open();
    home = new Household(database.warehouse);
  });

  afterEach(async () => {
    home.dispose();
    await database.drop();
  });

  /** What is looked at, and what that needs; the rest of the project has no part in it. */
  function takeOnly(...part: string[]): void {
    home.dispose();
    home = new Household(database.warehouse, part);
  }

  async function landMinute(date: string, minute: number, change = (content: string) => content): Promise<void> {
    home.put(sampleMinutes(date, (one) => one === minute).map((one) => ({ ...one, content: change(one.content) })));
    await home.load();
  }

  /** Lands a snapshot of 1 November 2023 that has these tables. */
  async function landRegistry(tables: Readonly<Record<string, readonly object[]>>): Promise<void> {
    for (const [table, rows] of Object.entries(tables)) {
      const file = join(home.bronze, `registry/2023/11/01/20231101T080000Z/${table}.json`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(rows));
    }
    const clock = () => new Date('2023-11-01T08:00:00Z');
    await loadRegistry(database.warehouse, { url: undefined, bronzeRoot: home.bronze }, { mode: 'from-bronze', clock });
  }

  async function expectFullRefreshToChangeNothing(): Promise<void> {
    const incremental = await home.contents();
    await home.build({ dataTests: false, fullRefresh: true });
    for (const [table, rows] of await home.contents()) expect(incremental.get(table), table).toEqual(rows);
  }

  it('a battery at the end of the range has a mean there', async () => {
    takeOnly('+fact_device_health_day');
    await landMinute('12.10.2023', 5, (content) =>
      content.replace(/"devicePower":\s*[^,}]+/, `"devicePower":${largest}`),
    );
    await home.build();
    const health = await home.rows(
      `select distinct battery_min_pct as least, battery_avg_pct as mean from gold.fact_device_health_day where battery_avg_pct > 1e300`,
    );
    expect(health).toEqual([{ least: Number(largest), mean: Number(largest) }]);
  });

  it('registry texts with white space of all kinds and of any length fail nothing', async () => {
    takeOnly('+silver.registry');
    const error = (idError: string, creationDate: string) => ({
      idError,
      idBuilding: 2,
      errorMessage: 'x',
      creationDate,
    });
    const time = '2023-10-12 08:15:00';
    // Hardly to be compressed, so that an index could not hold it.
    const long = Array.from({ length: 6000 }, (_, at) =>
      String.fromCharCode(33 + (((at * at * 31 + at * 7) % 9973) % 90)),
    ).join('');
    const other = `${long}.`;
    await landRegistry({
      dierrors: [error('1', `\t${time}\r\n`), error('2', `${time}\u2003`), error('\t3 ', time), error('\u20034', time)],
      parameters: [long, other].map((idParameter) => ({ idParameter, idParameterType: long, value: '\u20031' })),
      parameterstype: [long, other].map((idParameterType) => ({ idParameterType, name: 'x' })),
      profile: [long, other].map((idProfile) => ({ idProfile, idBuilding: '2\u2003', power: '\t1.5\n' })),
      profilereference: [long, other].map((idProfileReference) => ({ idProfileReference, type: 'x' })),
    });
    await home.build();
    expect(
      await home.rows(
        `select error_id::int as id, to_char(created_at at time zone 'UTC', 'HH24:MI') as at from silver.log_sensor_errors order by 1`,
      ),
    ).toEqual([
      { id: 1, at: '06:15' },
      { id: 2, at: null },
      { id: 3, at: '06:15' },
    ]);
    expect(
      await home.rows(
        `select p.value, count(*)::int as rows, count(t.parameter_name)::int as known
         from silver.ref_parameters p left join silver.ref_parameters_type t using (parameter_type_key) group by 1`,
      ),
    ).toEqual([{ value: null, rows: 2, known: 2 }]);
    expect(await home.rows('select building_id, power_w from silver.ref_power_snapshots')).toEqual(
      [1, 2].map(() => ({ building_id: null, power_w: 1.5 })),
    );
    expect(await home.rows('select from silver.ref_energy_profiles')).toHaveLength(2);
  });

  it('a day weeks ago costs the runs after it nothing, and none is missing', async () => {
    takeOnly('+fact_device_health_day');
    await landMinute('12.10.2023', 1);
    await home.build({ dataTests: false });
    await landMinute('12.10.2023', 2, (content) => content.replace(/12\.10\.2023 (\d\d:\d\d)/, '15.09.2023 $1'));
    await home.build({ dataTests: false });
    const [span] = await home.rows(
      `select min(date_key) as first, max(date_key) as last, count(distinct date_key)::int as days from gold.fact_device_health_day`,
    );
    expect(span).toEqual({ first: 20230915, last: 20231012, days: 28 });
    await expectFullRefreshToChangeNothing();

    // A wrong figure between the two days is not even looked at.
    const wrong = 'select from gold.fact_device_health_day where expected_minutes = 7';
    await home.rows('update gold.fact_device_health_day set expected_minutes = 7 where date_key = 20230920');
    const spoilt = (await home.rows(wrong)).length;
    expect(spoilt).toBeGreaterThan(10);
    await landMinute('12.10.2023', 3);
    await home.build({ command: 'run' });
    expect(await home.rows(wrong)).toHaveLength(spoilt);
    // Readings of that day bring its figures back.
    await landMinute('20.09.2023', 3);
    // The day after goes on, then the next but one begins.
    await landMinute('13.10.2023', 3);
    await home.build({ dataTests: false });
    await landMinute('13.10.2023', 4);
    await landMinute('15.10.2023', 4);
    await home.build();
    expect(await home.rows(wrong)).toEqual([]);
    await expectFullRefreshToChangeNothing();
  });

  it("an apartment's new id takes the old one out of the facts, the name being the same", async () => {
    takeOnly('+fact_energy_minute');
    await landMinute('12.10.2023', 1);
    await home.build({ dataTests: false });
    const settings = join(home.project, 'project.yml');
    writeFileSync(settings, readFileSync(settings, 'utf8').replace('{ id: jimmy,', '{ id: loup,'));
    const facts = () =>
      home.rows(
        `select a.apartment_id as id, count(f.*) > 0 as any from gold.dim_apartment a
         left join gold.fact_energy_minute f using (apartment_key) group by 1 order by 1`,
      );
    await home.build({ dataTests: false });
    expect(await facts()).toContainEqual({ id: 'loup', any: true });
    expect(await facts()).not.toContainEqual({ id: 'jimmy', any: true });
    await home.build();
    expect(await facts()).toEqual([
      { id: 'jeremie', any: true },
      { id: 'loup', any: true },
    ]);
  });

  it("a house belongs to the apartment whose owner it names, not to its id's namesake; a floor is one or is NULL", async () => {
    takeOnly('+dim_apartment');
    await landMinute('12.10.2023', 1);
    const houses = ['Haus von Jimmy Nachbar', 'chez  jeremie VIANIN', 'JimmyLoup bei Jeremie Vianin'];
    const floors = ['3', '-1', '2e étage', '1. OG', 'UG', 'RDC', 'rez-de-chaussée', 'Attika', 'Ground floor', '1er'];
    const others = ['Familie Nachbar', '3, bei Nachbar', '1987', 'EG Nachbar', '', '079 555 01 77'];
    const named = houses.map((houseName, at) => ({ idBuilding: at + 1, houseName, floor: ' EG ' }));
    await landRegistry({ buildings: named });
    await home.build();
    expect(
      await home.rows('select apartment_id, building_id::int as building, floor from gold.dim_apartment order by 1'),
    ).toEqual([
      { apartment_id: 'jeremie', building: 2, floor: 'EG' },
      { apartment_id: 'jimmy', building: null, floor: null },
    ]);
    // Of two owners the longer name has it, whichever project.yml has first.
    expect(await home.rows('select apartment from silver.dim_buildings order by building_id')).toEqual([
      { apartment: null },
      { apartment: 'jeremie' },
      { apartment: 'jeremie' },
    ]);
    const macro = readFileSync(join(home.project, 'macros', 'registry', 'floor_name.sql'), 'utf8');
    const expression = macro.slice(macro.indexOf('\ncase')).replaceAll('{{text}}', 'f.floor');
    const { rows } = await database.warehouse.query<{ floor: string; name: string | null }>(
      `select f.floor, ${expression} as name from unnest($1::text[]) with ordinality as f (floor, n) order by f.n`,
      [[...floors, ...others]],
    );
    expect(rows.map((row) => row.name)).toEqual([...floors, ...others.map(() => null)]);
  });

  it('knows the rooms outside, and a plug that is named by its appliance', async () => {
    takeOnly('+dim_device');
    const plug = { power: 5, total: 10 };
    const content = JSON.stringify({
      datetime: '12.10.2023 08:00',
      motions: { Outside: { motion: true }, Office: { motion: false } },
      plugs: { Dishwasher: plug, Dryer: plug, WashingMachine: plug, Office: plug, Cellar: plug },
      meteos: { meteo: { Outdoor: { Temperature: 4 } } },
    });
    home.put([{ name: '12.10.2023 0800_JimmyLoup_received.json', content }]);
    await home.load();
    await home.build();
    expect(
      await home.rows(
        `select r.room_name as room, r.room_type as type, r.is_inside as inside, d.device_name as device, d.device_type as kind
         from gold.dim_room r left join gold.dim_device d on d.room_key = r.room_key and d.sensor_type = 'plug' order by 1`,
      ),
    ).toEqual([
      { room: 'Cellar', type: null, inside: true, device: 'Cellar plug', kind: 'plug' },
      { room: 'Dishwasher', type: 'appliance', inside: true, device: 'Dishwasher', kind: 'dishwasher' },
      { room: 'Dryer', type: 'appliance', inside: true, device: 'Dryer', kind: 'dryer' },
      { room: 'Office', type: 'office', inside: true, device: 'Office plug', kind: 'plug' },
      { room: 'Outdoor', type: 'outdoor', inside: false, device: null, kind: null },
      { room: 'Outside', type: 'outdoor', inside: false, device: null, kind: null },
      { room: 'WashingMachine', type: 'appliance', inside: true, device: 'WashingMachine', kind: 'washer' },
    ]);
  });
});
