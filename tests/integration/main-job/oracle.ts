/*
 * What must come out of sensor files, worked out a second time and in another way: plain loops over parsed JSON, file by
 * file, with nothing of the models' SQL. Only for files that the loader accepts.
 */

export interface Reading {
  readonly apartment: string;
  readonly room: string;
  readonly type: string;
  readonly field: string;
  /** Minutes since 1970 UTC. */
  readonly minute: number;
  value: number;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const standardRooms: Readonly<Record<string, string>> = {
  Bhroom: 'Bathroom',
  Bdroom: 'Bedroom',
  Livingroom: 'Living Room',
};

const numeric: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plugs: { power: 'power', total: 'total', temperature: 'temperature' },
  doorsWindows: { battery: 'battery' },
  motions: { light: 'light', temperature: 'temperature' },
  meteos: {
    Temperature: 'temperature_c',
    CO2: 'co2_ppm',
    Humidity: 'humidity_pct',
    Noise: 'noise_db',
    Pressure: 'pressure_hpa',
    AbsolutePressure: 'abs_pressure_hpa',
    battery_percent: 'battery',
  },
  humidities: { temperature: 'temperature', humidity: 'humidity', devicePower: 'battery' },
  consumptions: Object.fromEntries(
    ['total_power', ...[1, 2, 3].flatMap((n) => [`power${n}`, `current${n}`, `voltage${n}`])].map((name) => [
      name,
      name,
    ]),
  ),
};

const flags: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  doorsWindows: { switch: 'open' },
  motions: { motion: 'motion' },
};

const types: Readonly<Record<string, string>> = {
  plugs: 'plug',
  motions: 'motion',
  meteos: 'meteo',
  humidities: 'humidity',
  consumptions: 'consumption',
};

const bounds: Readonly<Record<string, readonly [number, number]>> = {
  temperature_c: [-20, 60],
  humidity_pct: [0, 100],
  co2_ppm: [300, 5000],
  noise_db: [0, 140],
  pressure_hpa: [870, 1085],
  power: [0, 10_000],
  battery: [0, 100],
};

export function isOutlier({ field, value }: Reading): boolean {
  const range = bounds[field];
  return range !== undefined && (value < range[0] || value > range[1]);
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toNumber(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value)) return undefined;
  return Number(value);
}

function toFlag(value: Json | undefined): number | undefined {
  const text = String(value).trim().toLowerCase();
  if (['on', 'true', '1'].includes(text)) return 1;
  return ['off', 'false', '0'].includes(text) ? 0 : undefined;
}

function minuteOf(text: string): number {
  const [, day, month, year, hour, minute] = /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d):?(\d\d)/.exec(text) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)) / 60_000;
}

/** Every reading of the files, one a key. */
export function readingsOf(files: Iterable<{ readonly name: string; readonly content: string }>): Reading[] {
  const found = new Map<string, Reading>();
  for (const { name, content } of files) {
    const document = JSON.parse(content.replace(/^\uFEFF/, '')) as { [key: string]: Json };
    const apartment = name.includes('_JimmyLoup_') ? 'jimmy' : 'jeremie';
    const time = typeof document.datetime === 'string' ? document.datetime : name;
    for (const [section, fields] of Object.entries(numeric)) {
      let rooms = document[section];
      if (section === 'meteos' && isObject(rooms)) rooms = rooms.meteo ?? rooms;
      if (!isObject(rooms)) continue;
      for (const [rawRoom, held] of Object.entries(rooms)) {
        for (const item of section === 'doorsWindows' && Array.isArray(held) ? held : [held]) {
          if (!isObject(item)) continue;
          const type = types[section] ?? String(item.type).toLowerCase();
          const add = (field: string, value: number | undefined) => {
            if (value === undefined) return;
            const reading = {
              apartment,
              room: standardRooms[rawRoom] ?? rawRoom,
              type,
              field,
              minute: minuteOf(time),
              value,
            };
            const key = [apartment, reading.room, type, field, reading.minute].join('|');
            const other = found.get(key);
            if (other === undefined) found.set(key, reading);
            else other.value = field === 'battery' ? Math.min(other.value, value) : Math.max(other.value, value);
          };
          for (const [key, field] of Object.entries(fields)) add(field, toNumber(item[key]));
          for (const [key, field] of Object.entries(flags[section] ?? {})) add(field, toFlag(item[key]));
        }
      }
    }
  }
  return [...found.values()];
}

export interface Expected {
  readonly events: { readonly rows: number; readonly sum: number; readonly outliers: number };
  readonly energy: { readonly rows: number; readonly power: number; readonly energy: number; readonly invalid: number };
  readonly environment: {
    readonly rows: number;
    readonly co2: number;
    readonly temperature: number;
    readonly windows: number;
    readonly anomalies: number;
  };
  readonly presence: { readonly rows: number; readonly motions: number; readonly present: number };
  readonly health: { readonly rows: number; readonly missing: number };
}

/** The figures of silver and of the four facts, for days that are all over. */
export function expectedOf(readings: readonly Reading[]): Expected {
  const of = (...wanted: string[]) => readings.filter((reading) => wanted.includes(reading.type));
  return {
    events: {
      rows: readings.length,
      sum: sum(readings.map((reading) => reading.value)),
      outliers: readings.filter(isOutlier).length,
    },
    energy: energyOf(of('plug', 'consumption')),
    environment: environmentOf(of('meteo', 'humidity', 'door', 'window')),
    presence: presenceOf(of('motion', 'door')),
    health: healthOf(readings),
  };
}

function energyOf(readings: readonly Reading[]): Expected['energy'] {
  let [rows, power, energy, invalid] = [0, 0, 0, 0];
  for (const ofDevice of groups(readings, (reading) => [reading.apartment, reading.room, reading.type].join('|'))) {
    const hasCounter = ofDevice.some((reading) => reading.field === 'total');
    let previous: number | undefined;
    for (const minute of groups(
      [...ofDevice].sort((a, b) => a.minute - b.minute),
      (reading) => String(reading.minute),
    )) {
      const watts = minute
        .filter((reading) => reading.field === 'power' || reading.field === 'total_power')
        .map((reading) => reading.value);
      const counter = minute.find((reading) => reading.field === 'total')?.value;
      rows += 1;
      if (watts.length > 0) power += Math.max(...watts);
      if (!hasCounter) energy += watts.length > 0 ? Math.max(...watts) / 60 : 0;
      else if (counter !== undefined && previous !== undefined)
        energy += counter < previous ? counter : counter - previous;
      if (minute.some(isOutlier)) invalid += 1;
      previous = counter ?? previous;
    }
  }
  return { rows, power, energy, invalid };
}

function environmentOf(readings: readonly Reading[]): Expected['environment'] {
  let [rows, co2, temperature, windows, anomalies] = [0, 0, 0, 0, 0];
  for (const minute of groups(readings, (reading) => [reading.apartment, reading.room, reading.minute].join('|'))) {
    const highest = (test: (reading: Reading) => boolean) =>
      Math.max(...minute.filter(test).map((reading) => reading.value));
    const add = (value: number) => (Number.isFinite(value) ? value : 0);
    rows += 1;
    co2 += add(highest((reading) => reading.field === 'co2_ppm'));
    temperature += add(
      highest(
        (reading) =>
          reading.field === 'temperature_c' || (reading.type === 'humidity' && reading.field === 'temperature'),
      ),
    );
    if (minute.some((reading) => reading.type === 'window' && reading.field === 'open' && reading.value === 1))
      windows += 1;
    if (minute.some(isOutlier)) anomalies += 1;
  }
  return { rows, co2, temperature, windows, anomalies };
}

function presenceOf(readings: readonly Reading[]): Expected['presence'] {
  let [rows, motions, present] = [0, 0, 0];
  for (const minute of groups(readings, (reading) => [reading.apartment, reading.room, reading.minute].join('|'))) {
    const moved = sum(minute.filter((reading) => reading.field === 'motion').map((reading) => reading.value));
    const doorOpen = minute.some(
      (reading) => reading.type === 'door' && reading.field === 'open' && reading.value === 1,
    );
    rows += 1;
    motions += moved;
    if (moved > 0 || doorOpen) present += 1;
  }
  return { rows, motions, present };
}

function healthOf(readings: readonly Reading[]): Expected['health'] {
  let [rows, missing] = [0, 0];
  for (const ofDevice of groups(readings, (reading) => [reading.apartment, reading.room, reading.type].join('|'))) {
    for (const day of groups(ofDevice, (reading) => String(Math.floor(reading.minute / 1440)))) {
      rows += 1;
      missing += 1440 - new Set(day.map((reading) => reading.minute)).size;
    }
  }
  return { rows, missing };
}

function groups(readings: readonly Reading[], key: (reading: Reading) => string): Iterable<readonly Reading[]> {
  const found = new Map<string, Reading[]>();
  for (const reading of readings) {
    const name = key(reading);
    const group = found.get(name);
    if (group === undefined) found.set(name, [reading]);
    else group.push(reading);
  }
  return found.values();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
