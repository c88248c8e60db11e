import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeSampleRegistry } from '../../../cli/demo/sample-registry.ts';
import { eraseSubject } from '../../../cli/subject/erase.ts';
import { exportSubject } from '../../../cli/subject/export.ts';
import { findSubject } from '../../../cli/subject/find.ts';
import { subjectNamed } from '../../../cli/subject/named.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { QuietTerminal } from './quiet-terminal.ts';
import { type RegistryRow, writeChangedRegistry } from './registry-snapshot.ts';
import { clock, TwoApartments } from './two-apartments.ts';

const later = new Date('2023-10-20T22:00:00Z');
const latest = new Date('2023-10-21T22:00:00Z');

/** What is made of the registry; the rest of the project has no part in this. */
const select = ['+silver.registry'];

/** What the sample's registry gives rise to, in silver, for jimmy's building 1. */
const ofBuilding = `
    select 'silver.dim_buildings' as place, count(*)::int as count from silver.dim_buildings where building_id = 1
    union all select 'silver.dim_rooms', count(*)::int from silver.dim_rooms where room_id <= 5
    union all select 'silver.dim_devices', count(*)::int from silver.dim_devices where device_id <= 3
    union all select 'silver.dim_sensors', count(*)::int from silver.dim_sensors where sensor_id <= 2
    union all select 'silver.log_sensor_errors', count(*)::int from silver.log_sensor_errors where error_id <= 2
    union all select 'silver.di_errors_clean', count(*)::int from silver.di_errors_clean where error_id <= 2
    union all select 'silver.ref_parameters', count(*)::int from silver.ref_parameters where parameter_key in ('1', '2')
    union all select 'silver.ref_power_snapshots', count(*)::int from silver.ref_power_snapshots where snapshot_key = '1'
    order by 1`;

describe.each(oneDatabase)('a subject whose building the registry no longer knows as its, on $name', (kind) => {
  let database: TestDatabase;
  let two: TwoApartments;
  /** Filled once, where a database can be copied. */
  let filled: { readonly database: TestDatabase; readonly two: TwoApartments } | undefined;
  const fill = async () => {
    const of = await kind.open();
    const filling = new TwoApartments(of.warehouse);
    await filling.fill(select);
    filling.takeAccess();
    return { database: of, two: filling };
  };
  beforeAll(async () => {
    if (kind.copyOf === undefined) return;
    filled = await fill();
    await filled.database.warehouse.close();
  });
  beforeEach(async () => {
    if (filled === undefined || kind.copyOf === undefined) {
      ({ database, two } = await fill());
      return;
    }
    database = await kind.copyOf(filled.database);
    two = filled.two.copyOn(database.warehouse);
  });
  afterEach(async () => {
    two.home.dispose();
    await database.drop();
  });
  afterAll(async () => {
    filled?.two.home.dispose();
    await filled?.database.drop();
  });
  const signal = new AbortController().signal;
  const terminal = new QuietTerminal();
  const compiledAnd = () => {
    const compiled = two.compile();
    return { compiled, named: subjectNamed(compiled.project, 'jimmy') };
  };
  const erase = (onStep: (step: string) => void = () => undefined) => {
    const { compiled, named } = compiledAnd();
    return eraseSubject(database.warehouse, compiled, named, terminal, {
      clock,
      signal,
      yes: true,
      dryRun: false,
      onStep,
    });
  };
  const held = async () =>
    (await two.home.rows<{ place: string; count: number }>(ofBuilding)).filter(({ count }) => count > 0);
  /** Its rows in tables that are made of the registry, as `find` counts them. */
  const found = async () => {
    const { compiled, named } = compiledAnd();
    const places = (await two.home.rows<{ place: string }>(ofBuilding)).map(({ place }) => place);
    const findings = await findSubject(database.warehouse, compiled, named, terminal, signal);
    return findings
      .filter(({ place, what }) => what === 'its rows' && places.includes(place))
      .map(({ place, count }) => ({ place, count }))
      .sort((a, b) => (a.place < b.place ? -1 : 1));
  };
  const exported = async () => {
    const { compiled, named } = compiledAnd();
    const output = join(two.home.folder, 'handed');
    await exportSubject(database.warehouse, compiled, named, terminal, { clock, signal, output });
    const folder = join(output, 'silver');
    const rows = readdirSync(folder).map((file) => ({
      place: `silver.${file.replace('.csv', '')}`,
      count: (parse(readFileSync(join(folder, file)), { columns: true }) as unknown[]).length,
    }));
    const places = (await held()).map(({ place }) => place);
    return rows.filter(({ place }) => places.includes(place)).sort((a, b) => (a.place < b.place ? -1 : 1));
  };
  const landed = async (time: Date, change: (row: RegistryRow, table: string) => RegistryRow | undefined) => {
    const sample = join(two.home.folder, 'sample');
    await writeSampleRegistry(sample);
    writeChangedRegistry(two.home.bronze, time, change, sample);
    await two.loadRegistry();
  };
  const become = async (time: Date, change: (row: RegistryRow, table: string) => RegistryRow | undefined) => {
    await landed(time, change);
    await two.home.build({ dataTests: false, select });
  };
  /** As pidb may do it: the building goes, some of its rooms with it, others lose their building, errors stay or go. */
  const withoutBuilding = (row: RegistryRow, table: string): RegistryRow | undefined => {
    if (table === 'buildings' && row.idBuilding === 1) return undefined;
    if (table === 'rooms' && row.idBuilding === 1) return row.idRoom === 5 ? { ...row, idBuilding: null } : undefined;
    if (table === 'dierrors' && row.idError === 2) return undefined;
    if (table === 'profile' && row.idProfile === 1) return { ...row, idBuilding: null };
    return row;
  };
  const nothingComesBack = async () => {
    expect(await held()).toEqual([]);
    expect(await two.search('JimmyLoup')).toEqual([]);
    await two.loadRegistry();
    await two.home.build({ dataTests: false, fullRefresh: true, select });
    expect(await held()).toEqual([]);
    expect(await found()).toEqual([]);
  };

  it('has its rows of a building that was deleted', async () => {
    await become(later, withoutBuilding);
    expect(await held()).toEqual([
      { place: 'silver.di_errors_clean', count: 2 },
      { place: 'silver.dim_devices', count: 3 },
      { place: 'silver.dim_rooms', count: 1 },
      { place: 'silver.dim_sensors', count: 2 },
      { place: 'silver.log_sensor_errors', count: 2 },
      { place: 'silver.ref_parameters', count: 2 },
      { place: 'silver.ref_power_snapshots', count: 1 },
    ]);
    expect(await found()).toEqual(await held());
    expect(await exported()).toEqual(await held());
    expect(await erase()).toBe(0);
    await nothingComesBack();
  });

  it('has its rows of a building that bears a name that is nobody’s', async () => {
    await become(later, (row, table) =>
      table === 'buildings' && row.idBuilding === 1 ? { ...row, houseName: 'Villa Sans Souci' } : row,
    );
    expect(await held()).toHaveLength(8);
    expect(await found()).toEqual(await held());
    expect(await exported()).toEqual(await held());
    expect(await erase()).toBe(0);
    await nothingComesBack();
  });

  it('has no rows of a building that belongs to another person now', async () => {
    await become(later, (row, table) =>
      table === 'buildings' && row.idBuilding === 1 ? { ...row, houseName: 'Annexe JeremieVianin' } : row,
    );
    const before = await held();
    expect(before).toHaveLength(8);
    expect(await found()).toEqual([]);
    // The errors of before are the other's now, and name the subject: a person has to look at them.
    expect(await erase()).toBe(1);
    expect(terminal.said.join('\n')).toMatch(/silver\.log_sensor_errors +.* rows that name it +\| error_id 1/);
    expect(await held()).toEqual(before);
    await two.loadRegistry();
    await two.home.build({ dataTests: false, fullRefresh: true, select });
    expect(await held()).toEqual(before);
  });

  it('stays away where a building that the registry had only after the erasure is renamed later', async () => {
    expect(await erase()).toBe(0);
    const moved = (houseName: string) => (row: RegistryRow, table: string) => {
      const isOf = (column: string, last: number) => Number(row[column]) <= last;
      if (['buildings', 'profile', 'parameters', 'dierrors'].includes(table) && row.idBuilding !== 1) return row;
      if (table === 'buildings') return { ...row, idBuilding: 9, houseName };
      if (table === 'rooms' && isOf('idRoom', 5)) return { ...row, idRoom: Number(row.idRoom) + 90, idBuilding: null };
      if (table === 'devices' && isOf('idDevice', 3))
        return { ...row, idDevice: Number(row.idDevice) + 90, idRoom: 99 };
      return 'idBuilding' in row && table !== 'rooms' ? { ...row, idBuilding: 9 } : row;
    };
    const inItsRooms = (row: RegistryRow, table: string): RegistryRow =>
      table === 'rooms' && row.idBuilding === null ? { ...row, idBuilding: 9 } : row;
    const chalet = moved('Chalet JimmyLoup');
    await become(later, (row, table) => inItsRooms(chalet(row, table), table));
    const hasNew = async () => [
      ...(await two.home.rows('select building_id from silver.dim_buildings where building_id <> 2')),
      ...(await two.home.rows('select room_id from silver.dim_rooms where room_id > 90')),
      ...(await two.home.rows('select error_id from silver.log_sensor_errors where building_id <> 2')),
    ];
    expect(await hasNew()).toEqual([]);
    await become(latest, moved('Villa Sans Souci'));
    expect(await hasNew()).toEqual([]);
  });

  it.each(['silver.log_sensor_errors', 'landed files', 'bookkeeping'])(
    'loses all of them if its building goes while it is erased, before %s',
    async (stop) => {
      const killed = erase((step) => {
        if (step === stop) throw new Error('killed');
      });
      await expect(killed).rejects.toThrow('killed');
      await landed(latest, withoutBuilding);
      // Half an apartment: tests of data may fail.
      await two.home.build({ dataTests: false, select }).catch(() => undefined);
      expect(await erase()).toBe(0);
      await nothingComesBack();
    },
  );
});
