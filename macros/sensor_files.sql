{{! The landed sensor files with their apartment, minute and sections: the body of a CTE. Files of an owner who is not
    configured (any more) are left out. where: a condition on f. }}
    select
        f.load_id,
        f.name,
        {{> apartment_of_owner owner="substr(f.name, 17, length(f.name) - 30)"}} as apartment,
        coalesce(
            {{> utc_minute text="p.datetime"}},
            {{> utc_minute text="(substr(f.name, 1, 13) || ':' || substr(f.name, 14, 2))"}}
        ) as timestamp,
{{#each (var "sensor_sections") as |section|}}
        p."{{section.section}}"{{#unless @last}},{{/unless}}
{{/each}}
    from {{source "staging" "sensor_file"}} as f
    -- one pass over the document, whose sections are then at hand
    cross join lateral jsonb_to_record(case when jsonb_typeof(f.payload) = 'object' then f.payload end) as p (
        datetime text,
{{#each (var "sensor_sections") as |section|}}
        "{{section.section}}" jsonb{{#unless @last}},{{/unless}}
{{/each}}
    )
