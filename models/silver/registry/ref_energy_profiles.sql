{{config materialized="table" unique_key="profile_key"}}

with records as (
    {{> registry_rows table="profilereference"}}
),

final as (
    select distinct on (k.profile_key)
        k.profile_key,
        coalesce(r.fields ->> 'type', r.fields ->> 'name') as appliance_type,
        coalesce(
            {{> reading_value value="(r.fields -> 'kwhyear')" is_flag="false"}},
            {{> reading_value value="(r.fields -> 'kwh')" is_flag="false"}}
        ) as kwh_year,
        r.record,
        r.load_id
    from records as r
    cross join lateral (
        select {{> bounded_text text="s.sent"}} as profile_key
        from (
            select coalesce(r.fields ->> 'idprofilereference', r.fields ->> 'id', 'md5 ' || md5(r.record::text)) as sent
        ) as s
    ) as k
    where k.profile_key is not null
    -- a key that stands twice is one row, and always the same one
    order by
        k.profile_key,
        r.record::text collate "C"
)

select
    profile_key,
    appliance_type,
    kwh_year,
    record,
    load_id
from final
