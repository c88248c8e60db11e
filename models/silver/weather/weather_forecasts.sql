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

values_of_runs as (
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

final as (
    select
        v.timestamp,
        v.site,
        v.prediction,
        v.prediction_date,
        m.measurement,
        m.unit,
        v.value,
        {{> is_outlier value="v.value" lower="m.lower" upper="m.upper"}} as is_outlier,
        v.load_id
    from values_of_runs as v
    join {{ref "measurements"}} as m on m.code = v.code
)

select
    timestamp,
    site,
    prediction,
    prediction_date,
    measurement,
    unit,
    value,
    is_outlier,
    load_id
from final
