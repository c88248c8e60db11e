import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insights } from '../../../../cli/demo/insights.ts';

// Gold in miniature: one bedroom, one living room with the front door, one plug beside the meter of the apartment, and
// four hours that begin at six in the morning on the wall.
const gold = `
create table dim_apartment (apartment_key int, apartment_id text, name text);
create table dim_room (room_key int, room_name text, apartment_key int);
create table dim_device (device_key int, device_id text, sensor_type text, room_key int);
create table dim_datetime (datetime_key bigint, timestamp_utc timestamptz);
create table fact_energy_minute (
    datetime_key bigint, device_key int, apartment_key int, room_key int, energy_kwh float8, cost_chf float8
);
create table fact_environment_minute (
    datetime_key bigint, room_key int, apartment_key int, temperature_c float8, co2_ppm float8,
    window_open_flag boolean, is_anomaly boolean
);
create table fact_presence_minute (
    datetime_key bigint, room_key int, apartment_key int, motion_count int, door_open_flag boolean
);
create table fact_device_health_day (
    device_key int, apartment_key int, room_key int, missing_readings int, uptime_pct float8, battery_min_pct float8
);
insert into dim_apartment values (1, 'jimmy', 'Jimmy');
insert into dim_room values (1, 'Bedroom', 1), (2, 'Living Room', 1), (3, 'House', 1);
insert into dim_device values (1, 'jimmy_living_room_plug', 'plug', 2), (2, 'jimmy_house_consumption', 'consumption', 3);
insert into dim_datetime
select to_char(minute, 'YYYYMMDDHH24MI')::bigint, minute at time zone 'UTC'
from generate_series('2023-10-12 04:00'::timestamp, '2023-10-12 07:59', '1 minute') as minute;
insert into fact_energy_minute
select datetime_key, 1, 1, 2, 0.001, 0.00034 from dim_datetime
union all
select datetime_key, 2, 1, 3, 0.004, 0.00136 from dim_datetime;
-- Stuffy from seven to eight, one impossible minute before; the window is open from eight to a quarter past.
insert into fact_environment_minute
select
    datetime_key, 1, 1,
    case when datetime_key between 202310120605 and 202310120614 then 16.5 else 19 end,
    case when datetime_key = 202310120430 then 9000 when datetime_key between 202310120500 and 202310120559 then 1400 else 600 end,
    datetime_key between 202310120600 and 202310120614,
    datetime_key = 202310120430
from dim_datetime;
-- A person moves all the time but from 07:30 to 08:29, and uses the front door before and after.
insert into fact_presence_minute
select
    datetime_key, 2, 1,
    (datetime_key not between 202310120530 and 202310120629)::int,
    datetime_key in (202310120530, 202310120630)
from dim_datetime;
insert into fact_device_health_day values (1, 1, 2, 1300, 9.722, 55), (2, 1, 3, 1200, 16.667, null);
`;

const db = new PGlite();

beforeAll(async () => {
  await db.exec(gold);
  // What comes out must not depend on where the database believes to be.
  await db.exec("set time zone 'Asia/Tokyo'");
});

afterAll(async () => {
  await db.close();
});

describe('the answers', () => {
  test('cost: the plug as a part of its apartment', async () => {
    expect(await answer('cost')).toEqual([
      { apartment: 'Jimmy', measured_at: 'whole apartment', kwh: '0.96', chf: '0.33', pct_of_apartment: '100' },
      { apartment: 'Jimmy', measured_at: 'Living Room plug', kwh: '0.24', chf: '0.08', pct_of_apartment: '25' },
    ]);
  });

  test('stuffiest hour: local time, outliers left out', async () => {
    expect(await answer('stuffiest')).toEqual([
      {
        apartment: 'Jimmy',
        room: 'Bedroom',
        local_time: '07:00 - 08:00',
        co2_mean_ppm: '1400',
        co2_peak_ppm: '1400',
        temperature_c: '19.0',
      },
    ]);
  });

  test('absence: from door to door', async () => {
    expect(await answer('Nobody at home')).toEqual([
      { apartment: 'Jimmy', left_at: 'Thu 07:30', back_at: 'Thu 08:30', hours_away: '1.00' },
    ]);
  });

  test('window: how long it was open and what it did', async () => {
    expect(await answer('window')).toEqual([
      {
        apartment: 'Jimmy',
        room: 'Bedroom',
        opened_at: '08:00',
        minutes_open: 15,
        warmest_c: '19.0',
        coldest_c: '16.5',
        cooled_by_c: '2.5',
        co2_highest_ppm: '600',
        co2_lowest_ppm: '600',
      },
    ]);
  });

  test('uptime: the worst first', async () => {
    expect((await answer('uptime')).map((row) => [row.sensor, row.uptime_pct])).toEqual([
      ['plug', '9.72'],
      ['consumption', '16.67'],
    ]);
  });
});

test.each(insights)('"$title" asks gold only, for ten rows at most', ({ sql }) => {
  expect(sql).toMatch(/limit 10$/);
  expect(sql).not.toMatch(/\b(?:from|join)\s+(?:staging|silver|gold)\./);
  expect(sql.match(/\{\{ref "(?:fact|dim)_\w+"\}\}/g)?.length).toBe(sql.match(/\{\{/g)?.length);
});

async function answer(title: string): Promise<readonly Record<string, unknown>[]> {
  const insight = insights.find((known) => known.title.includes(title));
  const sql = insight?.sql.replaceAll(/\{\{ref "(\w+)"\}\}/g, '$1') ?? '';
  return (await db.query<Record<string, unknown>>(sql)).rows;
}
