{{config materialized="incremental" unique_key="filename"}}

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

-- the first thing that speaks against a line is the one that counts
judged as (
    select
        name,
        prediction_date,
        load_id,
        case
            when timestamp is null then 'bad time'
            when timestamp < {{> weather_start}} then 'too old'
            when code is null then 'other measurement'
            when site is null or prediction is null then 'incomplete'
            when value is null then 'bad number'
            when value = -99999 then 'sentinel'
            else 'kept'
        end as verdict
    from lines
    -- judged once a line, not once a count
    offset 0
),

final as (
    select
        name as filename,
        prediction_date,
        count(*)::integer as lines_read,
        count(*) filter (where verdict = 'bad time')::integer as bad_time,
        count(*) filter (where verdict = 'too old')::integer as too_old,
        count(*) filter (where verdict = 'other measurement')::integer as other_measurement,
        count(*) filter (where verdict = 'incomplete')::integer as incomplete,
        count(*) filter (where verdict = 'sentinel')::integer as sentinel,
        count(*) filter (where verdict = 'bad number')::integer as bad_number,
        count(*) filter (where verdict = 'kept')::integer as kept,
        max(load_id) as load_id
    from judged
    group by
        name,
        prediction_date
)

select
    filename,
    prediction_date,
    lines_read,
    bad_time,
    too_old,
    other_measurement,
    incomplete,
    sentinel,
    bad_number,
    kept,
    load_id
from final
