{{config materialized="table" unique_key="room_id"}}

with records as (
    {{> registry_rows table="rooms"}}
),

standard_names as (
    select
        n.name,
        min(n.room_name) as room_name
    from (
        select
            {{> squeezed name="raw_name"}} as name,
            room_name
        from {{ref "rooms"}}
        union all
        select
            {{> squeezed name="room_name"}} as name,
            room_name
        from {{ref "rooms"}}
    ) as n
    group by n.name
),

final as (
    select distinct on (k.room_id)
        k.room_id,
        {{> whole_number value="(r.fields -> 'idbuilding')"}} as building_id,
        coalesce(s.room_name, btrim(r.fields ->> 'roomname', E' \t\r\n')) as room,
        r.fields ->> 'roomname' as room_name,
        r.fields ->> 'orientation' as orientation,
        {{> reading_value value="(r.fields -> 'm2')" is_flag="false"}} as area_m2,
        c.sensor_count,
        c.sensor_counts,
        r.record,
        r.load_id
    from records as r
    cross join lateral (
        select {{> whole_number value="(r.fields -> 'idroom')"}} as room_id
    ) as k
    cross join lateral (
        select
            coalesce(sum(n.sensors), 0)::bigint as sensor_count,
            coalesce(jsonb_object_agg(n.name, n.sensors), '{}') as sensor_counts
        from (
            select
                f.name,
                {{> whole_number value="f.value"}} as sensors
            from jsonb_each(r.fields) as f (name, value)
            where f.name like 'nb%'
        ) as n
        where n.sensors between 0 and 1000000
    ) as c
    left join standard_names as s on s.name = {{> squeezed name="r.fields ->> 'roomname'"}}
    where k.room_id is not null
    -- a key that stands twice is one row, and always the same one
    order by
        k.room_id,
        r.record::text collate "C"
)

select
    room_id,
    building_id,
    room,
    room_name,
    orientation,
    area_m2,
    sensor_count,
    sensor_counts,
    record,
    load_id
from final
