{{! Every field that silver knows, with its unit. A field has one unit, whichever sensor sends it. }}
select distinct
    field,
    unit
from (
    values
    {{#each (var "sensor_sections") as |section|}}
        {{#each section.readings as |reading|}}
        ({{literal reading.field}}, {{literal reading.unit}}),
        {{/each}}
    {{/each}}
        (null, null)
) as f (field, unit)
where field is not null
