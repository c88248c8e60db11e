{{! The rooms of a section as one object, whatever was sent; NULL if the section is no object. Meteos have an inner level
    `meteo`, or have not; where it is of another kind, a list of modules say, there are none. section: the section's name;
    files: the relation that has the sections. }}
{{#if (eq section "meteos")}}
case
    when jsonb_typeof({{files}}.meteos -> 'meteo') = 'object' then {{files}}.meteos -> 'meteo'
    when jsonb_typeof({{files}}.meteos) = 'object' and coalesce(jsonb_typeof({{files}}.meteos -> 'meteo'), 'null') = 'null'
        then {{files}}.meteos
end
{{else}}
case when jsonb_typeof({{files}}."{{section}}") = 'object' then {{files}}."{{section}}" end
{{/if}}
