{{config materialized="incremental" unique_key="timestamp, site, prediction, prediction_date, measurement"}}

with chunks as not materialized (
    {{> weather_chunks}}
    {{#incremental}}
    where c.load_id > {{high_water "staging.weather_chunk"}}
    {{/incremental}}
),

times as materialized (
    {{> weather_times chunks="chunks"}}
),

lines as (
    {{> weather_lines chunks="chunks"}}
),

values_of_runs as materialized (
    select
        timestamp,
        site,
        prediction,
        prediction_date,
        code,
        max(value) as value,
        max(load_id) as load_id
    from lines
    where timestamp >= {{> weather_start}}
        and site is not null
        and prediction is not null
        and code is not null
        and value <> -99999
    group by
        timestamp,
        site,
        prediction,
        prediction_date,
        code
),

-- A file comes with one load, so all of it is here.
files as (
    select
        prediction_date,
        {{> predictions_are_leads}} as has_leads
    from values_of_runs
    group by prediction_date
),

final as (
    select
        v.timestamp,
        v.site,
        v.prediction,
        v.prediction_date,
        m.measurement,
        m.unit,
        case when f.has_leads then v.prediction end as lead_hours,
        v.value,
        {{> is_outlier value="v.value" lower="m.lower" upper="m.upper"}} as is_outlier,
        case when f.has_leads then v.timestamp - make_interval(hours => v.prediction) end as run_at,
        v.load_id
    from values_of_runs as v
    join files as f on f.prediction_date = v.prediction_date
    join {{ref "measurements"}} as m on m.code = v.code
)

select
    timestamp,
    site,
    prediction,
    prediction_date,
    measurement,
    unit,
    lead_hours,
    value,
    is_outlier,
    run_at,
    load_id
from final
