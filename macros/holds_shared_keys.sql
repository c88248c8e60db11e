{{! Whether two readings of one file may share a key. It may say yes too often (the file is then read the slow way), never
    no by mistake. files: the relation that has payload and sections. }}
(
    -- a list that may hold two items of one sensor type; a door beside a window does not
    {{files}}.payload @@ '
{{#each (var "sensor_sections") as |section|}}
    {{#if (eq section.sensor_type "by type")}}
        exists($."{{section.section}}".* ? (@.size() > 1 && !(
            @.size() == 2 && (
                @[0].type starts with "D" && @[1].type starts with "W"
                || @[0].type starts with "W" && @[1].type starts with "D"
                || @[0].type starts with "d" && @[1].type starts with "w"
                || @[0].type starts with "w" && @[1].type starts with "d"
            )
        )))
    {{else}}
        exists($."{{section.section}}".* ? (@.size() > 1))
    {{/if}}
        || {{#if @last}}exists($.meteos.meteo.* ? (@.size() > 1)){{/if}}
{{/each}}
    '
    -- a room name that stands for the same room as another raw name
{{#each (var "sensor_sections") as |section|}}
    or {{> section_rooms section=section.section alias=../files}} ?| (select second_names from room_names)
{{/each}}
) is not false
