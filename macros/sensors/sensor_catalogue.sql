{{! Every reading that silver takes from a sensor file, from the variable sensor_sections: the body of a CTE. }}
select *
from (
    values
    {{#each (var "sensor_sections") as |section|}}
        {{#each section.readings as |reading|}}
        ({{literal section.section}}, {{literal section.sensor_type}}, {{literal reading.key}}, {{literal reading.field}}, {{literal reading.unit}}, {{#if (eq reading.unit "bool")}}true{{else}}false{{/if}}),
        {{/each}}
    {{/each}}
        (null, null, null, null, null, null)
) as c (section, sensor_type, key, field, unit, is_flag)
where c.section is not null
