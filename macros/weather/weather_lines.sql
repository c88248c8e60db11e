{{! The lines of weather chunks, each with what it says and what silver makes of it: the body of a CTE. value is NULL if the
    text is no number; code is NULL if the measurement is not one of seed measurements. Needs the CTE times.
    chunks: a CTE of weather_chunks. }}
select
    c.load_id,
    c.name,
    c.prediction_date,
    t.timestamp,
    {{> bounded_text text="nullif(l.site, '')"}} as site,
    case when l.prediction ~ '^[0-9]{1,4}$' then l.prediction::smallint end as prediction,
    m.code,
    {{> number_text text="l.value"}} as value
from {{chunks}} as c
cross join lateral rows from (
    jsonb_array_elements_text(c.columns -> 'Time'),
    jsonb_array_elements_text(c.columns -> 'Value'),
    jsonb_array_elements_text(c.columns -> 'Prediction'),
    jsonb_array_elements_text(c.columns -> 'Site'),
    jsonb_array_elements_text(c.columns -> 'Measurement')
) as l (time, value, prediction, site, measurement)
left join times as t on t.text = l.time
left join {{ref "measurements"}} as m on m.code = l.measurement
