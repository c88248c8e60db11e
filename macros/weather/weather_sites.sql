{{! The sites that WEATHER_SITES names, each once: a query with one column, site_name. Asked here and not of dim_weather_site by
    whoever chooses rows by it: there a site that is no longer named stays until nothing points at it. }}
select distinct {{> composed text="btrim(n.name)"}} as site_name
from unnest(string_to_array({{literal (env "WEATHER_SITES" "Sion")}}, ',')) as n (name)
where btrim(n.name) <> ''
