{{config materialized="incremental" unique_key="timestamp, apartment, room, sensor_type, field"}}

with files as not materialized (
    {{> sensor_files}}
    {{#incremental}}
    where f.load_id > {{high_water "staging.sensor_file"}}
    {{/incremental}}
    -- keeps what is computed once a file from being computed again for each of its readings; so does every `offset 0`
    offset 0
),

rooms as (
    select
        {{> composed text="raw_name"}} as raw_name,
        {{> composed text="room_name"}} as room_name
    from {{ref "rooms"}}
),

fields as (
    select
        c.field,
        c.unit,
        b.lower,
        b.upper
    from (
        {{> sensor_catalogue}}
    ) as c
    left join {{ref "bounds"}} as b on b.field = c.field
    group by
        c.field,
        c.unit,
        b.lower,
        b.upper
),

-- Of the names that stand for one room all but the first; the standard name itself comes after the raw ones.
second_names as (
    select coalesce(array_agg(n.name), '{}') as names
    from (
        select
            a.name,
            row_number() over (partition by a.room_name order by a.is_standard, a.name) as place
        from (
            select
                r.raw_name as name,
                r.room_name,
                false as is_standard
            from rooms as r
            union
            select
                r.room_name as name,
                r.room_name,
                true as is_standard
            from rooms as r
            where r.room_name not in (select k.raw_name from rooms as k)
        ) as a
    ) as n
    where n.place > 1
),

-- Keys are shared in few files or none; only those are worth a grouping, which takes longer than all the rest.
shared_files as materialized (
    select coalesce(range_agg(int8range(s.file_id, s.file_id, '[]')), '{}') as file_ids
    from (
        select
            h.file_id,
            h.holds_shared_keys,
            count(*) over (partition by h.apartment, h.timestamp) as files_of_minute
        from (
            select
                f.file_id,
                f.apartment,
                f.timestamp,
                {{> holds_shared_keys files="f"}} as holds_shared_keys
            from files as f
            offset 0
        ) as h
    ) as s
    where s.holds_shared_keys
        or s.files_of_minute > 1
),

single_readings as (
    {{> sensor_readings files="files" condition="not f.file_id <@ (select s.file_ids from shared_files as s)"}}
),

shared_readings as (
    {{> sensor_readings files="files" condition="f.file_id <@ (select s.file_ids from shared_files as s)"}}
),

events as (
    select
        apartment,
        room,
        sensor_type,
        field,
        value,
        timestamp,
        load_id
    from single_readings
    where value is not null
    union all
    select
        apartment,
        room,
        sensor_type,
        field,
        case when field = 'battery' then min(value) else max(value) end as value,
        timestamp,
        max(load_id) as load_id
    from shared_readings
    where value is not null
    group by
        apartment,
        room,
        sensor_type,
        field,
        timestamp
),

{{#incremental}}
changes as (
    select e.*
    from events as e
    -- one index look-up a row, whatever the planner believes about the number of rows
    left join lateral (
        select t.value
        from {{this}} as t
        where t.apartment = e.apartment
            and t.room = e.room
            and t.sensor_type = e.sensor_type
            and t.field = e.field
            and t.timestamp = e.timestamp
        limit 1
    ) as t on true
    where t.value is null
        or case when e.field = 'battery' then e.value < t.value else e.value > t.value end
),
{{/incremental}}

final as (
    select
        e.apartment,
        e.room,
        e.sensor_type,
        e.field,
        f.unit,
        e.value,
        {{> is_outlier value="e.value" lower="f.lower" upper="f.upper"}} as is_outlier,
        e.timestamp,
        e.load_id
    from {{#incremental}}changes{{else}}events{{/incremental}} as e
    left join fields as f on f.field = e.field
)

select
    apartment,
    room,
    sensor_type,
    field,
    unit,
    value,
    is_outlier,
    timestamp,
    load_id
from final
