{{config materialized="incremental" unique_key="datetime_key, room_key, model_key, horizon_key, target_key"}}

with datetimes as (
    select * from {{ref "dim_datetime"}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

models as (
    select * from {{ref "dim_model"}}
),

horizons as (
    select * from {{ref "dim_horizon"}}
),

targets as (
    select * from {{ref "dim_target"}}
),

predicted as (
    select
        p.apartment,
        p.room,
        p.target,
        r.apartment_key,
        r.room_key
    from {{ref "prediction_targets"}} as p
    left join apartments as a on a.apartment_id = p.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = p.room
),

{{#incremental}}
{{> touched_windows}}
predictions as (
    select p.*
    from touched as t
    -- one look-up in the key of predictions each, whatever the planner believes about their number
    cross join lateral (
        select s.*
        from {{ref "predictions"}} as s
        where s.timestamp = t.timestamp
            and s.apartment = t.apartment
            and s.room = t.room
            and s.target = t.target
        offset 0
    ) as p
),
{{else}}
predictions as (
    select * from {{ref "predictions"}}
),
{{/incremental}}

keyed as (
    select
        p.*,
        d.datetime_key,
        d.date_key,
        r.room_key,
        r.apartment_key,
        m.model_key,
        h.horizon_key,
        t.target_key
    from predictions as p
    left join predicted as r
        on r.apartment = p.apartment
        and r.room = p.room
        and r.target = p.target
    left join models as m on m.model_name = p.model_name and m.model_version = p.model_version
    left join horizons as h on h.horizon_name = p.horizon_name and h.horizon_days = p.horizon_days
    left join targets as t on t.target_name = p.target
    left join lateral (
        select
            s.datetime_key,
            s.date_key
        from datetimes as s
        where s.timestamp_utc = p.timestamp
        {{#incremental}}
        offset 0
        {{/incremental}}
    ) as d on true
),

-- Several models and horizons predict the same window.
windows as (
    select distinct
        apartment,
        room,
        room_key,
        target,
        timestamp,
        window_minutes
    from keyed
),

actuals as (
    {{> window_actuals}}
),

final as (
    select
        k.datetime_key,
        k.room_key,
        k.model_key,
        k.horizon_key,
        k.target_key,
        k.date_key,
        k.apartment_key,
        k.lead_minutes as horizon_minutes,
        k.model_role as role,
        k.value as predicted_value,
        k.lower as lower_value,
        k.upper as upper_value,
        k.class as predicted_class,
        k.confidence,
        a.actual_value,
        k.window_minutes,
        k.run_at
    from keyed as k
    left join actuals as a
        on a.timestamp = k.timestamp
        and a.apartment = k.apartment
        and a.room = k.room
        and a.target = k.target
        and a.window_minutes = k.window_minutes
)

select
    datetime_key,
    room_key,
    model_key,
    horizon_key,
    target_key,
    date_key,
    apartment_key,
    horizon_minutes,
    role,
    predicted_value,
    lower_value,
    upper_value,
    predicted_class,
    confidence,
    actual_value,
    window_minutes,
    run_at
from final
