-- A day's hours, rain and sunshine are those of its hours, and no day is missing. Sums are compared to nine digits or six
-- decimals, in numeric, where no difference is out of range.
with hours as (
    select
        w.site_key,
        w.date_key,
        f.date - i.date as horizon_days,
        count(*) filter (where w.n_leads > 0) as hours,
        ({{> order_free_sum value="w.precipitation_mm"}})::numeric as precipitation_mm,
        ({{> order_free_sum value="w.radiation_wm2"}})::numeric as radiation_wm2
    from {{ref "fact_weather_hour"}} as w
    join {{ref "dim_date"}} as f on f.date_key = w.date_key
    join {{ref "dim_date"}} as i on i.date_key = w.prediction_date_key
    group by 1, 2, 3
),

days as (
    select
        d.site_key,
        d.date_key,
        h.horizon_days,
        d.hours,
        d.precipitation_mm_sum::numeric as precipitation_mm_sum,
        d.radiation_whm2_sum::numeric as radiation_whm2_sum
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
where (h.hours is distinct from d.hours
    or (abs(h.precipitation_mm - d.precipitation_mm_sum) > 1e-6 + 1e-9 * abs(h.precipitation_mm))
        is distinct from case when h.precipitation_mm is not null then false end
    or (abs(h.radiation_wm2 - d.radiation_whm2_sum) > 1e-6 + 1e-9 * abs(h.radiation_wm2))
        is distinct from case when h.radiation_wm2 is not null then false end)
    and date_key >= {{> kept_since models="'fact_weather_hour', 'fact_weather_day'"}}
