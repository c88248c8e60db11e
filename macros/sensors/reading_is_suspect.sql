{{! For holds_rejects: the jsonpath condition that one of an item's readings is of the wrong kind. section: of sensor_sections. }}
{{#if (eq section.sensor_type "by type")}}
        (@.type != "Door" && @.type != "Window" && @.type != "door" && @.type != "window"
            || @.type.type() != "string" || !exists(@.type)) ||
{{/if}}
{{#each section.readings as |reading|}}
    {{#if (eq reading.unit "bool")}}
        (@."{{reading.key}}".type() != "boolean" && @."{{reading.key}}".type() != "null"
            && !(@."{{reading.key}}".type() == "string" && (@."{{reading.key}}" == "on" || @."{{reading.key}}" == "off")))
    {{else}}
        (@."{{reading.key}}".type() != "number" && @."{{reading.key}}".type() != "null"
            && !(@."{{reading.key}}".type() == "string" && @."{{reading.key}}" like_regex "^-?[0-9]{1,20}([.][0-9]{1,20})?$")
            || (@."{{reading.key}}".double() > 0) is unknown && @."{{reading.key}}".type() == "number")
    {{/if}}
    {{#unless @last}}
        ||
    {{/unless}}
{{/each}}
