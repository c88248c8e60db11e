{{! The landed sensor files with their apartment, minute and sections: the body of a CTE; conditions on f may follow.
    The loader has made sure of the name: DD.MM.YYYY HHMM_<Owner>_received.json. }}
select
    f.file_id,
    f.load_id,
    f.name,
    {{> apartment_of_owner owner="substr(f.name, 17, length(f.name) - 30)"}} as apartment,
    coalesce(
        {{> utc_minute text="p.datetime"}},
        {{> utc_minute text="overlay(left(f.name, 15) placing ':' from 14 for 0)"}}
    ) as timestamp,
    f.payload,
{{#each (var "sensor_sections") as |section|}}
    p."{{section.section}}"{{#unless @last}},{{/unless}}
{{/each}}
from {{source "staging" "sensor_file"}} as f
-- one pass over the document, and its sections are at hand
cross join lateral jsonb_to_record(case when jsonb_typeof(f.payload) = 'object' then f.payload end) as p (
    datetime text,
{{#each (var "sensor_sections") as |section|}}
    "{{section.section}}" jsonb{{#unless @last}},{{/unless}}
{{/each}}
)
