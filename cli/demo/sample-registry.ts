import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { manifestOf, manifestPathOf } from '../../loaders/registry/manifest.ts';
import type { RegistryTable } from '../../loaders/registry/mysql/tables.ts';
import { bronzePathOf, stampOf } from '../../loaders/registry/stamp.ts';

type Row = Readonly<Record<string, string | number | null>>;

/** Rows from a header and lists of values. */
function rows(header: string, ...values: readonly (readonly (string | number | null)[])[]): Row[] {
  const names = header.split(' ');
  return values.map((list) => Object.fromEntries(names.map((name, index) => [name, list[index] ?? null])));
}

/** An invented registry of the two apartments. */
const tables: Readonly<Record<RegistryTable, readonly Row[]>> = {
  buildings: rows(
    'idBuilding houseName idBuildingType latitude longitude address npa city buildingYear nbPeople isHeatingOn idUser',
    [1, 'JimmyLoup', 2, '46.2312', '7.3589', 'Rue Inventée 12', '1950', 'Sion', 1987, 2, 1, 11],
    [2, 'JeremieVianin', 2, '46.2294', '7.3701', 'Chemin Imaginaire 3', '1950', 'Sion', 2009, 1, 1, 12],
  ),
  buildingtype: rows('idBuildingType type', [1, 'Maison'], [2, 'Appartement']),
  rooms: rows(
    'idRoom idBuilding roomName nbMotions nbDoors nbPlugs orientation m2',
    [1, 1, 'Bdroom', 1, 0, 0, 'east', '14.5'],
    [2, 1, 'Livingroom', 1, 1, 1, 'south', '28'],
    [3, 1, 'Kitchen', 1, 0, 1, 'north', '11.2'],
    [4, 1, 'Bhroom', 1, 1, 0, 'north', '6.4'],
    [5, 1, 'Laundry', 0, 0, 1, 'north', '4.1'],
    [6, 2, 'Bdroom', 1, 0, 0, 'west', '13'],
    [7, 2, 'Livingroom', 1, 1, 1, 'south', '24.8'],
    [8, 2, 'Office', 1, 0, 1, 'west', '9.6'],
  ),
  sensors: rows(
    'idSensor idRoom ip type',
    [1, 2, '10.0.0.21', 'plug'],
    [2, 3, '10.0.0.22', 'plug'],
    [3, 7, '10.0.0.31', 'plug'],
  ),
  devices: rows(
    'idDevice idRoom name type',
    [1, 3, 'Fridge of the kitchen', 'fridge'],
    [2, 5, 'Washing machine', 'washer'],
    [3, 2, 'Television', 'tv'],
    [4, 8, 'Desk', 'computer'],
  ),
  profilereference: rows(
    'idProfileReference type kwhYear',
    [1, 'fridge', 210],
    [2, 'washer', 190],
    [3, 'tv', 120],
    [4, 'computer', 160],
  ),
  profile: rows(
    'idProfile idBuilding idDevice power total date',
    [1, 1, 1, 62.5, 113_000, '2023-10-11 18:00:00'],
    [2, 2, 4, 88, 45_210, '2023-10-11 18:00:00'],
  ),
  parameterstype: rows('idParameterType name unit', [1, 'co2 limit', 'ppm'], [2, 'temperature limit', '°C']),
  parameters: rows('idParameter idBuilding idParameterType value', [1, 1, 1, 1200], [2, 1, 2, 26], [3, 2, 1, 1000]),
  dierrors: rows(
    'idError idBuilding errorMessage creationDate file',
    [1, 1, 'null value for power of Kitchen', '2023-10-12 04:31:00', '12.10.2023 0230_JimmyLoup_received.json'],
    [2, 1, 'gateway offline', '2023-10-12 12:02:00', null],
    [3, 2, 'door reported twice', '2023-10-12 19:45:00', null],
  ),
};

/** Its only snapshot: the evening before the sample day. */
const takenAt = new Date('2023-10-11T22:00:00Z');
const stamp = stampOf(takenAt);

/**
 * Writes a registry snapshot into Bronze, where `load registry --from-bronze` finds it. The same bytes on every run.
 * @returns the number of tables.
 */
export async function writeSampleRegistry(bronze: string): Promise<number> {
  for (const [table, content] of Object.entries(tables)) {
    const path = join(bronze, ...bronzePathOf(stamp, table as RegistryTable).split('/'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `[\n${content.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
  }
  const files = Object.keys(tables).map((name) => ({ name: `${name}.json` }));
  await writeFile(join(bronze, ...manifestPathOf(stamp).split('/')), manifestOf(takenAt, files));
  return Object.keys(tables).length;
}
