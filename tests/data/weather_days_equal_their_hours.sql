-- A day's hours, rain and sunshine are those of its hours, and no day is missing.
with hours as (
    select
        site_key,
        date_key,
        to_date(date_key::text, 'YYYYMMDD') - to_date(prediction_date_key::text, 'YYYYMMDD') as horizon_days,
        count(*) filter (where n_model_runs > 0) as hours,
        sum(precipitation_mm) as precipitation_mm,
        sum(radiation_wm2) as radiation_wm2
    from {{ref "fact_weather_hour"}}
    group by 1, 2, 3
),

days as (
    select
        d.*,
        h.horizon_days
    from {{ref "fact_weather_day"}} as d
    join {{ref "dim_horizon"}} as h on h.horizon_key = d.horizon_key
)

select
    site_key,
    date_key,
    horizon_days,
    h.hours as hours_of_hours,
    d.hours as hours_of_day,
    h.precipitation_mm,
    d.precipitation_mm_sum,
    h.radiation_wm2,
    d.radiation_whm2_sum
from hours as h
full join days as d using (site_key, date_key, horizon_days)
where h.hours is distinct from d.hours
    or (abs(h.precipitation_mm - d.precipitation_mm_sum) > 1e-5) is distinct from case when h.precipitation_mm is not null then false end
    or (abs(h.radiation_wm2 - d.radiation_whm2_sum) > 1e-5) is distinct from case when h.radiation_wm2 is not null then false end
