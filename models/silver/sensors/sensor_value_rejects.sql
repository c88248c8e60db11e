{{config materialized="incremental" unique_key="name, section, room, item, key"}}

with suspect_files as (
    {{> sensor_files}}
    where true
    {{#incremental}}
        and f.load_id > {{high_water "staging.sensor_file"}}
    {{/incremental}}
        and {{> holds_rejects payload="f.payload"}}
    offset 0
),

catalogue as (
    {{> sensor_catalogue}}
),

sections as (
    select
        f.load_id,
        f.name,
        s.section,
        s.items,
        s.content,
        s.rooms
    from suspect_files as f
    cross join lateral (
        {{#each (var "sensor_sections") as |section|}}
        {{#unless @first}}
        union all
        {{/unless}}
        select
            {{literal section.section}} as section,
            {{#if (eq section.sensor_type "by type")}}'$[*]'{{else}}'$'{{/if}}::jsonpath as items,
            {{#if (eq section.section "meteos")}}
            case
                when jsonb_typeof(f.meteos -> 'meteo') not in ('object', 'null') then f.meteos -> 'meteo'
                else f.meteos
            end as content,
            {{else}}
            f."{{section.section}}" as content,
            {{/if}}
            {{> section_rooms section=section.section files="f"}} as rooms
        {{/each}}
    ) as s
),

items as (
    select
        s.load_id,
        s.name,
        s.section,
        {{> bounded_text text="r.key"}} as room,
        i.item_number as item,
        i.content
    from sections as s
    cross join lateral jsonb_each(s.rooms) as r
    cross join lateral jsonb_path_query(r.value, s.items) with ordinality as i (content, item_number)
),

readings as (
    select
        i.load_id,
        i.name,
        i.section,
        i.room,
        i.item,
        c.key,
        c.is_flag,
        i.content -> c.key as content
    from items as i
    join catalogue as c on c.section = i.section
    offset 0
),

rejects as (
    select
        load_id,
        name,
        section,
        '' as room,
        0 as item,
        '' as key,
        content
    from sections
    where jsonb_typeof(content) not in ('object', 'null')
        and content <> '[]'
    union all
    select
        load_id,
        name,
        section,
        room,
        item,
        '' as key,
        content
    from items
    where jsonb_typeof(content) not in ('object', 'null')
    union all
    -- an item that does not say what it is
    select
        i.load_id,
        i.name,
        i.section,
        i.room,
        i.item,
        'type' as key,
        i.content -> 'type' as content
    from items as i
    where i.section in (select c.section from catalogue as c where c.sensor_type = 'by type')
        and lower(i.content ->> 'type') in ('door', 'window') is not true
        and exists (
            select
            from readings as r
            where r.name = i.name
                and r.section = i.section
                and r.room = i.room
                and r.item = i.item
                and jsonb_typeof(r.content) <> 'null'
        )
    union all
    select
        load_id,
        name,
        section,
        room,
        item,
        key,
        content
    from readings
    where jsonb_typeof(content) <> 'null'
        and {{> reading_value value="content" is_flag="is_flag"}} is null
),

final as (
    select
        name,
        section,
        room,
        item::integer as item,
        key,
        {{> apartment_of_owner owner="substr(name, 17, length(name) - 30)"}} as apartment,
        coalesce(jsonb_typeof(content), 'missing') as json_type,
        left(content #>> '{}', 100) as raw_value,
        load_id
    from rejects
)

select
    name,
    section,
    room,
    item,
    key,
    apartment,
    json_type,
    raw_value,
    load_id
from final
