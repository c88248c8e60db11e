import type { Matrix } from '../learning/data/matrix.ts';
import { DatacycleError, StatementError } from '../warehouse/errors.ts';
import type { Session, Warehouse } from '../warehouse/warehouse.ts';
import { apartmentsOf, Filling, numbersOf } from './filling.ts';
import { exampleCount, exampleQuery, inputs, queried } from './inputs.ts';
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
export const quartersOfDay = dayMs / quarterMs;
/** How far back a target reads (35 days and the shift of clocks) and how far a state does. */
const targetDays = 39;
const stateDays = 8;
/** When the daily forecast is made, UTC: its last known quarter ends at 05:30, when the day's weather is there. */
export const dailyOrigin = '05:15';

/** What PostgreSQL says of a column that there is not. */
const undefinedColumn = '42703';

/**
 * Works in a session that features are read in.
 * @throws DatacycleError if what they are read from lacks a column: an upgrade reads columns that the next build makes.
 */
export async function featureSession<T>(warehouse: Warehouse, work: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await warehouse.session(work);
  } catch (error) {
    if (!(error instanceof StatementError) || error.code !== undefinedColumn) throw error;
    throw new DatacycleError({
      what: `the database does not have the features that predictions are made from as this version reads them: ${error.message}`,
      hint: 'Run datacycle build, as after each upgrade. Models of features of your own need the columns that those of models/features have.',
      cause: error,
    });
  }
}

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
  /** Which inputs are read; all if not given. */
  readonly columns?: readonly string[];
  /** Whether only those are wanted of which it is known what came true. */
  readonly isKnown?: boolean;
}

/**
 * How targets belong to origins, a condition of SQL on s and t. Days ahead an apartment is predicted that has been silent for some hours, too: what
 * is known of them is mostly older. Forecasts within hours are about what goes on now, of which nothing is known then.
 * @param reach how many quarters of an hour ahead a target is, of days ahead at most.
 */
function pairsOf(horizon: Horizon, reach: number): string {
  switch (horizon) {
    case 'quarter':
    case 'hour':
      return `s.silent_quarters = 0 and t.target = s.origin + ${reach} * interval '15 minutes'`;
    case 'day':
      return `(s.origin at time zone 'UTC')::time = '${dailyOrigin}'
        and t.target > s.origin and t.target <= s.origin + ${reach} * interval '15 minutes'`;
    default:
      return horizon satisfies never;
  }
}

/** Reads examples, those of a day of origins at a time: memory holds them as columns of numbers, and once. */
export async function examplesOf(session: Session, settings: PredictionSettings, wanted: Wanted): Promise<Examples> {
  const { use, horizon, from, to, codes, columns = inputs, isKnown = false } = wanted;
  const reach = settings.ahead[horizon] * (horizon === 'day' ? quartersOfDay : 1);
  const which = `${pairsOf(horizon, reach)}
    and s.apartment <> all($3::text[]) and ($4::text[] is null or s.room = any($4::text[]))
    ${isKnown ? `and t.${use} is not null` : ''}`;
  const within = (start: number, end: number) => [
    new Date(start).toISOString(),
    new Date(end).toISOString(),
    settings.exclude,
    settings.rooms[use] ?? null,
  ];
  const pairs = { which, reach };
  const { rows: counted } = await session.query<{ examples: number }>(exampleCount(pairs), within(from, to));
  const filling = new Filling(counted[0]?.examples ?? 0, codes, columns);
  const sql = exampleQuery(use, pairs, queried(columns));
  for (let start = from; start < to; start += dayMs) {
    const { rows } = await session.query(sql, within(start, Math.min(start + dayMs, to)));
    filling.add(rows);
  }
  return filling.examples();
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
