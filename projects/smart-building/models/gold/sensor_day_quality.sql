{{config materialized="incremental" incremental_strategy="microbatch" event_time="event_date" batch_size="day" begin="2013-08-23"
    time_zone="America/Los_Angeles" lookback=2 unique_key="event_date, sensor_id"}}

with readings as (
    select * from {{ref "sensor_readings"}}
),

-- How long it took until the next reading of the day, which takes all readings of a day in order.
steps as (
    select
        event_date,
        sensor_id,
        room,
        sensor_type,
        quality_flag,
        ts_utc,
        extract(epoch from lead(ts_utc) over (partition by event_date, sensor_id order by ts_utc) - ts_utc) as secs_to_next,
        load_id
    from readings
),

final as (
    select
        event_date,
        sensor_id,
        room,
        sensor_type,
        count(*)::integer as nb_readings,
        (count(*) filter (where quality_flag = 'MISSING'))::integer as nb_missing,
        (count(*) filter (where quality_flag = 'OUTLIER'))::integer as nb_outliers,
        (count(*) filter (where secs_to_next > 3600))::integer as nb_gaps,
        max(secs_to_next)::double precision as longest_gap_secs,
        (percentile_disc(0.5) within group (order by secs_to_next))::double precision as median_step_secs,
        min(ts_utc) as first_ts_utc,
        max(ts_utc) as last_ts_utc,
        max(load_id) as load_id
    from steps
    group by
        event_date,
        sensor_id,
        room,
        sensor_type
)

select
    event_date,
    sensor_id,
    room,
    sensor_type,
    nb_readings,
    nb_missing,
    nb_outliers,
    nb_gaps,
    longest_gap_secs,
    median_step_secs,
    first_ts_utc,
    last_ts_utc,
    load_id
from final
