import type { Insight } from './insights.ts';

/** What someone who runs a building would ask, answered by gold. */
export const buildingInsights: readonly Insight[] = [
  {
    title: 'The least comfortable rooms, and why',
    sql: `
select
    room,
    to_char(event_date, 'Dy DD Mon') as day,
    round(comfort_score::numeric) as comfort,
    round(temp_avg::numeric, 1) as temp_c,
    round(100 * temp_comfort_ratio::numeric) as pct_hours_20_to_24,
    round(co2_max::numeric) as co2_peak_ppm,
    round(100 * co2_above_1000_ratio::numeric) as pct_hours_above_1000
from {{ref "room_daily_metrics"}}
order by comfort_score nulls last, room, event_date
limit 8`,
  },
  {
    title: 'How long rooms are occupied',
    sql: `
select
    room,
    to_char(event_date, 'Dy DD Mon') as day,
    round((24 * occupancy_rate)::numeric, 1) as hours_occupied,
    round(co2_avg::numeric) as co2_mean_ppm,
    round(luminosity_avg::numeric) as light_lux
from {{ref "room_daily_metrics"}}
order by occupancy_rate desc nulls last, room
limit 8`,
  },
  {
    title: 'Sensors to look after',
    sql: `
select
    sensor_id,
    to_char(event_date, 'Dy DD Mon') as day,
    nb_readings,
    round(100.0 * (nb_outliers + nb_missing) / nb_readings, 1) as pct_of_no_use,
    nb_gaps as pauses_over_an_hour,
    round(longest_gap_secs::numeric / 60) as longest_pause_minutes
from {{ref "sensor_day_quality"}}
where nb_outliers + nb_missing > 0
    or nb_gaps > 0
order by pct_of_no_use desc, longest_gap_secs desc nulls last, sensor_id
limit 10`,
  },
];
