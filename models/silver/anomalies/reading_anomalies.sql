{{config materialized="view"}}

with profiles as (
    select * from {{ref "room_quarter_profile"}}
    where is_climate_improbable or is_power_improbable
),

quarters as (
    select * from {{ref "room_quarter"}}
),

suspects as (
    select
        p.quarter,
        p.apartment,
        p.room,
        m.*
    from profiles as p
    join quarters as q
        on q.quarter = p.quarter
        and q.apartment = p.apartment
        and q.room = p.room
    cross join lateral (
        {{#each (list "temperature_c" "co2_ppm" "noise_db") as |measure|}}
        select
            '{{measure}}' as measure,
            case
                when p.{{measure}}_standing >= {{> frozen_quarters measure=measure}} then 'frozen'
                when {{> departs_from_profile q="q" p="p" measure=measure}} then 'unusual'
            end as reason,
            q.{{measure}} as value,
            p.{{measure}}_expected as expected,
            p.{{measure}}_allowed as allowed
        union all
        {{/each}}
        select
            'power_w' as measure,
            'unusual' as reason,
            q.power_w as value,
            p.power_w_expected as expected,
            p.power_w_allowed as allowed
        where p.is_power_improbable
    ) as m
    where m.reason is not null
),

-- An unusual power that was forecast is none: the forecast knows more than a mean of days.
forecast as (
    select
        s.*,
        f.value as forecast,
        f.lower - {{lookup (var "anomalies") "interval_widths"}} * (f.upper - f.lower) as forecast_lower,
        f.upper + {{lookup (var "anomalies") "interval_widths"}} * (f.upper - f.lower) as forecast_upper
    from suspects as s
    left join lateral (
        select p.*
        from {{ref "predictions"}} as p
        where p.timestamp = s.quarter
            and p.apartment = s.apartment
            and p.room = s.room
            and p.target = case s.measure when 'power_w' then 'mean_power_w' end
            and p.window_minutes = 15
            and coalesce(p.model_role, 'champion') = 'champion'
            and p.value is not null
            and p.lower <= p.upper
        order by {{> presence_probability_order}}
        limit 1
    ) as f on true
),

final as (
    select
        quarter,
        apartment,
        room,
        measure,
        case when forecast is not null then 'outside forecast' else reason end as reason,
        value,
        coalesce(forecast, expected) as expected,
        case when forecast is not null then forecast_lower else expected - allowed end as lower,
        case when forecast is not null then forecast_upper else expected + allowed end as upper,
        case when reason = 'frozen' then 1 else abs(value - expected) / allowed end as score
    from forecast
    where forecast is null
        or value < forecast_lower
        or value > forecast_upper
)

select
    quarter,
    apartment,
    room,
    measure,
    reason,
    value,
    expected,
    lower,
    upper,
    score
from final
