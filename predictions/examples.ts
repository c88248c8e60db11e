import type { Matrix } from '../learning/data/matrix.ts';
import type { Row, Session } from '../warehouse/warehouse.ts';
import { exampleQuery, inputs } from './inputs.ts';
import type { Horizon, PredictionSettings, Use } from './settings.ts';

/** The models that features are read from, as quoted names. */
export interface FeatureRelations {
  readonly state: string;
  readonly target: string;
  readonly weather: string;
  readonly apartments: string;
  readonly readings: string;
}

/** Forecasts that could have been made, one a row. Times are milliseconds since 1970. */
export interface Examples {
  readonly matrix: Matrix;
  readonly origins: Float64Array;
  readonly targets: Float64Array;
  /** Local days from the one in which the origin ends to that of the target. */
  readonly days: Float64Array;
  readonly apartments: readonly string[];
  readonly rooms: readonly string[];
  /** What came true; NaN where it is not known (yet). */
  readonly labels: Float64Array;
}

export const quarterMs = 900_000;
export const dayMs = 86_400_000;
/** How far back a target reads (35 days and the shift of clocks) and how far a state does. */
const targetDays = 39;
const stateDays = 8;
/** When the daily forecast is made, UTC: its last known quarter ends at 05:30, when the day's weather is there. */
export const dailyOrigin = '05:15';

/**
 * Works out the features between two times into temporary tables of this session, reading nothing from `until` on: what `examplesOf` reads.
 * @param from the first origin; @param until when all quarters that may be read have ended. Milliseconds.
 */
export async function prepareFeatures(
  session: Session,
  relations: FeatureRelations,
  from: number,
  until: number,
): Promise<void> {
  await dropFeatures(session);
  const bound = async (days: number) => {
    const start = new Date(from - days * dayMs).toISOString();
    await session.query(
      `select set_config('datacycle.features_from', $1, false), set_config('datacycle.features_until', $2, false)`,
      [start, new Date(until).toISOString()],
    );
  };
  const since = new Date(from).toISOString();
  try {
    await bound(stateDays);
    await session.query(
      `create temporary table predict_state as select * from ${relations.state} where origin >= '${since}'`,
    );
    await bound(targetDays);
    await session.query(
      `create temporary table predict_target as select * from ${relations.target} where target >= '${since}'`,
    );
    await session.query(
      `create temporary table predict_weather as
       select a.apartment_id as apartment, w.*
       from ${relations.weather} as w join ${relations.apartments} as a on a.weather_site_key = w.site_key
       where w.hour >= '${since}'`,
    );
    await session.query('create index on predict_state (origin)');
    await session.query('create index on predict_target (target)');
    for (const name of temporary) await session.query(`analyze ${name}`);
  } finally {
    await session.query(
      `select set_config('datacycle.features_from', '', false), set_config('datacycle.features_until', '', false)`,
    );
  }
}

const temporary = ['predict_state', 'predict_target', 'predict_weather'];

/** Takes the temporary tables away. */
export async function dropFeatures(session: Session): Promise<void> {
  for (const name of temporary) await session.query(`drop table if exists pg_temp.${name}`);
}

/** Which examples are wanted. */
export interface Wanted {
  readonly use: Use;
  readonly horizon: Horizon;
  /** First origin, and the end of origins (not itself one); milliseconds. */
  readonly from: number;
  readonly to: number;
  /** `<apartment>/<room>` by position: what the inputs `room` and `apartment` are. */
  readonly codes: readonly string[];
}

/** How targets belong to origins, a condition of SQL on s and t. */
function pairsOf(horizon: Horizon, ahead: number): string {
  switch (horizon) {
    case 'quarter':
    case 'hour':
      return `t.target = s.origin + ${ahead} * interval '15 minutes'`;
    case 'day':
      return `(s.origin at time zone 'UTC')::time = '${dailyOrigin}'
        and t.target > s.origin and t.target <= s.origin + ${ahead * 96} * interval '15 minutes'`;
    default:
      return horizon satisfies never;
  }
}

/** Reads examples, a week of origins at a time, so that memory holds numbers and not rows. */
export async function examplesOf(session: Session, settings: PredictionSettings, wanted: Wanted): Promise<Examples> {
  const { use, horizon, from, to, codes } = wanted;
  const sql = exampleQuery(use, pairsOf(horizon, settings.ahead[horizon]));
  const rooms = settings.rooms[use];
  const excluded = new Set(settings.exclude);
  const parts: Part[] = [];
  for (let start = from; start < to; start += 7 * dayMs) {
    const end = Math.min(start + 7 * dayMs, to);
    const { rows } = await session.query(sql, [new Date(start).toISOString(), new Date(end).toISOString()]);
    parts.push(
      partOf(
        rows.filter(
          (row) => !excluded.has(String(row.apartment)) && (rooms === undefined || rooms.includes(String(row.room))),
        ),
        codes,
      ),
    );
  }
  return joined(parts);
}

/** The same examples with rooms and apartments numbered as another model numbers them. */
export function recoded(examples: Examples, codes: readonly string[]): Examples {
  const { matrix, apartments, rooms } = examples;
  const [roomAt, apartmentAt] = [numbersOf(codes), numbersOf(apartmentsOf(codes))];
  const values = matrix.columns.map((name, index) => {
    if (name === 'room') return Float64Array.from(rooms, (room, row) => roomAt(`${apartments[row]}/${room}`));
    if (name === 'apartment') return Float64Array.from(apartments, apartmentAt);
    return matrix.values[index] ?? new Float64Array(matrix.rows);
  });
  return { ...examples, matrix: { ...matrix, values } };
}

function apartmentsOf(codes: readonly string[]): readonly string[] {
  return [...new Set(codes.map((code) => code.split('/')[0] ?? ''))];
}

/** The position of a text in a list; NaN, a missing value, if it is not there. */
function numbersOf(list: readonly string[]): (text: string) => number {
  const at = new Map(list.map((text, index) => [text, index]));
  return (text) => at.get(text) ?? Number.NaN;
}

interface Part {
  readonly values: readonly Float64Array[];
  readonly origins: Float64Array;
  readonly targets: Float64Array;
  readonly days: Float64Array;
  readonly labels: Float64Array;
  readonly apartments: readonly string[];
  readonly rooms: readonly string[];
}

function partOf(rows: readonly Row[], codes: readonly string[]): Part {
  const [roomAt, apartmentAt] = [numbersOf(codes), numbersOf(apartmentsOf(codes))];
  const column = (name: string) => Float64Array.from(rows, (row) => numberOf(row[name]));
  const values = inputs.map((name) => {
    if (name === 'room') return Float64Array.from(rows, (row) => roomAt(`${row.apartment}/${row.room}`));
    if (name === 'apartment') return Float64Array.from(rows, (row) => apartmentAt(String(row.apartment)));
    return column(name);
  });
  const milliseconds = (name: string) => column(name).map((seconds) => seconds * 1000);
  return {
    values,
    origins: milliseconds('origin'),
    targets: milliseconds('target'),
    days: column('days'),
    labels: column('label'),
    apartments: rows.map((row) => String(row.apartment)),
    rooms: rows.map((row) => String(row.room)),
  };
}

function numberOf(value: unknown): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}

function joined(parts: readonly Part[]): Examples {
  const all = (of: (part: Part) => Float64Array) => concatenated(parts.map(of));
  const origins = all((part) => part.origins);
  const targets = all((part) => part.targets);
  const apartments = parts.flatMap((part) => part.apartments);
  const rooms = parts.flatMap((part) => part.rooms);
  const values = inputs.map((_, index) => all((part) => part.values[index] ?? new Float64Array(0)));
  const keys = rooms.map((room, row) => `${origins[row]}/${targets[row]}/${apartments[row]}/${room}`);
  return {
    matrix: { columns: inputs, rows: rooms.length, values, keys },
    origins,
    targets,
    days: all((part) => part.days),
    labels: all((part) => part.labels),
    apartments,
    rooms,
  };
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
