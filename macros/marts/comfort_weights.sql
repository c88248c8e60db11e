{{! How much each measure counts in a comfort score: a query of one row with temperature, air and humidity, 0 where the seed has none. }}
select
    coalesce(max(weight) filter (where measure = 'temperature_c'), 0) as temperature,
    coalesce(max(weight) filter (where measure = 'co2_ppm'), 0) as air,
    coalesce(max(weight) filter (where measure = 'humidity_pct'), 0) as humidity
from {{ref "comfort_bounds"}}
