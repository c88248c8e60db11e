{{config materialized="incremental" unique_key="apartment, room, sensor_type, field, timestamp"}}

with files as (
    {{> sensor_files}}
    {{#incremental}}
    where f.load_id > {{high_water "staging.sensor_file"}}
    {{/incremental}}
    offset 0
),

fields as (
    select
        f.field,
        f.unit,
        b.lower,
        b.upper
    from (
        select distinct
            field,
            unit
        from (
            values
            {{#each (var "sensor_sections") as |section|}}
                {{#each section.readings as |reading|}}
                ({{literal reading.field}}, {{literal reading.unit}}){{#unless (eq @last @../last)}},{{else}}{{#unless @last}},{{/unless}}{{/unless}}
                {{/each}}
            {{/each}}
        ) as f (field, unit)
    ) as f
    left join {{ref "bounds"}} as b on b.field = f.field
),

select 1
