{{! The apartments of project.yml that have not been erased: a query with the columns apartment_id, first_name and weather_site.
    Asked here and not of dim_apartment by whoever chooses rows by it: there one that is gone stays until nothing points at it. }}
select *
from (
    values
    {{#each (var "apartments") as |apartment|}}
        ({{literal apartment.id}}, {{literal apartment.name}}, {{literal (lookup apartment "weather_site")}}::text){{#unless @last}},{{/unless}}
    {{/each}}
) as a (apartment_id, first_name, weather_site)
-- its line may stand in project.yml for longer than its data: as staging.is_erased has it, which hides what it reads
where not exists (
    select
    from {{source "staging" "tombstone"}} as t
    where t.apartment_hash = sha256(
        t.salt || convert_to(lower(regexp_replace(a.apartment_id, '[ \t\n\v\f\r]', '', 'g') collate "C"), 'UTF8')
    )
)
