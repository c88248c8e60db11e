{{! The object room -> items of a section, whatever was sent; NULL if it is no object. Meteos may have an inner level
    `meteo`. section: the section's name; alias: the relation that has it. }}
{{#if (eq section "meteos")}}
case
    when jsonb_typeof({{alias}}.meteos -> 'meteo') = 'object' then {{alias}}.meteos -> 'meteo'
    when jsonb_typeof({{alias}}.meteos) = 'object' then {{alias}}.meteos
end
{{else}}
case when jsonb_typeof({{alias}}."{{section}}") = 'object' then {{alias}}."{{section}}" end
{{/if}}
