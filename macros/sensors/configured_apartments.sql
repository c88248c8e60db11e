{{! The apartments of project.yml that have not been erased: a query with the columns apartment_id, first_name and weather_site.
    Asked here and not of dim_apartment by whoever chooses rows by it: there one that is gone stays until nothing points at it. }}
select *
from (
    values
    {{#each (var "apartments") as |apartment|}}
        ({{literal apartment.id}}, {{literal apartment.name}}, {{literal (lookup apartment "weather_site")}}::text){{#unless @last}},{{/unless}}
    {{/each}}
) as a (apartment_id, first_name, weather_site)
-- its line may stand in project.yml for longer than its data
where not staging.is_erased(a.apartment_id)
