// What was measured, over time: the answers of the page Explore, for everything and for each resident.
//
//   explore.ts    which apartments have data, a measure over time, presence by day and hour
//   aligned.ts    rows of several rooms as lines over the same times
//   residents.ts  the same for the links of residents, read as their logins
//
// Every row is read by the caller's `ReadRows`; whose rows those are, the database says (docs/row-security.md). No condition here hides
// the rows of others.
import type { Compiled } from '../../runner/compile/compile.ts';
import { isBuilt } from '../../runner/manifest/manifest.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { type Explorable, type Explored, type MeasureName, measures, type PresenceMap } from '../../ui/data/explore.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Row, Warehouse } from '../../warehouse/warehouse.ts';
import { exists } from '../status/source-state.ts';
import { aligned } from './aligned.ts';

/** The project as it is now, and its database. */
export interface Shown {
  compiled(): Promise<Compiled>;
  /** @throws ConnectionError while the server is away. */
  warehouse(): Promise<Warehouse>;
}

/** Reads rows as whoever asks: the database shows those that it may see. @throws StatementError | ConnectionError */
export type ReadRows = <R extends Row>(sql: string, params: readonly unknown[]) => Promise<readonly R[]>;

/** Reads as the user of `DB_URL`, who sees everything. */
const readAll =
  (shown: Shown): ReadRows =>
  async <R extends Row>(sql: string, params: readonly unknown[]) =>
    (await (await shown.warehouse()).query<R>(sql, params)).rows;

/** All models that Explore reads. */
export const models = [
  'room_hour',
  'dim_apartment',
  'dim_room',
  'fact_energy_minute',
  'fact_environment_minute',
  'fact_presence_minute',
  'fact_prediction',
  'dim_target',
] as const;

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

/** What of the minutes is an hour's, for those who see the climate of rooms and no marts: renters. */
const hourOf: Partial<Readonly<Record<MeasureName, 'avg' | 'sum'>>> = {
  temperature: 'avg',
  humidity: 'avg',
  co2: 'avg',
  noise: 'avg',
  windows: 'sum',
};

/** The key of a minute, YYYYMMDDHHMM in UTC, of a parameter in seconds since 1970. */
const keyOf = (param: string) => `to_char(to_timestamp(${param}::float8) at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint`;

/** The models that Explore reads, as they are in SQL; undefined where the project has not all of them, or has not built them. */
async function tablesOf<Name extends (typeof models)[number]>(
  shown: Shown,
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>> | undefined> {
  const { manifest } = await shown.compiled();
  const on = await shown.warehouse();
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const node = manifest.nodes.get(`model.${name}`);
    if (!isBuilt(node) || !(await exists(on, relation(node.relation)))) return undefined;
    found[name] = relation(node.relation);
  }
  return found as Readonly<Record<Name, string>>;
}

/** The apartments that have hours, and which; for those who see no hours, the apartments whose climate they see. None where the project has no such models, or has not built them. */
export async function explorable(shown: Shown, read: ReadRows = readAll(shown)): Promise<Explorable> {
  const tables = await tablesOf(shown, ['room_hour', 'dim_apartment', 'fact_environment_minute']);
  if (tables === undefined) return { apartments: [] };
  const apartments = await read<Explorable['apartments'][number] & Record<string, unknown>>(
    `select h.apartment_key as key, a.name, extract(epoch from min(h.hour_start))::float8 as "from",
         extract(epoch from max(h.hour_start) + interval '1 hour')::float8 as "to"
     from ${tables.room_hour} as h
     join ${tables.dim_apartment} as a using (apartment_key)
     group by h.apartment_key, a.name
     order by a.name`,
    [],
  );
  if (apartments.length > 0) return { apartments };
  const time = (key: string) =>
    `extract(epoch from to_timestamp(${key}::text, 'YYYYMMDDHH24MI')::timestamp at time zone 'UTC')::float8`;
  // One apartment after the other: by an index, and not by reading all of its minutes.
  return {
    apartments: await read<Explorable['apartments'][number] & Record<string, unknown>>(
      `select a.apartment_key as key, a.name, ${time('seen.first')} as "from", ${time('seen.last')} + 60 as "to"
       from ${tables.dim_apartment} as a
       cross join lateral (
           select min(e.datetime_key) as first, max(e.datetime_key) as last
           from ${tables.fact_environment_minute} as e
           where e.apartment_key = a.apartment_key
       ) as seen
       where seen.first is not null
       order by a.name`,
      [],
    ),
  };
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
export async function explored(
  shown: Shown,
  given: Readonly<Record<string, string>>,
  reading: ReadRows = readAll(shown),
): Promise<Explored> {
  const { apartment, measure, from, to } = asked(given);
  const isMinutes = to - from <= byMinute;
  const tables = await tablesOf(shown, models);
  if (tables === undefined)
    throw new UsageError({ what: 'what is explored is not built yet', hint: 'Build it first.' });
  const rows = (sql: string) => reading<Point & Record<string, unknown>>(sql, [apartment, from, to]);
  if (measure.name === 'predictions') {
    const found = await rows(predictions(tables));
    return {
      step: 'minute',
      unit: '',
      ...aligned([
        ...found.map((row) => ({ ...row, isPredicted: true })),
        ...found.map((row) => ({ ...row, value: row.actual ?? null, isPredicted: false })),
      ]),
    };
  }
  if (isMinutes)
    return { step: 'minute', unit: measure.minuteUnit, ...aligned(await rows(minutesOf(tables, measure.name))) };
  const hours = await rows(
    `select h.hour_key::text as key, r.room_label as title, (${hourly[measure.name]})::float8 as value
     from ${tables.room_hour} as h
     join ${tables.dim_room} as r using (room_key)
     where h.apartment_key = $1 and h.hour_start >= to_timestamp($2::float8) and h.hour_start < to_timestamp($3::float8)
     order by h.hour_key`,
  );
  const aggregate = hourOf[measure.name];
  const seen =
    hours.length > 0 || aggregate === undefined
      ? hours
      : await rows(
          `select left(key, 10) || '00' as key, title, ${aggregate}(value) as value
           from (${minutesOf(tables, measure.name)}) as minutes
           group by left(key, 10), title
           order by left(key, 10)`,
        );
  return { step: 'hour', unit: measure.unit, ...aligned(seen) };
}

type Tables = Readonly<Record<(typeof models)[number], string>>;

/** Of an apartment $1 from $2 to $3, as the other queries of a measure; of each window the forecast that was made last, by the model in use. */
function predictions(tables: Tables): string {
  return `select distinct on (p.datetime_key, r.room_label, t.target_name) p.datetime_key::text as key, r.room_label || ', ' || t.target_name as title,
           p.predicted_value as value,
           p.actual_value as actual
       from ${tables.fact_prediction} as p
       join ${tables.dim_room} as r using (room_key)
       join ${tables.dim_target} as t using (target_key)
       where p.apartment_key = $1 and p.datetime_key >= ${keyOf('$2')} and p.datetime_key < ${keyOf('$3')}
           and coalesce(p.role, 'champion') = 'champion' and t.target_name not like '%\\_day'
       order by p.datetime_key, r.room_label, t.target_name, p.horizon_minutes, p.model_key`;
}

function minutesOf(tables: Tables, measure: keyof typeof minutely): string {
  const [fact, value] = minutely[measure];
  return `select f.datetime_key::text as key, r.room_label as title, (${value})::float8 as value
       from ${tables[fact as keyof Tables]} as f
       join ${tables.dim_room} as r using (room_key)
       where f.apartment_key = $1 and f.datetime_key >= ${keyOf('$2')} and f.datetime_key < ${keyOf('$3')}
       group by f.datetime_key, r.room_label
       order by f.datetime_key`;
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
export async function presenceMap(
  shown: Shown,
  apartment: string,
  read: ReadRows = readAll(shown),
): Promise<PresenceMap> {
  const tables = await tablesOf(shown, ['room_hour']);
  if (tables === undefined || !/^\d{1,9}$/.test(apartment)) return { days: [] };
  const rows = await read<{ day: string; hour: number; minutes: number | null }>(
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
