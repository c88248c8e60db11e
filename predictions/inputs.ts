import type { Horizon, Use } from './settings.ts';

/** Columns of room_quarter_state that are inputs. Absolute CO2 and temperature drift over weeks, so their changes are taken. */
export const stateInputs = [
  ...['m0', 'm1', 'm2', 'm3', 'm_1h', 'm_3h', 'm_24h', 'since', 'a0', 'ar0', 'a_1h', 'a_3h', 'a_since'],
  ...['door0', 'win0', 'light0', 'noise0', 'co2_d', 'house_w'],
  // Of power the last two hours quarter by quarter: what a thermostat switches comes again after as long.
  ...['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8', 'p_1h', 'p_3h', 'p_24h', 'p_7d'],
] as const;

/** Columns of room_quarter_target that are inputs of every use. */
export const clockInputs = ['hour', 'tod', 'dow', 'day_type', 'holiday'] as const;

/** What the room did at the same clock time of other days; `dn` is the newest of d1, d2 and d3 that is known at the origin. */
export const habitInputs = ['dn', 'w1', 'pw', 'pt', 'ph', 'pd'] as const;

/** Columns of weather_as_of that are inputs. */
export const weatherInputs = [
  'temperature_c',
  'humidity_pct',
  'precipitation_mm',
  'radiation_wm2',
  'temperature_c_day',
] as const;

/** Degrees by which a temperature is below others, or above: greatest() alone would say 0 of one that is not known. */
const degrees = (of: string, difference: string) => `case when ${of} is not null then greatest(${difference}, 0) end`;

/** Degrees below what is heated at, and above what is cooled at: heating is no line over all temperatures. */
const degreeInputs: Readonly<Record<string, string>> = {
  below_16: degrees('w.temperature_c', '16 - w.temperature_c'),
  below_12: degrees('w.temperature_c', '12 - w.temperature_c'),
  above_22: degrees('w.temperature_c', 'w.temperature_c - 22'),
  day_below_16: degrees('w.temperature_c_day', '16 - w.temperature_c_day'),
};

/**
 * The usual presence in the room, or in the apartment where nothing sees motion, and by how cold it is: a heater beside a desk runs when both are.
 * Of power days ahead; within hours what the room draws now says more.
 */
const usualPresence = 'coalesce(t.pt_occupied, t.pt_home)';
const presenceInputs: Readonly<Record<string, string>> = {
  presence: usualPresence,
  presence_below_16: `${usualPresence} * ${degreeInputs.below_16}`,
  presence_below_12: `${usualPresence} * ${degreeInputs.below_12}`,
};

/** All inputs of a model, in the order of its columns. `room` and `apartment` are positions in the lists of the model. */
export const inputs: readonly string[] = [
  ...['room', 'apartment', 'ahead'],
  ...clockInputs,
  ...stateInputs,
  ...habitInputs,
  ...weatherInputs,
  ...Object.keys(degreeInputs),
  ...Object.keys(presenceInputs),
];

/** Of the state, what is known of the last day and week. */
const ofLastDays: ReadonlySet<string> = new Set(['m_24h', 'a_since', 'p_24h', 'p_7d']);
/** Of the power of the last two hours, what says nothing of presence that the rest does not say. */
const ofPowerAlone: ReadonlySet<string> = new Set(['p2', 'p4', 'p5', 'p6', 'p7', 'p8']);

/**
 * What a model of a use and horizon learns from. Of power days ahead, not what the last quarters were like: all forecasts of a day have one
 * origin, so that a room has no more states to learn from than days, and a line finds in them what is there by chance.
 */
export function inputsOf(use: Use, horizon: Horizon): readonly string[] {
  const ofDays: ReadonlySet<string> = new Set(Object.keys(presenceInputs));
  const ofNow: ReadonlySet<string> = new Set(stateInputs.filter((name) => !ofLastDays.has(name)));
  if (use === 'occupied') return inputs.filter((name) => !ofPowerAlone.has(name) && !ofDays.has(name));
  return inputs.filter((name) => !(horizon === 'day' ? ofNow : ofDays).has(name));
}

/** Weather, calendar, and the mean of a week, of which a week has about one value a room. */
const movesAnyway: ReadonlySet<string> = new Set([
  'ahead',
  ...clockInputs,
  ...weatherInputs,
  ...Object.keys(degreeInputs),
  ...Object.keys(presenceInputs),
  'p_7d',
]);

/** Whether a week of an input can say that it has moved. Days ahead no state can: it has as many values as origins, and those of a week are seven. */
export function isSteady(horizon: Horizon, name: string): boolean {
  const states: readonly string[] = stateInputs;
  return !movesAnyway.has(name) && !(horizon === 'day' && states.includes(name));
}

/** How the columns of room_quarter_target that a use predicts end. */
const suffixes: Readonly<Record<Use, string>> = { occupied: 'occupied', mean_power_w: 'power_w' };

/** Which pairs of an origin and a target are examples. */
export interface Pairs {
  /** A condition on the temporary tables `predict_state` (s) and `predict_target` (t), beside that origins are between the parameters $1 and $2 of a query. */
  readonly which: string;
  /** The most quarters of an hour from an origin to its target. */
  readonly reach: number;
}

/** Between the first origin and the last target: of tables that hold months, a query of a day then reads a day. */
function isWithin(time: string, { reach }: Pick<Pairs, 'reach'>): string {
  return `${time} > $1::timestamptz and ${time} < $2::timestamptz + ${reach} * interval '15 minutes'`;
}

function pairsFrom(pairs: Pairs): string {
  return `from predict_state as s
join predict_target as t on t.apartment = s.apartment and t.room = s.room and ${isWithin('t.target', pairs)}`;
}

function pairsWhere({ which }: Pairs): string {
  return `where s.origin >= $1::timestamptz and s.origin < $2::timestamptz and ${which}`;
}

/** How many examples there are: a query with the parameters of {@link exampleQuery}. */
export function exampleCount(pairs: Pairs): string {
  return `select count(*)::integer as examples ${pairsFrom(pairs)} ${pairsWhere(pairs)}`;
}

/** The inputs that a query gives: the others are positions in lists that it does not know. */
export function queried(columns: readonly string[]): readonly string[] {
  return columns.filter((name) => name !== 'room' && name !== 'apartment');
}

/**
 * The examples of a use, one row an origin, target and room, in this order: a query over these tables and `predict_weather` (w). The inputs of a
 * row are one text, with commas between them and nothing for what is missing: rows of fifty numbers each would take ten times as much memory.
 * @param columns the inputs that are wanted, of {@link queried} ones.
 * Its parameters $1 and $2 are the first origin, and the end of origins, which is not itself one; `pairs` may name more.
 */
export function exampleQuery(use: Use, pairs: Pairs, columns: readonly string[]): string {
  return `select
    extract(epoch from e.origin)::float8 as origin,
    extract(epoch from e.target)::float8 as target,
    e.apartment,
    e.room,
    e.days,
    e.label,
    array_to_string(array[${columns.map((name) => `e.${name}`).join(', ')}]::float8[], ',', '') as inputs
from (
${unpackedQuery(use, pairs)}
) as e
order by e.origin, e.target, e.apartment, e.room`;
}

function unpackedQuery(use: Use, pairs: Pairs): string {
  const end = suffixes[use];
  return `select
    s.origin,
    t.target,
    s.apartment,
    s.room,
    t.local_date - o.local_date as days,
    x.ahead,
    t.${use} as label,
    ${clockInputs.map((name) => (name === 'holiday' ? 't.holiday::integer as holiday' : `t.${name}`)).join(', ')},
    ${stateInputs.map((name) => `s.${name}`).join(', ')},
    case
        when t.d1_quarters >= x.ahead then t.d1_${end}
        when t.d2_quarters >= x.ahead then t.d2_${end}
        when t.d3_quarters >= x.ahead then t.d3_${end}
    end as dn,
    ${habitInputs.flatMap((name) => (name === 'dn' ? [] : [`t.${name}_${end} as ${name}`])).join(', ')},
    ${weatherInputs.map((name) => `w.${name}`).join(', ')},
    ${Object.entries({ ...degreeInputs, ...presenceInputs })
      .map(([name, sql]) => `${sql} as ${name}`)
      .join(', ')}
${pairsFrom(pairs)}
left join predict_target as o
    on o.target = s.origin + interval '15 minutes' and o.apartment = s.apartment and o.room = s.room
    and ${isWithin('o.target', { reach: 1 })}
cross join lateral (select (extract(epoch from t.target - s.origin) / 900)::float8 as ahead) as x
left join predict_weather as w
    on w.apartment = s.apartment
    and w.hour = date_trunc('hour', t.target, 'UTC')
    and ${isWithin(`w.hour + interval '1 hour'`, { reach: pairs.reach + 4 })}
    and w.there_from <= s.origin + interval '15 minutes'
    and w.there_until > s.origin + interval '15 minutes'
${pairsWhere(pairs)}`;
}
