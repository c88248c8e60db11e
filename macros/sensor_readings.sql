{{! The readings of every section of a file, one row a reading, as sent: the body of a lateral subquery.
    files: the relation that has the sections. A room holds one item or a list of items. }}
{{#each (var "sensor_sections") as |section|}}
    {{#unless @first}}
    union all
    {{/unless}}
    select
        coalesce(n.room_name, r.key) as room,
    {{#if (eq section.sensor_type "by type")}}
        case lower(i.item ->> 'type') when 'door' then 'door' when 'window' then 'window' end as sensor_type,
    {{else}}
        {{literal section.sensor_type}} as sensor_type,
    {{/if}}
        v.field,
        v.is_flag,
        v.value
    from jsonb_each({{> section_rooms section=section.section alias=../files}}) as r
    left join {{ref "rooms"}} as n on n.raw_name = r.key
    cross join lateral jsonb_path_query(r.value, '$[*]') as i (item)
    cross join lateral (
        values
        {{#each section.readings as |reading|}}
            ({{literal reading.field}}, {{#if (eq reading.unit "bool")}}true{{else}}false{{/if}}, i.item -> {{literal reading.key}}){{#unless @last}},{{/unless}}
        {{/each}}
    ) as v (field, is_flag, value)
    where v.value is not null
{{/each}}
