import { beforeAll, describe, expect, it } from 'vitest';
import { featureRelations } from '../../../cli/predict/relations.ts';
import { columnNamed } from '../../../learning/data/matrix.ts';
import { randomOf } from '../../../learning/data/random.ts';
import { dropFeatures, examplesOf, prepareFeatures } from '../../../predictions/examples.ts';
import { predictionSettings } from '../../../predictions/settings.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { oneDatabase } from '../databases.ts';
import { householdOn, sampleMinutes } from '../main-job/household.ts';
import { rounds } from '../rounds.ts';

/** Days of three rooms by a formula, with gaps. */
const history = (from: string, to: string) => `insert into silver.room_quarter
    (quarter, apartment, room, motion_seen, motion_minutes, power_seen, power_w, co2_ppm, load_id)
select q, 'jimmy', r.room, case when h % 11 = 0 then 5 else 15 end, case when h % 3 = 0 then h % 7 else 0 end, 15, h % 1000, 400 + h % 500, 1
from generate_series(timestamptz '${from} 00:00Z', timestamptz '${to} 23:45Z', interval '15 minutes') as g (q)
cross join (values ('Office'), ('Kitchen'), ('House')) as r (room)
cross join lateral (select abs(hashtext(extract(epoch from q)::bigint || r.room)) as h) as x
where h % 13 <> 0`;

const random = randomOf(2023);
/** A quarter of the two weeks around the change of the clocks. */
const byChance = () =>
  new Date(Date.parse('2023-10-19T00:00:00Z') + Math.floor(random.next() * 14 * 96) * 900_000)
    .toISOString()
    .replace('T', ' ')
    .replace(':00.000', '');

/** Origins around the change of the clocks, and on days without one; in the long form 20 more by chance. */
const origins = [
  '2023-10-26 05:15Z',
  '2023-10-28 13:30Z',
  '2023-10-29 00:45Z',
  '2023-10-29 22:45Z',
  '2023-11-01 11:00Z',
  '2023-11-02 17:15Z',
  ...Array.from({ length: rounds({ gate: 0, long: 20 }) }, byChance),
];

const state = 'select * from silver.room_quarter_state where origin = $1 order by apartment, room';

/** What of a target is known at the origin, its lags chosen as a forecast chooses them. */
const targets = `select target, apartment, room, local_date, tod, dow, day_type,
    w1_occupied, pw_occupied, pt_occupied, pt_home, ph_occupied, pd_occupied, w1_power_w, pw_power_w, pt_power_w, ph_power_w, pd_power_w,
    case when d1_quarters >= ahead then d1_occupied when d2_quarters >= ahead then d2_occupied when d3_quarters >= ahead then d3_occupied end as dn_occupied,
    case when d1_quarters >= ahead then d1_power_w when d2_quarters >= ahead then d2_power_w when d3_quarters >= ahead then d3_power_w end as dn_power_w
from silver.room_quarter_target
cross join lateral (select extract(epoch from target - $1::timestamptz) / 900 as ahead) as h
where target > $1::timestamptz and target <= $1::timestamptz + interval '3 days'
order by target, apartment, room`;

describe.each(oneDatabase)('features on $name', (kind) => {
  const on = householdOn(kind);
  const until = (time: string) =>
    on.database.warehouse.query("select set_config('datacycle.features_until', $1, false)", [time]);
  const rowsOf = async (sql: string, origin: string): Promise<readonly Row[]> =>
    (await on.database.warehouse.query(sql, [origin])).rows;

  /** What is known at an origin, with all of the history and with what had ended by then. */
  const wholeAndCut = async (origin: string) => {
    const whole = [await rowsOf(state, origin), await rowsOf(targets, origin)];
    await until(new Date(Date.parse(origin.replace(' ', 'T')) + 900_000).toISOString());
    const cut = [await rowsOf(state, origin), await rowsOf(targets, origin)];
    await until('');
    return { whole, cut };
  };

  /** The day before a target, in the kitchen. */
  const dayBefore = async (target: string) =>
    (
      await on.home.rows(
        `select d1_quarters, tod, d1_occupied as d1, (select t.occupied from silver.room_quarter_target t
           where t.target = x.target - x.d1_quarters * interval '15 minutes' and t.room = x.room)::float as occupied
         from silver.room_quarter_target x where target = '${target}' and room = 'Kitchen'`,
      )
    )[0];

  beforeAll(async () => {
    on.home.put(sampleMinutes('12.10.2023', (minute) => minute < 2));
    await on.home.load();
    await on.home.build();
    await on.database.warehouse.query('delete from silver.room_quarter');
    // Six weeks, over the night in which the clocks go back.
    await on.database.warehouse.query(history('2023-09-25', '2023-11-05'));
  });

  it('no feature differs when the history is cut at the origin', async () => {
    for (const origin of origins) {
      const { whole, cut } = await wholeAndCut(origin);
      expect(whole.map((rows) => rows.length)).toEqual([3, 3 * 288]);
      expect(cut).toEqual(whole);
    }
  });

  it('of an apartment that is silent at an origin that is known which was read before, for a day', async () => {
    const { warehouse } = on.database;
    await warehouse.query('create table public.whole as table silver.room_quarter');
    const silence = async (from: string, to: string) => {
      await warehouse.query('delete from silver.room_quarter; insert into silver.room_quarter table public.whole');
      await warehouse.query(`delete from silver.room_quarter where quarter >= '${from}' and quarter < '${to}'`);
    };
    for (const [from, origin, to, silent_quarters] of [
      ['2023-10-20 05:15Z', '2023-10-20 05:15Z', '2023-10-20 08:00Z', 1],
      ['2023-10-19 18:00Z', '2023-10-20 05:15Z', '2023-10-20 08:00Z', 46],
      ['2023-10-19 05:45Z', '2023-10-20 05:15Z', '2023-10-20 08:00Z', 95],
      // The night in which the clocks go back is within the outage, or within the three days after.
      ['2023-10-28 22:00Z', '2023-10-29 05:15Z', '2023-10-29 09:00Z', 30],
      ['2023-10-26 05:45Z', '2023-10-27 05:15Z', '2023-10-27 05:30Z', 95],
    ] as const) {
      await silence(from, to);
      const { whole, cut } = await wholeAndCut(origin);
      expect(whole.map((rows) => rows.length)).toEqual([3, 3 * 288]);
      const nothing = { m0: null, a0: null, ar0: null, light0: null, co2_0: null, p0: null, house_w: null };
      for (const row of whole[0] ?? []) expect(row).toMatchObject({ ...nothing, silent_quarters });
      const read = await on.home.rows(
        `select r.room, sum(q.motion_minutes)::int as m_24h, round(avg(q.power_w::numeric), 6)::float8 as p_24h
         from (values ('Office'), ('Kitchen'), ('House')) as r (room)
         left join silver.room_quarter as q on q.room = r.room and q.quarter > timestamptz '${origin}' - interval '1 day' and q.quarter <= '${origin}'
         group by r.room order by r.room`,
      );
      expect(whole[0]?.map(({ room, m_24h, p_24h }) => ({ room, m_24h, p_24h }))).toEqual(read);
      expect(cut).toEqual(whole);
    }
    await silence('2023-10-19 05:30Z', '2023-10-20 08:00Z');
    const { whole, cut } = await wholeAndCut('2023-10-20 05:15Z');
    expect([whole[0], cut[0]]).toEqual([[], []]);
    await silence('infinity', 'infinity');
    await warehouse.query('drop table public.whole');
  });

  it('a short stretch of the history gives the same state and the same targets as all of it', async () => {
    const origin = '2023-11-02 17:15Z';
    const whole = [await rowsOf(state, origin), await rowsOf(targets, origin)];
    const from = (time: string) =>
      on.database.warehouse.query("select set_config('datacycle.features_from', $1, false)", [time]);
    await from('2023-10-25 17:15Z');
    const week = await rowsOf(state, origin);
    await from('2023-09-28 00:00Z');
    const weeks = await rowsOf(targets, origin);
    await from('');
    expect([week, weeks]).toEqual(whole);
  });

  it('the day before a day of 25 hours is the same clock time, 100 quarters back', async () => {
    // 10:00 of the days before, of and after the change, and 02:30 the second time
    expect(await dayBefore('2023-10-28 08:00Z')).toMatchObject({ d1_quarters: 96, tod: 40 });
    const after = await dayBefore('2023-10-29 09:00Z');
    expect(after).toMatchObject({ d1_quarters: 100, tod: 40 });
    expect(after?.d1).toBe(after?.occupied);
    expect(await dayBefore('2023-10-30 09:00Z')).toMatchObject({ d1_quarters: 96, tod: 40 });
    expect(await dayBefore('2023-10-29 01:30Z')).toMatchObject({ d1_quarters: 100, tod: 10 });
    // the newer of the two 02:30 of the day before
    expect(await dayBefore('2023-10-30 01:30Z')).toMatchObject({ d1_quarters: 96, tod: 10 });
  });

  it('where no weather is forecast it is not known how many degrees are lacking', async () => {
    const [origin, end] = [Date.parse('2023-10-26T08:00:00Z'), Date.parse('2023-10-26T08:15:00Z')];
    const names = ['temperature_c', 'below_16', 'below_12', 'above_22', 'day_below_16', 'presence_below_16'];
    const found = await on.database.warehouse.session(async (session) => {
      const wanted = { use: 'mean_power_w', horizon: 'quarter', from: origin, to: end, codes: [] } as const;
      const read = async () => {
        const { matrix } = await examplesOf(session, predictionSettings({}), wanted);
        const presence = columnNamed(matrix, 'presence')[0] ?? Number.NaN;
        return { presence, degrees: names.map((name) => columnNamed(matrix, name)[0]) };
      };
      await prepareFeatures(session, featureRelations(on.home.compile()), origin, end);
      const without = await read();
      await session.query(
        `insert into predict_weather (apartment, hour, there_from, there_until, temperature_c, temperature_c_day)
         values ('jimmy', '2023-10-26 08:00Z', '2023-10-25 05:30Z', 'infinity', 10, 13)`,
      );
      const within = await read();
      await dropFeatures(session);
      return { without, within };
    });
    expect(found.without.degrees).toEqual(names.map(() => Number.NaN));
    const { presence, degrees } = found.within;
    expect(presence).toBeGreaterThan(0);
    expect(degrees).toEqual([10, 6, 2, 0, 3, 6 * presence]);
  });

  it('a habit is what is usual about that time on days at home, unless there are no others', async () => {
    /** Thursdays five weeks before the 26th, at home or not, from half past nine to half past ten. */
    const usual = async (days: string) =>
      (
        await on.home.rows<{ occupied: number; power_w: number }>(
          `select round(avg(occupied), 6)::float8 as occupied, round(avg(power_w), 6)::float8 as power_w
           from (
               select avg((motion_minutes > 0)::integer) filter (where motion_seen >= 8) as occupied, avg(power_w::numeric) as power_w
               from silver.room_quarter cross join lateral (select quarter at time zone 'Europe/Zurich' as local) as l
               where room = 'Kitchen' and local::date in (${days}) and local::time between '09:30' and '10:30'
               group by local::time
           ) as q`,
        )
      )[0];
    const habit = async () =>
      (
        await on.home.rows<{ occupied: number; power_w: number }>(
          `select pw_occupied as occupied, pw_power_w as power_w from silver.room_quarter_target
           where target = '2023-10-26 08:00Z' and room = 'Kitchen'`,
        )
      )[0];
    const empty = (where: string) =>
      on.database.warehouse.query(
        `update silver.room_quarter set motion_minutes = 0, power_w = 7 where (quarter at time zone 'Europe/Zurich')::date ${where}`,
      );
    expect(await habit()).toEqual(await usual("'2023-09-28', '2023-10-05', '2023-10-12', '2023-10-19'"));
    // Of a room without a sensor of motion, those with one say how many are usually occupied.
    await on.database.warehouse.query(
      `update silver.room_quarter set motion_seen = 0, motion_minutes = null where room = 'House'`,
    );
    const homes = await on.home.rows<{ room: string; pt: number | null; home: number }>(
      `select room, pt_occupied as pt, pt_home as home from silver.room_quarter_target where target = '2023-10-26 08:00Z' order by room`,
    );
    expect(homes.map(({ room, pt }) => [room, pt !== null])).toEqual([
      ...[['House', false]],
      ...['Kitchen', 'Office'].map((room) => [room, true]),
    ]);
    const sum = homes.reduce((all, { pt }) => all + (pt ?? 0), 0);
    expect(sum).toBeGreaterThan(0);
    for (const { home } of homes) expect(home).toBeCloseTo(sum, 5);
    await empty("= '2023-10-12'");
    const atHome = await usual("'2023-09-28', '2023-10-05', '2023-10-19'");
    expect(atHome).not.toEqual(await usual("'2023-09-28', '2023-10-05', '2023-10-12', '2023-10-19'"));
    expect(await habit()).toEqual(atHome);
    await empty("< '2023-10-26'");
    expect(await habit()).toEqual({ occupied: 0, power_w: 7 });
  });

  it('the day before a day of 23 hours is the same clock time, 92 quarters back, and what a day lacks is missing', async () => {
    await on.database.warehouse.query(history('2023-03-20', '2023-03-29'));
    // 10:00 of the days before, of and after the change
    expect(await dayBefore('2023-03-25 09:00Z')).toMatchObject({ d1_quarters: 96, tod: 40 });
    const after = await dayBefore('2023-03-26 08:00Z');
    expect(after).toMatchObject({ d1_quarters: 92, tod: 40 });
    expect(after?.d1).toBe(after?.occupied);
    expect(await dayBefore('2023-03-27 08:00Z')).toMatchObject({ d1_quarters: 96, tod: 40 });
    // There was no 02:30 on the 26th.
    expect(await dayBefore('2023-03-27 00:30Z')).toMatchObject({ d1_quarters: null, d1: null, tod: 10 });
    expect(await dayBefore('2023-03-28 00:30Z')).toMatchObject({ d1_quarters: 96, tod: 10 });
  });

  it('whether somebody comes home in the last hour of a day is not known three days ahead of a night of 23 hours', async () => {
    const quarters = "room_quarter where (quarter at time zone 'Europe/Zurich')::date = '2023-03-25'";
    await on.database.warehouse.query(
      `update silver.room_quarter set motion_seen = 15, motion_minutes = case when quarter >= '2023-03-25 22:15Z' then 5 else 0 end
       where quarter in (select quarter from silver.${quarters})`,
    );
    const [last] = await on.home.rows(`select max(motion_minutes) as most from silver.${quarters}`);
    expect(last).toEqual({ most: 5 });
    // 23:15 on the 25th to midnight of the 29th: profiles leave out three days, and are of the 25th on.
    const { whole, cut } = await wholeAndCut('2023-03-25 22:00Z');
    expect(whole[1]?.at(-1)?.target).toBe('2023-03-28 22:00:00+00');
    expect(cut).toEqual(whole);
  });
});
