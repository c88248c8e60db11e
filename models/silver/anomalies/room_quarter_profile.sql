{{config materialized="incremental" unique_key="quarter, apartment, room"}}

{{#incremental}}
with touched as (
    select
        quarter,
        apartment,
        load_id
    from {{ref "room_quarter"}}
    where load_id > {{high_water "room_quarter"}}
),

-- later quarters of which a touched one may say that a sensor stands still
following_quarters as (
    select distinct
        t.apartment,
        t.quarter + n * interval '15 minutes' as quarter
    from (select distinct apartment, quarter from touched) as t
    cross join generate_series(0, {{> longest_standing}} - 1) as n
),

following as (
    {{> rooms_at_quarters of="following_quarters"}}
),

-- hours of later days that are compared with a touched one
later_hours as (
    select distinct
        t.apartment,
        t.hour + n * interval '1 day' as hour
    from (select distinct apartment, date_trunc('hour', {{> local_time instant="quarter"}}) as hour from touched) as t
    cross join generate_series(1, {{lookup (var "anomalies") "profile_days"}}) as n
),

compared as (
    {{> quarters_of_local_hours of="later_hours"}}
),

affected as (
    select
        quarter,
        apartment,
        room,
        date_trunc('hour', {{> local_time instant="quarter"}}) as hour
    from following
    union
    select
        quarter,
        apartment,
        room,
        hour
    from compared
),

-- with the hours of which a profile is made
earlier_hours as (
    select distinct
        a.apartment,
        a.hour - n * interval '1 day' as hour
    from (select distinct apartment, hour from affected) as a
    cross join generate_series(0, {{lookup (var "anomalies") "profile_days"}}) as n
),

compared_with as (
    {{> quarters_of_local_hours of="earlier_hours"}}
),

series_quarters as (
    select distinct
        a.apartment,
        a.quarter - n * interval '15 minutes' as quarter
    from (select distinct apartment, quarter from affected) as a
    cross join generate_series(0, {{> longest_standing}} - 1) as n
),

series as (
    {{> rooms_at_quarters of="series_quarters"}}
),
{{else}}
with compared_with as (
    select
        *,
        date_trunc('hour', {{> local_time instant="quarter"}}) as hour
    from {{ref "room_quarter"}}
),

series as (
    select * from {{ref "room_quarter"}}
),
{{/incremental}}

inside as (
    select
        room_name as room,
        bool_and(is_inside) as is_inside
    from {{ref "rooms"}}
    group by room_name
),

hours as (
    select
        apartment,
        room,
        hour,
        {{#each (list "temperature_c" "co2_ppm" "noise_db" "power_w") as |measure|}}
        {{#unless @first}},{{/unless}}{{> profile_sum measure=measure}}
        {{/each}}
    from compared_with
    group by
        apartment,
        room,
        hour
),

profiles as (
    select
        h.apartment,
        h.room,
        h.hour,
        {{#each (list "temperature_c" "co2_ppm" "noise_db" "power_w") as |measure|}}
        {{#unless @first}},{{/unless}}{{> profile_of_hours measure=measure}}
        {{/each}}
    from hours as h
    window days_before as (
        partition by h.apartment, h.room, extract(hour from h.hour)
        order by h.hour
        range between interval '{{lookup (var "anomalies") "profile_days"}} days' preceding and interval '1 day' preceding
    )
),

steps as (
    select
        quarter,
        apartment,
        room,
        power_w,
        load_id,
        {{#each (list "temperature_c" "co2_ppm" "noise_db") as |measure|}}
        {{measure}},
        case
            when quarter - interval '15 minutes' is distinct from lag(quarter) over by_room
                or {{measure}} is distinct from lag({{measure}}) over by_room
                then quarter
        end as {{measure}}_since{{#unless @last}},{{/unless}}
        {{/each}}
    from series
    window by_room as (partition by apartment, room order by quarter)
),

-- materialized, or the planner takes their order for a join on two of three columns, which costs the square of a room's quarters
standing as materialized (
    select
        quarter,
        apartment,
        room,
        power_w,
        load_id,
        date_trunc('hour', {{> local_time instant="quarter"}}) as hour,
        {{#each (list "temperature_c" "co2_ppm" "noise_db") as |measure|}}
        {{measure}},
        {{> quarters_standing measure=measure}}{{#unless @last}},{{/unless}}
        {{/each}}
    from steps
    window by_room as (partition by apartment, room order by quarter rows unbounded preceding)
),

expected as (
    select
        a.quarter,
        a.apartment,
        a.room,
        a.temperature_c,
        a.co2_ppm,
        a.noise_db,
        a.power_w,
        {{#each (list "temperature_c" "co2_ppm" "noise_db" "power_w") as |measure|}}
        p.{{measure}}_mean as {{measure}}_expected,
        -- outdoors it is the weather that departs
        case
            when coalesce(i.is_inside, true) and p.{{measure}}_days >= {{lookup (var "anomalies") "min_days"}}
                then greatest(
                    -- deviations are large where a device runs now and then; what it draws at most is not
                    least(
                        {{lookup (var "anomalies") "deviations"}} * p.{{measure}}_deviation,
                        greatest(p.{{measure}}_greatest - p.{{measure}}_mean, p.{{measure}}_mean - p.{{measure}}_least)
                            + {{lookup (lookup (var "anomalies") "least") measure}}
                    ),
                    {{lookup (lookup (var "anomalies") "least") measure}}
                )
        end as {{measure}}_allowed,
        {{/each}}
        a.temperature_c_standing,
        a.co2_ppm_standing,
        a.noise_db_standing,
        a.load_id
    from standing as a
    left join inside as i on i.room = a.room
    left join profiles as p
        on p.apartment = a.apartment
        and p.room = a.room
        and p.hour = a.hour
    {{#incremental}}
    where (a.quarter, a.apartment, a.room) in (
        select
            quarter,
            apartment,
            room
        from affected
    )
    {{/incremental}}
),

final as (
    select
        e.quarter,
        e.apartment,
        e.room,
        {{#each (list "temperature_c" "co2_ppm" "noise_db" "power_w") as |measure|}}
        e.{{measure}}_expected,
        e.{{measure}}_allowed,
        {{/each}}
        e.temperature_c_standing,
        e.co2_ppm_standing,
        e.noise_db_standing,
        {{#each (list "temperature_c" "co2_ppm" "noise_db") as |measure|}}
        {{#unless @first}}or {{/unless}}{{> departs_from_profile q="e" p="e" measure=measure}}
        or coalesce(e.{{measure}}_standing >= {{> frozen_quarters measure=measure}}, false)
        {{/each}} as is_climate_improbable,
        {{> departs_from_profile q="e" p="e" measure="power_w"}} as is_power_improbable,
        {{#incremental}}
        (select max(t.load_id) from touched as t) as load_id
        {{else}}
        e.load_id
        {{/incremental}}
    from expected as e
)

select
    quarter,
    apartment,
    room,
    temperature_c_expected,
    temperature_c_allowed,
    temperature_c_standing,
    co2_ppm_expected,
    co2_ppm_allowed,
    co2_ppm_standing,
    noise_db_expected,
    noise_db_allowed,
    noise_db_standing,
    power_w_expected,
    power_w_allowed,
    is_climate_improbable,
    is_power_improbable,
    load_id
from final
