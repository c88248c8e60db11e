{{config materialized="table" unique_key="apartment_id" surrogate_key="apartment_key"}}

with apartments as (
    select *
    from (
        values
        {{#each (var "apartments") as |apartment|}}
            ({{literal apartment.id}}, {{literal apartment.name}}){{#unless @last}},{{/unless}}
        {{/each}}
    ) as a (apartment_id, first_name)
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
        null::integer as building_id,
        null::text as building_name,
        null::text as floor,
        null::integer as weather_site_key
    from apartments as a
)

select
    apartment_id,
    name,
    owner_user_id,
    building_id,
    building_name,
    floor,
    weather_site_key
from final
