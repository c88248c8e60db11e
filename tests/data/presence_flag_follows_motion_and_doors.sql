{{#unless (eq (var "presence_rule" "motion_or_door") "motion_or_door_change")}}
{{config scope="new_rows"}}
{{/unless}}
-- Presence is what presence_rule says, and nothing else.
{{#if (eq (var "presence_rule" "motion_or_door") "motion_or_door_change")}}
with door_changes as (
    {{> door_changes}}
)

{{/if}}
select
    f.datetime_key,
    f.room_key,
    f.motion_count,
    f.door_open_flag,
    f.presence_flag
from {{ref "fact_presence_minute"}} as f
{{#if (eq (var "presence_rule" "motion_or_door") "motion_or_door_change")}}
left join {{ref "dim_apartment"}} as a on a.apartment_key = f.apartment_key
left join {{ref "dim_room"}} as r on r.room_key = f.room_key
left join {{ref "dim_datetime"}} as d on d.datetime_key = f.datetime_key
left join door_changes as c
    on c.timestamp = d.timestamp_utc
    and c.apartment = a.apartment_id
    and c.room = r.room_name
{{/if}}
where f.presence_flag <> {{> presence_flag motion="f.motion_count > 0" open="f.door_open_flag" changed="coalesce(c.is_change, false)"}}
{{#if (eq (var "presence_rule" "motion_or_door") "motion_or_door_change")}}
    -- the day after the oldest one kept: the reading before a day's first may be gone
    and f.date_key > {{> kept_since models="'sensor_events', 'fact_presence_minute'"}}
{{/if}}
