import type { DayFile } from '../../cli/demo/days/days.ts';

/** A row of silver.room_quarter, as plain loops make it. */
export interface Quarter {
  readonly quarter: string;
  readonly apartment: string;
  readonly room: string;
  readonly motion_seen: number;
  readonly motion_minutes: number | null;
  readonly door_open_minutes: number | null;
  readonly window_open_minutes: number | null;
  readonly power_seen: number;
  readonly power_w: number | null;
  readonly light_lux: number | null;
  readonly co2_ppm: number | null;
  readonly noise_db: number | null;
  readonly temperature_c: number | null;
}

/** What a file says, as far as a quarter sums it up. */
interface Payload {
  readonly user: string;
  readonly datetime: string;
  readonly plugs: Readonly<Record<string, { readonly power: number }>>;
  readonly doorsWindows: Readonly<Record<string, readonly { readonly type: string; readonly switch: string }[]>>;
  readonly motions: Readonly<Record<string, { readonly motion: boolean; readonly light: number }>>;
  readonly meteos: { readonly meteo: Readonly<Record<string, Readonly<Record<string, number>>>> };
  readonly consumptions: Readonly<Record<string, { readonly total_power: number }>>;
}

const apartments: Readonly<Record<string, string>> = { JimmyLoup: 'jimmy', JeremieVianin: 'jeremie' };
const rooms: Readonly<Record<string, string>> = { Bhroom: 'Bathroom', Bdroom: 'Bedroom', Livingroom: 'Living Room' };

/** Values of a room within a quarter, by what they are of. */
type Sums = Map<string, { sum: number; count: number }>;

/**
 * The quarters of a household's files, without a database: what forecasts are made from, in a tenth of the time that landing and building all
 * readings takes. @param onFile called with each file, in order.
 */
export function quartersOf(files: Iterable<DayFile>, onFile: (file: DayFile) => void): readonly Quarter[] {
  const all = new Map<string, Sums>();
  for (const file of files) {
    onFile(file);
    const payload = JSON.parse(file.content) as Payload;
    const [apartment, quarter] = [apartments[payload.user] ?? payload.user, quarterOf(payload.datetime)];
    const add = (room: string, what: string, value: number | undefined) => {
      if (value === undefined) return;
      const key = `${quarter}/${apartment}/${rooms[room] ?? room}`;
      const sums: Sums = all.get(key) ?? new Map();
      all.set(key, sums);
      const found = sums.get(what) ?? { sum: 0, count: 0 };
      sums.set(what, { sum: found.sum + value, count: found.count + 1 });
    };
    for (const [room, { power }] of Object.entries(payload.plugs)) add(room, 'plug', power);
    for (const [room, { total_power }] of Object.entries(payload.consumptions)) add(room, 'meter', total_power);
    for (const [room, { motion, light }] of Object.entries(payload.motions)) {
      add(room, 'motion', Number(motion));
      add(room, 'light', light);
    }
    for (const [room, { Temperature, CO2, Noise }] of Object.entries(payload.meteos.meteo)) {
      add(room, 'temperature', Temperature);
      add(room, 'co2', CO2);
      add(room, 'noise', Noise);
    }
    for (const [room, items] of Object.entries(payload.doorsWindows))
      for (const type of ['door', 'window']) {
        const open = items.flatMap((one) => (one.type.toLowerCase() === type ? [Number(one.switch === 'on')] : []));
        if (open.length > 0) add(room, type, Math.max(...open));
      }
  }
  return [...all].map(([key, sums]) => rowOf(key, sums));
}

function rowOf(key: string, sums: Sums): Quarter {
  const [quarter = '', apartment = '', room = ''] = key.split('/');
  const count = (what: string) => sums.get(what)?.count ?? 0;
  const sum = (what: string) => sums.get(what)?.sum ?? null;
  const mean = (what: string) => {
    const found = sums.get(what);
    return found === undefined ? null : Number((found.sum / found.count).toFixed(6));
  };
  const [plug, meter] = [mean('plug'), mean('meter')];
  return {
    quarter,
    apartment,
    room,
    motion_seen: count('motion'),
    motion_minutes: sum('motion'),
    door_open_minutes: sum('door'),
    window_open_minutes: sum('window'),
    power_seen: Math.max(count('plug'), count('meter')),
    power_w: plug === null && meter === null ? null : (plug ?? 0) + (meter ?? 0),
    light_lux: mean('light'),
    co2_ppm: mean('co2'),
    noise_db: mean('noise'),
    temperature_c: mean('temperature'),
  };
}

/** Of `DD.MM.YYYY HH:MM`, in UTC. */
function quarterOf(text: string): string {
  const [day = '', time = ''] = text.split(' ');
  const [hour = '', minute = ''] = time.split(':');
  const begins = String(Math.floor(Number(minute) / 15) * 15).padStart(2, '0');
  return `${day.split('.').reverse().join('-')} ${hour}:${begins}Z`;
}
