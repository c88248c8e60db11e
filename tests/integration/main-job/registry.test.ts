import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadRegistry } from '../../../loaders/registry/load-registry.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { confidentialValues, forbiddenValues, pidbStatements } from '../../fixtures/pidb.ts';
import { type MariadbServer, startMariadb } from '../../servers/mariadb.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { Household, sampleMinutes } from './household.ts';
import { firstRooms, kitchen, silverOfRegistry } from './registry-expected.ts';

// Each test builds the whole project several times.
vi.setConfig({ testTimeout: 180_000 });

const server = await startMariadb();

/** What gold says by the registry; the rest of the project has no part in it. */
const ofRegistry = ['+silver.registry', '+dim_apartment', '+dim_room', '+dim_device', '+fact_device_health_day'];

describe.skipIf(server === undefined).each(oneDatabase)('from the registry to gold on $name', (kind) => {
  const mariadb = server as MariadbServer;
  let database: TestDatabase;
  let home: Household;
  let day: number;

  beforeEach(async () => {
    database = await kind.open();
    home = new Household(database.warehouse, ofRegistry);
    day = 1;
    await mariadb.reset();
    await mariadb.run(pidbStatements());
  });

  /** For what is said of all tables. */
  function takeAll(): void {
    home.dispose();
    home = new Household(database.warehouse);
  }

  afterEach(async () => {
    home.dispose();
    await database.drop();
  });

  /** Sensor files of two days, a few minutes of each. */
  async function landSensors(): Promise<void> {
    const some = (minute: number) => minute < 4 || minute === 700;
    home.put([...sampleMinutes('12.10.2023', some), ...sampleMinutes('13.10.2023', some)]);
    await home.load();
  }

  /** One snapshot a day. */
  async function landRegistry(mode: 'new' | 'from-bronze' = 'new', locations = true) {
    const clock = () => new Date(Date.UTC(2023, 10, day, 7));
    const summary = await loadRegistry(
      database.warehouse,
      { url: mariadb.url, bronzeRoot: home.bronze, locations },
      { mode, clock, attempts: 1 },
    );
    day += 1;
    return summary;
  }

  /** Everything but what names loads and spells columns. */
  async function silver(table: string, order: string): Promise<readonly Row[]> {
    const { rows } = await database.warehouse.query<{ row: Row }>(
      `select to_jsonb(t) - 'record' - 'load_id' as row from silver.${table} t order by ${order}`,
    );
    return rows.map(({ row }) => row);
  }

  async function expectFullRefreshToChangeNothing(now?: Date): Promise<void> {
    const incremental = await home.contents();
    await home.build({ dataTests: false, fullRefresh: true, ...(now === undefined ? {} : { now }) });
    const full = await home.contents();
    for (const [table, rows] of full) expect(incremental.get(table), table).toEqual(rows);
  }

  async function errorCounts(): Promise<readonly Row[]> {
    return home.rows(
      `select a.apartment_id, f.date_key, min(f.error_count) as least, max(f.error_count) as most
       from gold.fact_device_health_day f join gold.dim_apartment a on a.apartment_key = f.apartment_key
       group by 1, 2 order by 1, 2`,
    );
  }

  /** No planted personal value is in gold, and none of what is not read is anywhere. */
  async function expectNothingPersonal(): Promise<void> {
    const { rows } = await database.warehouse.query<{ schema: string; name: string }>(
      `select table_schema as schema, table_name as name from information_schema.tables
       where table_schema in ('staging', 'silver', 'gold', 'seeds', 'datacycle')`,
    );
    expect(rows.filter(({ schema }) => schema === 'gold').length).toBeGreaterThan(10);
    for (const { schema, name } of rows) {
      const values = schema === 'gold' ? [...forbiddenValues, ...confidentialValues] : forbiddenValues;
      const found = await database.warehouse.query<{ value: string }>(
        `with texts as materialized (select lower(to_jsonb(t)::text) as text from "${schema}"."${name}" as t)
         select v.value from unnest($1::text[]) as v (value)
         where exists (select from texts where strpos(text, lower(v.value)) > 0)`,
        [values],
      );
      expect(found.rows, `${schema}.${name}`).toEqual([]);
    }
    const known = await database.warehouse.query(
      `select 1 from silver.dim_buildings where to_jsonb(dim_buildings)::text like '%Ruelle du Secret 12%'`,
    );
    expect(known.rows).toHaveLength(1);
  }

  it.each(['usual', 'other case'] as const)('every value in silver and gold, spelling: %s', async (spelling) => {
    await mariadb.reset();
    await mariadb.run(pidbStatements(spelling));
    await landSensors();
    await landRegistry();
    await home.build();

    for (const [table, order, rows] of silverOfRegistry) expect(await silver(table, order), table).toEqual(rows);
    const rooms = await silver('dim_rooms', 'room_id');
    expect(rooms).toHaveLength(8);
    expect(rooms.slice(0, 2)).toEqual(firstRooms);
    expect(rooms.map(({ room }) => room)).toEqual([
      'Living Room',
      'Kitchen',
      'Laundry',
      'Cellar',
      'Kitchen',
      'Living Room',
      'Office',
      'Bedroom',
    ]);
    expect((await silver('log_sensor_errors', 'error_id'))[0]).toEqual({
      error_id: 1,
      building_id: 2,
      error_message: 'FATAL gateway crash near Germaine',
      file: 'a\\b\t"c".json',
      created_at: '2023-10-12T06:15:00+00:00',
      last_seen_at: '2023-11-01T07:00:00+00:00',
    });
    const metadata = await silver('apartment_metadata', 'building_id, room_id');
    expect(metadata).toHaveLength(8);
    expect(metadata[1]).toEqual(kitchen);

    expect(
      await home.rows(
        'select apartment_id, name, owner_user_id, building_id, building_name, floor from gold.dim_apartment order by 1',
      ),
    ).toEqual([apartment('jeremie', 'Jérémie', 5, '2e étage'), apartment('jimmy', 'Jimmy', 2, null)]);
    expect(
      await home.rows(
        `select a.apartment_id || ' ' || r.room_name as room, r.room_id
         from gold.dim_room r join gold.dim_apartment a on a.apartment_key = r.apartment_key
         where r.room_id is not null order by 1`,
      ),
    ).toEqual([
      { room: 'jeremie Living Room', room_id: 50 },
      { room: 'jeremie Office', room_id: 51 },
      { room: 'jimmy Kitchen', room_id: 21 },
      { room: 'jimmy Laundry', room_id: 22 },
      { room: 'jimmy Living Room', room_id: 20 },
    ]);
    const plugs = await home.rows(
      `select device_id, device_name, device_type from gold.dim_device where sensor_type = 'plug' order by 1`,
    );
    expect(plugs).toContainEqual({
      device_id: 'jimmy_Kitchen_plug',
      device_name: 'Kitchen fridge',
      device_type: 'fridge',
    });
    // Two appliances: which of them is plugged in nobody knows.
    expect(plugs).toContainEqual({ device_id: 'jimmy_Laundry_plug', device_name: 'Laundry plug', device_type: 'plug' });
    expect(plugs).toContainEqual({
      device_id: 'jeremie_Office_plug',
      device_name: 'Office coffee machine',
      device_type: 'coffee machine',
    });
    // One appliance, but what the registry calls it is no kind of appliance.
    expect(plugs).toContainEqual({
      device_id: 'jeremie_Living Room_plug',
      device_name: 'Living Room plug',
      device_type: 'plug',
    });
    const others = await home.rows(
      `select 1 from gold.dim_device where sensor_type <> 'plug' and device_type <> sensor_type`,
    );
    expect(others).toEqual([]);
    expect(await errorCounts()).toEqual([
      { apartment_id: 'jeremie', date_key: 20231012, least: 1, most: 1 },
      { apartment_id: 'jeremie', date_key: 20231013, least: 1, most: 1 },
      { apartment_id: 'jimmy', date_key: 20231012, least: 2, most: 2 },
      { apartment_id: 'jimmy', date_key: 20231013, least: 0, most: 0 },
    ]);
  });

  it('without a registry everything is there, empty and green; with one nothing personal is in gold, and none of the tables that are not read anywhere', async () => {
    takeAll();
    await landSensors();
    const summary = await home.build();
    expect(summary.ok).toBe(true);
    expect(await silver('dim_buildings', 'building_id')).toEqual([]);
    expect(await silver('apartment_metadata', 'room')).toEqual([]);
    expect(await home.rows('select distinct building_id, building_name from gold.dim_apartment')).toEqual([
      { building_id: null, building_name: null },
    ]);
    expect((await errorCounts()).every(({ most }) => most === 0)).toBe(true);
    await landRegistry();
    await home.build({ dataTests: false });
    expect(await home.rows(`select building_name from gold.dim_apartment where apartment_id = 'jimmy'`)).toEqual([
      { building_name: 'Building 2' },
    ]);
    await expectNothingPersonal();
    await expectFullRefreshToChangeNothing();
  });

  it('a snapshot that says the same again rebuilds nothing', async () => {
    await landSensors();
    await landRegistry();
    await home.build({ dataTests: false });
    const generations = () => home.rows('select model, generation from datacycle.model order by 1');
    const loads = () =>
      home.rows(
        'select error_id, load_id from silver.di_errors_clean union all select room_id, load_id from silver.dim_rooms order by 1, 2',
      );
    const [before, loadsBefore] = [await generations(), await loads()];
    await landRegistry();
    const summary = await home.build({ dataTests: false });
    expect(await generations()).toEqual(before);
    expect(await loads()).toEqual(loadsBefore);
    const rebuilt = summary.results.filter(({ message }) => /rebuilt or changed/.test(message ?? ''));
    expect(rebuilt).toEqual([]);
    const [log] = await home.rows('select distinct last_seen_at::text as seen from silver.log_sensor_errors');
    expect(log).toEqual({ seen: '2023-11-02 07:00:00+00' });
    await expectFullRefreshToChangeNothing();
  });

  it('incremental equals full after rows changed, were added and removed, and old snapshots came late', async () => {
    await landSensors();
    await landRegistry();
    await home.build({ dataTests: false });
    await mariadb.run([
      `update dierrors set errorMessage = 'all is well', creationDate = '2023-10-13 12:00:00' where idError = 1`,
      'delete from dierrors where idError = 3',
      `insert into dierrors (idBuilding, errorMessage, creationDate) values (2, 'meter down', '2023-10-12 20:00:00'), (5, 'sent late', '2023-10-12 21:00:00')`,
      `insert into devices values (222, 20, 'television of Odile', 'tv')`,
      'delete from devices where idDevice = 220',
      'delete from rooms where idRoom = 50',
    ]);
    await landRegistry();
    await home.build({ dataTests: false });
    expect(await errorCounts()).toEqual([
      // Error 3 is gone from the registry, not from the log.
      { apartment_id: 'jeremie', date_key: 20231012, least: 2, most: 2 },
      { apartment_id: 'jeremie', date_key: 20231013, least: 1, most: 1 },
      // Error 1 has moved to the 13th, 2 is still there, the meter came.
      { apartment_id: 'jimmy', date_key: 20231012, least: 2, most: 2 },
      { apartment_id: 'jimmy', date_key: 20231013, least: 1, most: 1 },
    ]);
    expect(await home.rows(`select device_name from gold.dim_device where device_id = 'jimmy_Laundry_plug'`)).toEqual([
      { device_name: 'Laundry dryer' },
    ]);
    await mariadb.run([
      `update buildings set houseName = 'sold' where idBuilding = 2`,
      'drop table devices',
      `update dierrors set idBuilding = 5 where idError = 2`,
    ]);
    await landRegistry();
    await home.build({ dataTests: false });
    expect(await home.rows(`select building_id from gold.dim_apartment where apartment_id = 'jimmy'`)).toEqual([
      { building_id: 7 },
    ]);
    // The table that has gone keeps its last snapshot; the room it belongs to is not this apartment's any more.
    expect(await silver('dim_devices', 'device_id')).toHaveLength(5);
    expect((await errorCounts()).map(({ most }) => most)).toEqual([3, 1, 0, 0]);
    const before = await home.contents();

    // The oldest snapshot is landed again and now has the largest load_id.
    await home.rows(`delete from staging.registry_row where load_id = (select min(load_id) from staging.registry_row)`);
    const replayed = await landRegistry('from-bronze');
    expect(replayed.landed).toBe(10);
    await home.build({ dataTests: false });
    for (const [table, rows] of await home.contents()) expect(before.get(table), table).toEqual(rows);
    await expectFullRefreshToChangeNothing();
    expect((await home.build({ command: 'test' })).ok).toBe(true);
  });

  it('values that make no sense are NULL, duplicated keys are one row, a missing column is reported', async () => {
    await landSensors();
    await mariadb.run([
      'alter table buildings modify latitude varchar(400), modify nbPeople varchar(40), modify isHeatingOn varchar(10), modify buildingYear varchar(40)',
      `update buildings set latitude = concat('1e', '400'), nbPeople = 'two', isHeatingOn = 'perhaps', buildingYear = '99999999999999999999' where idBuilding = 2`,
      'alter table dierrors modify creationDate varchar(60), modify idError int, drop primary key',
      'delete from dierrors',
      ...[
        'rubbish',
        '2023-02-30 10:00:00',
        '2023-10-12T08:15:00Z',
        '2023-10-12 08:15:00.250 +05:30',
        '2023-10-29 02:30:00',
        '2023-03-26 02:30:00',
        '2023-12-24',
      ].map((text, index) => `insert into dierrors values (${index + 1}, 2, 'crash', '${text}', null)`),
      `insert into dierrors values (1, 5, 'another one', null, null), (null, 5, 'without a key', null, null)`,
      'alter table rooms modify idRoom varchar(20), drop primary key',
      `insert into rooms (idRoom, idBuilding, roomName) values ('many', 2, 'Attic'), ('20', 2, 'Second')`,
    ]);
    await landRegistry();
    await home.build();
    expect((await silver('dim_buildings', 'building_id'))[1]).toMatchObject({
      latitude: null,
      nb_people: null,
      is_heating_on: null,
      building_year: null,
      longitude: 7.3598765432,
    });
    expect((await silver('di_errors_clean', 'error_id')).map(({ timestamp }) => timestamp)).toEqual([
      null,
      null,
      '2023-10-12T08:15:00+00:00',
      '2023-10-12T02:45:00.25+00:00',
      // Half past two comes twice that night; the second is meant.
      '2023-10-29T01:30:00+00:00',
      // And this one does not come at all.
      '2023-03-26T01:30:00+00:00',
      '2023-12-23T23:00:00+00:00',
    ]);
    const kept = [await silver('dim_rooms', 'room_id'), await silver('di_errors_clean', 'error_id')];
    expect(kept[0]).toHaveLength(8);
    await mariadb.run(['alter table rooms drop column m2']);
    await landRegistry();
    const summary = await home.build();
    const told = summary.results.find(({ node }) => node.name === 'registry_has_the_expected_columns');
    expect([told?.status, told?.failures]).toEqual(['warn', 1]);
    const rooms = await silver('dim_rooms', 'room_id');
    expect(rooms.map((row) => ({ ...row, area_m2: null }))).toEqual(kept[0]?.map((row) => ({ ...row, area_m2: null })));
    expect(rooms[0]?.area_m2).toBeNull();
  });
});

afterAll(() => server?.stop());

function apartment(id: string, name: string, buildingId: number, floor: string | null): Row {
  return {
    apartment_id: id,
    name,
    owner_user_id: null,
    building_id: buildingId,
    building_name: `Building ${buildingId}`,
    floor,
  };
}
