{{! Whether two readings of one file may share a key. It may say yes for nothing (the file is then read the slower way),
    never no by mistake. files: the relation that has payload and sections. Needs the CTE second_names. }}
(
    -- a list that may hold two items of one sensor type; a door beside a window does not
    {{files}}.payload @@ '
        false == true
{{#each (var "sensor_sections") as |section|}}
    {{#if (eq section.sensor_type "by type")}}
        || exists($."{{section.section}}" ? (@.type() == "object").keyvalue() ? (@.value.size() > 1 && !(
            @.value.size() == 2 && (
                @.value[0].type starts with "D" && @.value[1].type starts with "W"
                || @.value[0].type starts with "W" && @.value[1].type starts with "D"
                || @.value[0].type starts with "d" && @.value[1].type starts with "w"
                || @.value[0].type starts with "w" && @.value[1].type starts with "d"
            )
        )))
    {{/if}}
{{/each}}
    '
) is not false
-- a room under a name beside the usual one
{{#each (var "sensor_sections") as |section|}}
or coalesce(
    {{> section_rooms section=section.section files=../files}} ?| (select names from second_names),
    false
)
{{/each}}
