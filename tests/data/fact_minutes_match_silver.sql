-- Every fact has a row for each minute that its sensors have in silver, and no other: counted by day and apartment, as far
-- back as both are kept. Once it has passed, the minutes that new readings touch.
{{#incremental}}
with touched as (
    select distinct
        timestamp,
        to_char(timestamp at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint as datetime_key
    from {{ref "sensor_events"}}
    where load_id > {{high_water "sensor_events"}}
),

events as (
    select
        e.apartment,
        e.room,
        e.sensor_type,
        e.timestamp
    from touched as t
    join {{ref "sensor_events"}} as e on e.timestamp = t.timestamp
),
{{else}}
with events as (
    select
        apartment,
        room,
        sensor_type,
        timestamp
    from {{ref "sensor_events"}}
),
{{/incremental}}

silver as (
    select
        m.fact,
        m.apartment,
        {{> date_key date="(m.timestamp at time zone 'UTC')"}} as date_key,
        count(*) as row_count
    from (
        select distinct
            f.fact,
            e.apartment,
            e.room,
            case when f.fact = 'energy' then e.sensor_type end as sensor_type,
            e.timestamp
        from events as e
        join (
            values
                ('energy', 'plug'),
                ('energy', 'consumption'),
                ('environment', 'meteo'),
                ('environment', 'humidity'),
                ('environment', 'door'),
                ('environment', 'window'),
                ('presence', 'motion'),
                ('presence', 'door')
        ) as f (fact, sensor_type) on f.sensor_type = e.sensor_type
    ) as m
    group by 1, 2, 3
),

facts as (
    select
        f.fact,
        a.apartment_id as apartment,
        f.date_key,
        sum(f.row_count) as row_count
    from (
        select 'energy' as fact, apartment_key, date_key, count(*) as row_count
        from {{ref "fact_energy_minute"}}
        {{#incremental}}where datetime_key in (select datetime_key from touched){{/incremental}}
        group by 2, 3
        union all
        select 'environment', apartment_key, date_key, count(*)
        from {{ref "fact_environment_minute"}}
        {{#incremental}}where datetime_key in (select datetime_key from touched){{/incremental}}
        group by 2, 3
        union all
        select 'presence', apartment_key, date_key, count(*)
        from {{ref "fact_presence_minute"}}
        {{#incremental}}where datetime_key in (select datetime_key from touched){{/incremental}}
        group by 2, 3
    ) as f
    join {{ref "dim_apartment"}} as a on a.apartment_key = f.apartment_key
    group by 1, 2, 3
)

select
    coalesce(s.fact, f.fact) as fact,
    coalesce(s.apartment, f.apartment) as apartment,
    coalesce(s.date_key, f.date_key) as date_key,
    s.row_count as silver_rows,
    f.row_count as fact_rows
from silver as s
full join facts as f
    on f.fact = s.fact
    and f.apartment = s.apartment
    and f.date_key = s.date_key
where s.row_count is distinct from f.row_count
    and coalesce(s.date_key, f.date_key) >= {{> kept_since models="'sensor_events', 'fact_energy_minute', 'fact_environment_minute', 'fact_presence_minute'"}}
