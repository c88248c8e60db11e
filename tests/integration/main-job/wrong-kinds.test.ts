import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { Household } from './household.ts';

const module = { Temperature: 21.5, CO2: 749 };

/** What a file holds; the rows of sensor_events that it gives (room field value); what is counted (section room item key kind). */
const kinds: readonly [label: string, content: object, events: readonly string[], rejects: readonly string[]][] = [
  [
    'meteo as a list of modules',
    { meteos: { meteo: [{ ...module, module_name: 'Livingroom' }, { Temperature: 28.6 }] } },
    [],
    ['meteos//0/ array'],
  ],
  ['meteo as a text', { meteos: { meteo: 'none' } }, [], ['meteos//0/ string']],
  ['meteo as a number beside a room', { meteos: { meteo: 1, Office: module } }, [], ['meteos//0/ number']],
  ['meteos as a list', { meteos: [{ Office: module }] }, [], ['meteos//0/ array']],
  ['an empty list of modules', { meteos: { meteo: [] } }, [], []],
  ['no meteo', { meteos: { meteo: null, Office: module } }, ['Office co2_ppm 749', 'Office temperature_c 21.5'], []],
  [
    'modules as a list under a room',
    { meteos: { meteo: { Office: [module, { Temperature: 28.6 }], Kitchen: { CO2: 500 } } } },
    ['Kitchen co2_ppm 500'],
    ['meteos/Office/1/ array'],
  ],
  [
    'modules as a list under a room, without the inner level',
    { meteos: { Office: [module] } },
    [],
    ['meteos/Office/1/ array'],
  ],
  ['a module without its room', { meteos: { meteo: { CO2: 700 } } }, [], ['meteos/CO2/1/ number']],
  ['plugs as a list under a room', { plugs: { Office: [{ power: 1 }, { power: 2 }] } }, [], ['plugs/Office/1/ array']],
  ['an empty list under a room', { plugs: { Office: [] } }, [], ['plugs/Office/1/ array']],
  ['plugs as a list', { plugs: [{ power: 1 }] }, [], ['plugs//0/ array']],
  ['a plug as a text', { plugs: { Office: 'off' } }, [], ['plugs/Office/1/ string']],
  ['motions as true', { motions: true }, [], ['motions//0/ boolean']],
  ['a motion as true', { motions: { Office: true } }, [], ['motions/Office/1/ boolean']],
  [
    'humidities as a list under a room',
    { humidities: { Office: [{ humidity: 1 }] } },
    [],
    ['humidities/Office/1/ array'],
  ],
  ['consumptions as a list', { consumptions: { House: [{ power1: 1 }] } }, [], ['consumptions/House/1/ array']],
  [
    'a value as a list',
    { plugs: { Office: { power: [5], total: 6 } } },
    ['Office total 6'],
    ['plugs/Office/1/power array'],
  ],
  [
    'a number as text in a list',
    { plugs: { Office: { power: ['5'], total: '6.5', temperature: '6.5e' } } },
    ['Office total 6.5'],
    ['plugs/Office/1/power array', 'plugs/Office/1/temperature string'],
  ],
  ['a value as an object', { plugs: { Office: { power: { W: 5 } } } }, [], ['plugs/Office/1/power object']],
  [
    'doors as a list of a list',
    { doorsWindows: { Office: [[{ type: 'door', switch: 'on' }]] } },
    [],
    ['doorsWindows/Office/1/ array'],
  ],
  [
    'a door in small letters with half a battery',
    { doorsWindows: { Office: { type: 'door', switch: 'on', battery: 'half' } } },
    ['Office open 1'],
    ['doorsWindows/Office/1/battery string'],
  ],
  ['one bare door', { doorsWindows: { Office: { type: 'door', switch: 'on' } } }, ['Office open 1'], []],
  [
    'doors of two kinds, and something else',
    {
      doorsWindows: {
        Office: [{ type: 'door', switch: 'on' }, 'x', { type: 'WINDOW', switch: 'off' }, { switch: 'on' }],
      },
    },
    ['Office open 0', 'Office open 1'],
    ['doorsWindows/Office/2/ string', 'doorsWindows/Office/4/type missing'],
  ],
];

describe.each(oneDatabase)('sections, rooms and sensors of the wrong kind, on $name', (kind) => {
  let database: TestDatabase;
  let home: Household;
  const select = ['sensor_events', 'sensor_value_rejects'];
  const minuteOf = (index: number) => `10${String(index).padStart(2, '0')}`;

  beforeAll(async () => {
    database = await kind.open();
    home = new Household(database.warehouse);
    const files = kinds.map(([, content], index) => ({
      name: `12.10.2023 ${minuteOf(index)}_JimmyLoup_received.json`,
      content: JSON.stringify({ user: 'JimmyLoup', ...content }),
    }));
    // The first of them builds the tables, the others are an increment.
    await home.build({ command: 'seed' });
    for (const part of [files.slice(0, 1), files.slice(1)]) {
      home.put(part);
      await home.load();
      await home.build({ command: 'run', select });
    }
  });

  afterAll(async () => {
    home.dispose();
    await database.drop();
  });

  const found = async () => {
    const events = await home.rows<{ minute: string; row: string }>(
      `select to_char(timestamp at time zone 'UTC', 'HH24MI') as minute, room || ' ' || field || ' ' || value as row
       from silver.sensor_events order by row`,
    );
    const rejects = await home.rows<{ minute: string; row: string }>(
      `select substr(name, 12, 4) as minute, format('%s/%s/%s/%s %s', section, room, item, key, json_type) as row
       from silver.sensor_value_rejects order by row`,
    );
    const of = (rows: readonly { minute: string; row: string }[], index: number) =>
      rows.filter(({ minute }) => minute === minuteOf(index)).map(({ row }) => row);
    return kinds.map(([label], index) => [label, of(events, index), of(rejects, index)]);
  };

  it.each([false, true])('give no reading and are counted; full refresh: %s', async (fullRefresh) => {
    if (fullRefresh) await home.build({ command: 'run', select, fullRefresh });
    expect(await found()).toEqual(kinds.map(([label, , events, rejects]) => [label, events, rejects]));
  });
});
