{{config materialized="incremental" unique_key="datetime_key, room_key"}}

{{#incremental}}
with touched as (
    select distinct
        apartment,
        room,
        timestamp
    from {{ref "sensor_events"}}
    where load_id > {{high_water "sensor_events"}}
        and sensor_type in ('motion', 'door')
    {{#if (eq (var "presence_rule" "motion_or_door") "motion_or_door_change")}}
    -- What a door read last decides whether its next reading is a change.
    union
    {{> next_door_readings}}
    {{/if}}
    union
    select
        apartment,
        room,
        timestamp
    from {{ref "predictions"}}
    where load_id > {{high_water "predictions"}}
        and target = 'presence'
    union
    select
        p.apartment,
        p.room,
        e.timestamp
    from {{ref "predictions"}} as p
    -- one range of the key of sensor_events a quarter, whatever the planner believes about their number
    cross join lateral (
        select s.timestamp
        from {{ref "sensor_events"}} as s
        where s.timestamp >= p.timestamp
            and s.timestamp < p.timestamp + interval '15 minutes'
            and s.apartment = p.apartment
            and s.room = p.room
        offset 0
    ) as e
    where p.load_id > {{high_water "predictions"}}
        and p.target = 'occupied'
),

events as (
    {{> events_of_touched by="room"}}
),
{{else}}
with events as (
    select * from {{ref "sensor_events"}}
),
{{/incremental}}

minutes as (
    select
        apartment,
        room,
        timestamp,
        count(*) filter (where field = 'motion' and value > 0)::integer as motion_count,
        coalesce(bool_or(value > 0) filter (where field = 'open'), false) as door_open_flag
    from events
    where sensor_type in ('motion', 'door')
    group by
        apartment,
        room,
        timestamp
),

{{#if (eq (var "presence_rule" "motion_or_door") "motion_or_door_change")}}
door_changes as (
    {{#incremental}}
    {{> door_changes_of_touched}}
    {{else}}
    {{> door_changes}}
    {{/incremental}}
),

{{/if}}
{{#incremental}}
{{else}}
probabilities as (
    {{> presence_probabilities target="presence"}}
),

probabilities_of_quarters as (
    {{> presence_probabilities target="occupied"}}
),

{{/incremental}}
datetimes as (
    select * from {{ref "dim_datetime"}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

final as (
    select
        d.datetime_key,
        r.room_key,
        d.date_key,
        a.apartment_key,
        m.motion_count,
        {{#incremental}}
        p.value as presence_prob,
        {{else}}
        case when p.value is null or q.lead_minutes < p.lead_minutes then coalesce(q.value, p.value) else p.value end as presence_prob,
        {{/incremental}}
        m.door_open_flag,
        {{> presence_flag motion="m.motion_count > 0" open="m.door_open_flag" changed="coalesce(c.is_change, false)"}} as presence_flag
    from minutes as m
    {{#if (eq (var "presence_rule" "motion_or_door") "motion_or_door_change")}}
    left join door_changes as c
        on c.timestamp = m.timestamp
        and c.apartment = m.apartment
        and c.room = m.room
    {{/if}}
    left join datetimes as d on d.timestamp_utc = m.timestamp
    left join apartments as a on a.apartment_id = m.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = m.room
    {{#incremental}}
    left join lateral (
        select b.value
        from (
            select p.*
            from {{ref "predictions"}} as p
            where p.timestamp = m.timestamp
                and p.apartment = m.apartment
                and p.room = m.room
                and {{> is_presence_probability target="presence"}}
            union all
            select p.*
            from {{ref "predictions"}} as p
            where p.timestamp = {{> quarter_of instant="m.timestamp"}}
                and p.apartment = m.apartment
                and p.room = m.room
                and {{> is_presence_probability target="occupied"}}
        ) as b
        order by {{> presence_probability_order}}
        limit 1
    ) as p on true
    {{else}}
    left join probabilities as p
        on p.timestamp = m.timestamp
        and p.apartment = m.apartment
        and p.room = m.room
    left join probabilities_of_quarters as q
        on q.timestamp = {{> quarter_of instant="m.timestamp"}}
        and q.apartment = m.apartment
        and q.room = m.room
    {{/incremental}}
)

select
    datetime_key,
    room_key,
    date_key,
    apartment_key,
    motion_count,
    presence_prob,
    door_open_flag,
    presence_flag
from final
