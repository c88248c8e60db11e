-- Presence is motion or an open door, and nothing else.
select
    datetime_key,
    room_key,
    motion_count,
    door_open_flag,
    presence_flag
from {{ref "fact_presence_minute"}}
where presence_flag <> (motion_count > 0 or door_open_flag)
