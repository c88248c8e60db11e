{{! The readings of sensor files, one row each (the loader has composed the names of rooms), value NULL if what was sent is none: the body of a CTE.
    files: a CTE of sensor_files; condition: which of them, as f. A room holds one item; where items say their type themselves, maybe a list of them. }}
select
    f.apartment,
    r.room,
    r.sensor_type,
    r.field,
    {{> reading_value value="r.value" is_flag="r.is_flag"}} as value,
    f.timestamp,
    f.load_id
from {{files}} as f
cross join lateral (
{{#each (var "sensor_sections") as |section|}}
    {{#unless @first}}
    union all
    {{/unless}}
    select
        coalesce({{> composed text="n.room_name"}}, {{> bounded_text text="r.key"}}) as room,
    {{#if (eq section.sensor_type "by type")}}
        case lower(i.item ->> 'type') when 'door' then 'door' when 'window' then 'window' end as sensor_type,
    {{else}}
        {{literal section.sensor_type}} as sensor_type,
    {{/if}}
        v.field,
        v.is_flag,
        v.value
    from jsonb_each({{> section_rooms section=section.section files="f"}}) as r
    left join {{ref "rooms"}} as n on {{> composed text="n.raw_name"}} = r.key
    {{#if (eq section.sensor_type "by type")}}
    cross join lateral jsonb_path_query(r.value, '$[*]') as i (item)
    {{else}}
    cross join lateral (select r.value as item) as i
    {{/if}}
    cross join lateral (
        values
        {{#each section.readings as |reading|}}
            ({{literal reading.field}}, {{#if (eq reading.unit "bool")}}true{{else}}false{{/if}}, i.item -> {{literal reading.key}}){{#unless @last}},{{/unless}}
        {{/each}}
    ) as v (field, is_flag, value)
    where v.value is not null
{{/each}}
) as r
where f.apartment is not null
    and f.timestamp is not null
    and r.sensor_type is not null
    and {{condition}}
offset 0
