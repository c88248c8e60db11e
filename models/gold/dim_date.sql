{{config materialized="incremental" unique_key="date_key"}}

with holidays as (
    select date from {{ref "holidays"}}
),

names as (
    select * from {{ref "calendar_names"}}
),

sites as (
    {{> weather_sites}}
),

-- Their days in UTC and their local days, which hours and days for people are by.
readings as (
    select distinct m.minute
    from {{ref "apartment_days"}} as d
    cross join lateral (
        values
            (d.first_seen at time zone 'UTC'),
            (d.last_seen at time zone 'UTC'),
            ({{> local_time instant="d.first_seen"}}),
            ({{> local_time instant="d.last_seen"}})
    ) as m (minute)
    {{#incremental}}
    where d.load_id > {{high_water "apartment_days"}}
    {{/incremental}}
),

forecasts as (
    select
        timestamp at time zone 'UTC' as minute,
        prediction_date
    from {{ref "weather_forecasts"}}
    where site in (select s.site_name from sites as s)
    {{#incremental}}
        and load_id > {{high_water "weather_forecasts"}}
    {{/incremental}}
    group by
        timestamp,
        prediction_date
),

predictions as (
    select distinct
        timestamp at time zone 'UTC' as minute,
        {{> local_time instant="timestamp"}} as local_minute,
        timestamp at time zone 'UTC' - horizon_days * interval '1 day' as made_at
    from {{ref "predictions"}}
    {{#incremental}}
    where load_id > {{high_water "predictions"}}
    {{/incremental}}
),

years as (
    select extract(year from minute)::integer as year from readings
    union
    select extract(year from minute)::integer from forecasts
    union
    select extract(year from prediction_date)::integer from forecasts
    union
    select extract(year from minute)::integer from predictions
    union
    select extract(year from local_minute)::integer from predictions
    union
    select extract(year from made_at)::integer from predictions
    {{#incremental}}
    union
    select year from {{this}}
    {{/incremental}}
),

-- A few years without anything are part of the calendar, decades are not: one date of a broken clock is enough for them.
spans as (
    select
        year as first_year,
        case
            when lead(year) over (order by year) - year - 1 <= {{var "calendar_gap_years"}}
                then lead(year) over (order by year) - 1
            else year
        end as last_year
    from years
),

days as (
    select d.day::date as date
    from spans as s
    cross join lateral generate_series(
        make_timestamp(s.first_year, 1, 1, 0, 0, 0),
        make_timestamp(s.last_year, 12, 31, 0, 0, 0),
        interval '1 day'
    ) as d (day)
),

newest as (
    select max({{> local_time instant="last_seen"}})::date as newest_day from {{ref "apartment_days"}}
),

flagged as (
    select
        d.date,
        coalesce(d.date between n.newest_day - 6 and n.newest_day, false) as is_last_7_days,
        coalesce(d.date between n.newest_day - 27 and n.newest_day, false) as is_last_28_days
    from days as d
    cross join newest as n
),

final as (
    select
        to_char(d.date, 'YYYYMMDD')::integer as date_key,
        d.date,
        extract(isodow from d.date)::integer as day_of_week,
        extract(week from d.date)::integer as week,
        extract(month from d.date)::integer as month,
        extract(quarter from d.date)::integer as quarter,
        extract(year from d.date)::integer as year,
        extract(isoyear from d.date)::integer as iso_year,
        to_char(d.date, 'YYYY-MM') as year_month,
        {{> name_by_language row="w"}} as day_name,
        {{> name_by_language row="m"}} as month_name,
        extract(isodow from d.date) >= 6 as is_weekend,
        h.date is not null as is_holiday,
        d.is_last_7_days,
        d.is_last_28_days
    from flagged as d
    left join holidays as h on h.date = d.date
    left join names as w on w.kind = 'day' and w.number = extract(isodow from d.date)
    left join names as m on m.kind = 'month' and m.number = extract(month from d.date)
    {{#incremental}}
    -- new days, and those that have become one of the last, or are it no longer
    left join {{this}} as t on t.date = d.date
    where t.date is null
        or t.is_last_7_days <> d.is_last_7_days
        or t.is_last_28_days <> d.is_last_28_days
    {{/incremental}}
)

select
    date_key,
    date,
    day_of_week,
    week,
    month,
    quarter,
    year,
    iso_year,
    year_month,
    day_name,
    month_name,
    is_weekend,
    is_holiday,
    is_last_7_days,
    is_last_28_days
from final
