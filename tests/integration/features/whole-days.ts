import { expect } from 'vitest';
import type { Household } from '../main-job/household.ts';

/** The energy of each local day that is predicted on 9 October: that of its quarters, what was measured before the forecast included. */
export async function expectDaysAddUp(home: Household): Promise<void> {
  const days = await home.rows(
    `with facts as (
         select f.*, t.target_name, d.timestamp_utc at time zone 'UTC' at time zone 'UTC' as begins
         from gold.fact_prediction f join gold.dim_target t using (target_key) join gold.dim_datetime d using (datetime_key)
         join gold.dim_horizon h using (horizon_key) join gold.dim_room r using (room_key)
         where f.role = 'champion' and h.horizon_type = 'day' and r.room_name = 'Office'
     ), quarters as (
         select (to_timestamp(datetime_key::text, 'YYYYMMDDHH24MI')::timestamp at time zone 'UTC' at time zone 'Europe/Zurich')::date as day,
             predicted_value from facts where target_name = 'mean_power_w'
         union all
         select (quarter at time zone 'Europe/Zurich')::date, power_w from silver.room_quarter
         where room = 'Office' and quarter >= '2023-10-08 22:00Z' and quarter < '2023-10-09 05:30Z'
     )
     select q.day::text, round((sum(q.predicted_value) / 4000 - min(f.predicted_value))::numeric, 4)::float8 as difference,
         min(f.window_minutes) as minutes,
         count(f.actual_value) > 0 as is_measured
     from quarters as q join facts as f on f.target_name = 'energy_kwh_day'
         and (to_timestamp(f.datetime_key::text, 'YYYYMMDDHH24MI')::timestamp at time zone 'UTC' at time zone 'Europe/Zurich')::date = q.day
     group by q.day order by q.day`,
  );
  expect(days).toEqual(
    ['2023-10-09', '2023-10-10', '2023-10-11'].map((day, place) => ({
      day,
      difference: 0,
      minutes: 1440,
      is_measured: place === 0,
    })),
  );
}
