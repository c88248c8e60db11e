import { isBuilt } from '../../runner/manifest/manifest.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { type Explorable, type Explored, type MeasureName, measures, type PresenceMap } from '../../ui/data/explore.ts';
import { relation } from '../../warehouse/quote.ts';
import { exists } from '../status/source-state.ts';
import { aligned } from './aligned.ts';
import type { Site } from './site.ts';

/** Up to so many seconds are shown by the minute. */
const byMinute = 4 * 86_400;

/** Columns of room_hour. */
const hourly: Readonly<Record<Exclude<MeasureName, 'predictions'>, string>> = {
  power: 'coalesce(h.energy_kwh_meter, h.energy_kwh_plugs)',
  temperature: 'h.temperature_c_mean',
  humidity: 'h.humidity_pct_mean',
  co2: 'h.co2_ppm_mean',
  noise: 'h.noise_db_mean',
  presence: 'h.presence_minutes',
  windows: 'h.window_open_minutes',
};

/** The same by the minute: the fact, and what of it. */
const minutely: Readonly<Record<Exclude<MeasureName, 'predictions'>, readonly [fact: string, value: string]>> = {
  power: ['fact_energy_minute', 'sum(f.power_w) filter (where f.is_valid)'],
  temperature: ['fact_environment_minute', 'max(f.temperature_c) filter (where not f.is_anomaly)'],
  humidity: ['fact_environment_minute', 'max(f.humidity_pct) filter (where not f.is_anomaly)'],
  co2: ['fact_environment_minute', 'max(f.co2_ppm) filter (where not f.is_anomaly)'],
  noise: ['fact_environment_minute', 'max(f.noise_db) filter (where not f.is_anomaly)'],
  presence: ['fact_presence_minute', 'max(f.presence_flag::int)'],
  windows: ['fact_environment_minute', 'max(f.window_open_flag::int)'],
};

/** The key of a minute, YYYYMMDDHHMM in UTC, of a parameter in seconds since 1970. */
const keyOf = (param: string) => `to_char(to_timestamp(${param}::float8) at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint`;

/** The models that Explore reads, as they are in SQL; undefined where the project has not all of them, or has not built them. */
async function tablesOf<Name extends string>(
  site: Site,
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>> | undefined> {
  const { manifest } = await site.compiled();
  const on = await site.warehouse();
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const node = manifest.nodes.get(`model.${name}`);
    if (!isBuilt(node) || !(await exists(on, relation(node.relation)))) return undefined;
    found[name] = relation(node.relation);
  }
  return found as Readonly<Record<Name, string>>;
}

/** The apartments that have hours, and which. None where the project has no such models, or has not built them. */
export async function explorable(site: Site): Promise<Explorable> {
  const tables = await tablesOf(site, ['room_hour', 'dim_apartment']);
  if (tables === undefined) return { apartments: [] };
  const { rows } = await (await site.warehouse()).query<Explorable['apartments'][number] & Record<string, unknown>>(
    `select h.apartment_key as key, a.name, extract(epoch from min(h.hour_start))::float8 as "from",
         extract(epoch from max(h.hour_start) + interval '1 hour')::float8 as "to"
     from ${tables.room_hour} as h
     join ${tables.dim_apartment} as a using (apartment_key)
     group by h.apartment_key, a.name
     order by a.name`,
  );
  return { apartments: rows };
}

/** What is asked for, checked. */
interface Asked {
  readonly apartment: number;
  readonly measure: (typeof measures)[number];
  readonly from: number;
  readonly to: number;
}

function asked(given: Readonly<Record<string, string>>): Asked {
  const [apartment, from, to] = [given.apartment, given.from, given.to].map(Number);
  const measure = measures.find(({ name }) => name === given.measure);
  const isRange = Number.isFinite(from) && Number.isFinite(to) && (from ?? 0) < (to ?? 0) && (to ?? 0) < 1e11;
  if (measure === undefined || !Number.isInteger(apartment) || !isRange)
    throw new UsageError({
      what: 'an apartment, a measure and a stretch of time are needed',
      hint: `The measures are ${measures.map(({ name }) => name).join(', ')}.`,
    });
  return { apartment: apartment ?? 0, measure, from: from ?? 0, to: to ?? 0 };
}

/**
 * A measure of an apartment over time, a line for each room: by the minute up to four days, else by the hour.
 * @throws UsageError for a question that is none, and where the models are not built.
 */
export async function explored(site: Site, given: Readonly<Record<string, string>>): Promise<Explored> {
  const { apartment, measure, from, to } = asked(given);
  const isMinutes = to - from <= byMinute;
  const tables = await tablesOf(site, [
    'room_hour',
    'dim_room',
    'fact_energy_minute',
    'fact_environment_minute',
    'fact_presence_minute',
    'fact_prediction',
    'dim_target',
  ]);
  if (tables === undefined)
    throw new UsageError({ what: 'what is explored is not built yet', hint: 'Build it first.' });
  const on = await site.warehouse();
  const read = async (sql: string) =>
    (await on.query<Point & Record<string, unknown>>(sql, [apartment, from, to])).rows;
  if (measure.name === 'predictions') {
    const rows = await read(
      `select p.datetime_key::text as key, r.room_name || ', ' || t.target_name as title, p.predicted_value as value,
           p.actual_value as actual
       from ${tables.fact_prediction} as p
       join ${tables.dim_room} as r using (room_key)
       join ${tables.dim_target} as t using (target_key)
       where p.apartment_key = $1 and p.datetime_key >= ${keyOf('$2')} and p.datetime_key < ${keyOf('$3')}
       order by p.datetime_key`,
    );
    return {
      step: 'minute',
      unit: '',
      ...aligned([
        ...rows.map((row) => ({ ...row, title: `${row.title}, predicted`, isPredicted: true })),
        ...rows.map((row) => ({ ...row, value: row.actual ?? null, isPredicted: false })),
      ]),
    };
  }
  if (isMinutes) {
    const [fact, value] = minutely[measure.name];
    const rows = await read(
      `select f.datetime_key::text as key, r.room_name as title, (${value})::float8 as value
       from ${tables[fact as keyof typeof tables]} as f
       join ${tables.dim_room} as r using (room_key)
       where f.apartment_key = $1 and f.datetime_key >= ${keyOf('$2')} and f.datetime_key < ${keyOf('$3')}
       group by f.datetime_key, r.room_name
       order by f.datetime_key`,
    );
    return { step: 'minute', unit: measure.minuteUnit, ...aligned(rows) };
  }
  const rows = await read(
    `select h.hour_key::text as key, r.room_name as title, (${hourly[measure.name]})::float8 as value
     from ${tables.room_hour} as h
     join ${tables.dim_room} as r using (room_key)
     where h.apartment_key = $1 and h.hour_start >= to_timestamp($2::float8) and h.hour_start < to_timestamp($3::float8)
     order by h.hour_key`,
  );
  return { step: 'hour', unit: measure.unit, ...aligned(rows) };
}

interface Point {
  readonly key: string;
  readonly title: string;
  readonly value: number | null;
  readonly actual?: number | null;
}

/** So many days of presence are shown, the newest. */
const shownDays = 120;

/** Presence of an apartment by local day and hour. */
export async function presenceMap(site: Site, apartment: string): Promise<PresenceMap> {
  const tables = await tablesOf(site, ['room_hour']);
  if (tables === undefined || !/^\d{1,9}$/.test(apartment)) return { days: [] };
  const { rows } = await (await site.warehouse()).query<{ day: string; hour: number; minutes: number | null }>(
    `with days as (
         select distinct date_key from ${tables.room_hour} where apartment_key = $1 order by date_key desc limit ${shownDays}
     )
     select to_char(to_date(h.date_key::text, 'YYYYMMDD'), 'YYYY-MM-DD') as day, h.hour, max(h.presence_minutes) as minutes
     from ${tables.room_hour} as h
     join days using (date_key)
     where h.apartment_key = $1
     group by h.date_key, h.hour
     order by h.date_key, h.hour`,
    [Number(apartment)],
  );
  const days = new Map<string, (number | null)[]>();
  for (const { day, hour, minutes } of rows) {
    const hours = days.get(day) ?? new Array<number | null>(24).fill(null);
    hours[hour] = minutes === null ? null : Number(minutes);
    days.set(day, hours);
  }
  return { days: [...days].map(([day, hours]) => ({ day, hours })) };
}
