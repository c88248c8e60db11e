{{! Whether a file may hold something that has the wrong kind: one pass over the document, far cheaper than reading it.
    It may say yes for nothing (a type in capitals), never no by mistake. payload: an SQL expression. }}
({{payload}} @@ '
    exists($.meteos.meteo.type() ? (@ != "object" && @ != "null")) && !($.meteos.meteo.size() == 0)
    || exists($.meteos.meteo.*.type() ? (@ != "object" && @ != "null"))
{{#each (var "sensor_sections") as |section|}}
    || exists($."{{section.section}}".type() ? (@ != "object" && @ != "null")) && !($."{{section.section}}".size() == 0)
    || exists($."{{section.section}}".*{{#if (eq section.sensor_type "by type")}}[*]{{/if}}.type() ? (@ != "object" && @ != "null"))
    {{#if (eq section.section "meteos")}}
    || exists($.meteos.meteo.*[*] ? ({{> reading_is_suspect section=section}}))
    {{/if}}
    || exists($."{{section.section}}".*[*] ? ({{> reading_is_suspect section=section}}))
{{/each}}
') is not false
