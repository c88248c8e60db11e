import { at, record, trained } from '../../main-job/prediction-records.ts';

/* Each measure of forecasts and of their quality a second time, as by-hand-minutes.ts has those of the tables by the minute. */

const quarters = [
  [600, 0.93, 0.7, 0.85],
  [615, 0.88, 0.6, 0.97],
  [630, 0.12, 0.4, 0.35],
  [645, 0.55, 0.5, undefined],
] as const;
const model = (name: string, role: string, day: string) => ({
  name,
  version: '1',
  role,
  trained_at: `${day}T12:00:00Z`,
});
const quarter = { horizon: { type: 'quarter', minutes: 15 }, target: 'occupied', apartment: 'jeremie', room: 'Office' };
const days = [
  { day: '2023-10-28T00:00:00+02:00', window_minutes: 1440, kwh: 4 },
  { day: '2023-10-29T00:00:00+02:00', window_minutes: 1500, kwh: 5 },
  { day: '2023-10-30T00:00:00+01:00', window_minutes: 1440, kwh: 6 },
  { day: '2023-10-31T00:00:00+01:00', window_minutes: 1440, kwh: 7 },
  { day: '2023-11-01T00:00:00+01:00', window_minutes: 1440, kwh: 8 },
  { day: '2023-11-02T00:00:00+01:00', window_minutes: 1440, kwh: 9 },
  // After the three days: the newest reading is of the first hour of 31 October.
  { day: '2023-11-03T00:00:00+01:00', window_minutes: 1440, kwh: 99 },
];

/** Probabilities of three models beside what is measured on the demo day, days of two apartments, and a model that is explained. */
export const forecastRecords = [
  ...quarters.flatMap(([minute, champion, baseline, challenger]) => [
    record({ ...quarter, timestamp: at(minute), model: model('trees', 'champion', '2023-10-05'), value: champion }),
    record({ ...quarter, timestamp: at(minute), model: model('hours', 'baseline', '2023-10-06'), value: baseline }),
    ...(challenger === undefined
      ? []
      : [
          record({
            ...quarter,
            timestamp: at(minute),
            model: model('line', 'challenger', '2023-10-07'),
            value: challenger,
          }),
        ]),
  ]),
  ...days.flatMap(({ day, kwh, ...window }, index) => {
    const of = { timestamp: day, ...window, horizon: { type: 'day', days: index % 3 } };
    const by = { ...of, model: model('days', 'champion', '2023-10-08'), target: 'energy_kwh_day' };
    return [
      record({ ...by, room: 'House', value: kwh, lower: kwh - 1.5, upper: kwh + 2 }),
      record({ ...by, room: 'Office', value: 0.5, lower: 0.25, upper: 1 }),
      record({ ...by, apartment: 'jeremie', room: 'House', value: kwh + 0.125, lower: kwh - 1, upper: kwh + 1 }),
      // Made earlier, and by a model that only competes: neither counts.
      record({ ...by, room: 'House', value: 50, horizon: { type: 'day', days: 3 } }),
      record({ ...by, room: 'House', value: 60, model: model('other', 'challenger', '2023-10-08') }),
      record({ ...of, model: by.model, target: 'occupied_hours_day', value: 3.25, lower: 1, upper: 6 + index }),
    ];
  }),
  // The demo day is measured whole: once within bounds and once not.
  ...(['jimmy', 'jeremie'] as const).map((apartment, index) =>
    record({
      model: model('days', 'champion', '2023-10-08'),
      target: 'energy_kwh_day',
      apartment,
      timestamp: at(0),
      window_minutes: 1440,
      horizon: { type: 'day', days: 1 },
      value: 1,
      lower: 1000 * index,
      upper: 1000 * (index + 1),
    }),
  ),
  record({
    model: trained,
    target: 'mean_power_w',
    timestamp: '2023-11-25T00:00:00Z',
    horizon: { type: 'quarter', minutes: 15 },
  }),
];

/** Predicted and measured, of what is evaluated. */
const evaluated = (what: string, more = '') => `select ${what} from gold.fact_prediction as f
    join gold.dim_target as g on g.target_key = f.target_key join gold.dim_model as m on m.model_key = f.model_key
    where {w} and f.actual_value is not null and f.predicted_value is not null
        and g.target_name in ('occupied', 'mean_power_w', 'energy_kwh_day', 'occupied_hours_day') ${more}`;
const ofOne = (what: string) => evaluated(`case when min(f.target_key) = max(f.target_key) then ${what} end`);
const error = '(f.actual_value - f.predicted_value)';
const isOccupied = "and g.target_name = 'occupied'";
const baseline = `(select b.predicted_value from gold.fact_prediction as b where b.role = 'baseline' and b.datetime_key = f.datetime_key
    and b.room_key = f.room_key and b.horizon_key = f.horizon_key and b.target_key = f.target_key)`;

const targets = `(${evaluated('count(distinct f.target_key)')})`;

const qualityMeasures = {
  'Windows compared': evaluated('nullif(count(*), 0)'),
  'Mean absolute error': ofOne(`avg(abs(${error}))`),
  // The fact has sums to six decimals.
  'Root mean squared error': `select case when ${targets} = 1 then (select sqrt(sum(s) / sum(n)) from (${evaluated(
    `count(*) as n, round(sum(${error} ^ 2)::numeric, 6) as s`,
    'group by f.date_key, f.room_key, f.model_key, f.horizon_key, f.target_key',
  )}) as d) end`,
  Bias: ofOne(`-avg(${error})`),
  'Brier score': evaluated(`avg(${error} ^ 2)`, isOccupied),
  'Log loss': `select sum(s) / sum(n) from (${evaluated(
    `count(*) as n, round(-sum(ln((case f.actual_value when 1 then f.predicted_value else 1 - f.predicted_value end)::numeric)), 6) as s`,
    `${isOccupied} group by f.date_key, f.room_key, f.model_key`,
  )}) as d`,
  'Interval coverage': evaluated(
    'avg((f.actual_value >= f.lower_value and f.actual_value <= f.upper_value)::integer)',
    'and f.lower_value is not null and f.upper_value is not null',
  ),
  'Skill against the baseline': `select case when ${targets} = 1 then (${evaluated(
    `1 - sum(${error} ^ 2) / nullif(sum((f.actual_value - ${baseline}) ^ 2), 0)`,
    `and ${baseline} is not null`,
  )}) end`,
  'Age of the champion': evaluated(
    `extract(epoch from to_date(max(f.date_key)::text, 'YYYYMMDD') + interval '24 hours' - min(m.trained_at at time zone 'UTC')) / 86400`,
    "and m.role = 'champion'",
  ),
};

const probability = (what: string, more = '') => evaluated(what, `${isOccupied} ${more}`);
const reliabilityMeasures = {
  'Probabilities compared': probability('nullif(count(*), 0)'),
  'Mean probability': probability('avg(f.predicted_value)'),
  'Share occupied': probability('avg(f.actual_value)'),
  'Calibration error': `select sum(gap) / sum(n) from (${probability(
    'abs(sum(f.predicted_value) - sum(f.actual_value)) as gap, count(*) as n',
    'group by width_bucket(f.predicted_value, 0, 1, 10)',
  )}) as d`,
};

const inputMeasures = {
  Importance: `select avg(s.gain) from (select sum(gain) as gain from gold.fact_model_importance as f where {w} group by model_key) as s`,
  'Error without the input': 'select sum(f.permutation) from gold.fact_model_importance as f where {w}',
};

/** The forecast of each day and room that counts: made last, by the champion. */
const forecast = (target: string, column: string) => `
  select f.date_key, f.apartment_key, f.room_key, s.value from (
      select d.date_key, d.date, r.room_key, r.apartment_key from gold.dim_date as d cross join gold.dim_room as r
      where d.date between '2023-10-24' and '2023-11-02'
  ) as f cross join lateral (
      select p.${column} as value from gold.fact_prediction as p join gold.dim_target as g using (target_key)
      join gold.dim_horizon as h using (horizon_key) join gold.dim_datetime as t on t.datetime_key = p.datetime_key
      where g.target_name = '${target}' and p.room_key = f.room_key and p.role = 'champion'
          and (t.timestamp_utc at time zone 'Europe/Zurich')::date = f.date
      order by h.horizon_days limit 1
  ) as s where {w}`;
/** Of each apartment the meter's if it has a row of the room with the meter on any day, else that of the others. */
const counted = (rows: string) => `select sum(v) from (
    select case when exists (
        select from gold.outlook_day as f join gold.dim_room as h on h.room_key = f.room_key
        where {any day} and f.apartment_key = q.apartment_key and h.room_name = 'House'
    ) then sum(value) filter (where room_name = 'House') else sum(value) end as v
    from (${rows}) as q join gold.dim_room using (room_key) group by q.apartment_key) as s`;
const measuredDays = `select f.date_key, f.apartment_key, f.room_key, coalesce(f.energy_kwh_meter, f.energy_kwh_plugs) as value
    from gold.room_day as f where {w} and f.date_key between 20231024 and 20231030`;
const energy = (column: string) => counted(forecast('energy_kwh_day', column));
const hours = (column: string) => `select sum(value) from (${forecast('occupied_hours_day', column)}) as q`;

const outlookMeasures = {
  'Energy measured': counted(measuredDays),
  'Energy predicted': energy('predicted_value'),
  'Energy predicted at least': energy('lower_value'),
  'Energy predicted at most': energy('upper_value'),
  'Presence measured': `select sum(value) from (
      select f.date_key, f.apartment_key, f.room_key, count(*) filter (where n >= 1) * 0.25 as value from (
          select r.room_key, r.apartment_key, to_char(q.quarter at time zone 'Europe/Zurich', 'YYYYMMDD')::integer as date_key, q.motion_minutes as n
          from silver.room_quarter as q join gold.dim_apartment as a on a.apartment_id = q.apartment
          join gold.dim_room as r on r.apartment_key = a.apartment_key and r.room_name = q.room where q.motion_seen > 7
      ) as f where {w} and f.date_key between 20231024 and 20231030 group by 1, 2, 3) as s`,
  'Hours predicted': hours('predicted_value'),
  'Hours predicted at least': hours('lower_value'),
  'Hours predicted at most': hours('upper_value'),
  'Outside temperature of the day': `select avg(c.mean) from gold.outlook_day as f cross join lateral (
      select avg(w.temperature_c) as mean from silver.weather_clean as w
      where w.site = 'Sion' and to_char(w.timestamp at time zone 'Europe/Zurich', 'YYYYMMDD')::integer = f.date_key) as c where {w}`,
};

export const forecastMeasures: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Prediction quality': qualityMeasures,
  'Reliability of probabilities': reliabilityMeasures,
  'Inputs of models': inputMeasures,
  'Outlook by day': outlookMeasures,
};
