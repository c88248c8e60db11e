{{config materialized="table" unique_key="apartment_id" surrogate_key="apartment_key"}}

with apartments as (
    {{> configured_apartments}}
),

sites as (
    select * from {{ref "dim_weather_site"}}
    where site_name in ({{> weather_sites}})
),

buildings as (
    select distinct on (apartment)
        apartment,
        building_id,
        floor,
        nb_people,
        is_heating_on,
        building_year
    from {{ref "dim_buildings"}}
    order by
        apartment,
        building_id
),

final as (
    select
        a.apartment_id,
        {{#if (flag (env "BI_PSEUDONYMISE" "false"))}}
        'Apartment ' || left({{> hmac_sha256 key=(secret "PSEUDONYM_KEY") message="a.apartment_id"}}, 10) as name,
        {{else}}
        a.first_name as name,
        {{/if}}
        null::integer as owner_user_id,
        b.building_id,
        'Building ' || b.building_id as building_name,
        {{> floor_name text="b.floor"}} as floor,
        b.nb_people as residents,
        b.is_heating_on as is_heated,
        b.building_year,
        s.site_key as weather_site_key,
        {{> shown_id id="a.apartment_id"}} as shown_apartment_id
    from apartments as a
    left join buildings as b on b.apartment = a.apartment_id
    left join sites as s on s.site_name = {{> composed text="a.weather_site"}}
)

select
    apartment_id,
    name,
    owner_user_id,
    building_id,
    building_name,
    floor,
    residents,
    is_heated,
    building_year,
    weather_site_key,
    shown_apartment_id
from final
