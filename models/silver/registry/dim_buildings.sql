{{config materialized="table" unique_key="building_id"}}

with records as (
    {{> registry_rows table="buildings"}}
),

final as (
    select distinct on (k.building_id)
        k.building_id,
        {{> whole_number value="(r.fields -> 'idbuildingtype')"}} as building_type_id,
        {{> whole_number value="(r.fields -> 'iduser')"}} as user_id,
        {{> apartment_of_house house_name="r.fields ->> 'housename'"}} as apartment,
        r.fields ->> 'housename' as house_name,
        r.fields ->> 'address' as address,
        r.fields ->> 'npa' as npa,
        r.fields ->> 'city' as city,
        r.fields ->> 'floor' as floor,
        {{> reading_value value="(r.fields -> 'latitude')" is_flag="false"}} as latitude,
        {{> reading_value value="(r.fields -> 'longitude')" is_flag="false"}} as longitude,
        {{> whole_number value="(r.fields -> 'buildingyear')"}} as building_year,
        {{> whole_number value="(r.fields -> 'nbpeople')"}} as nb_people,
        ({{> reading_value value="(r.fields -> 'isheatingon')" is_flag="true"}}) = 1 as is_heating_on,
        r.record,
        r.load_id
    from records as r
    cross join lateral (
        select {{> whole_number value="(r.fields -> 'idbuilding')"}} as building_id
    ) as k
    where k.building_id is not null
    -- a key that stands twice is one row, and always the same one
    order by
        k.building_id,
        r.record::text collate "C"
)

select
    building_id,
    building_type_id,
    user_id,
    apartment,
    house_name,
    address,
    npa,
    city,
    floor,
    latitude,
    longitude,
    building_year,
    nb_people,
    is_heating_on,
    record,
    load_id
from final
