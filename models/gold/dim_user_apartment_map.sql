{{config materialized="table" unique_key="user_email, apartment_key"}}

with users as (
    select
        lower(trim(u.user_email)) as user_email,
        u.apartment_id,
        -- as JSON, since a seed from before there were roles lacks the column
        coalesce(nullif(lower(trim(to_jsonb(u) ->> 'role')), ''), 'owner') as role
    from {{ref "user_apartments"}} as u
),

configured as (
    {{> configured_apartments}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
    where apartment_id in (select apartment_id from configured)
),

-- Of several roles the one that sees most.
final as (
    select distinct on (u.user_email, a.apartment_key)
        u.user_email,
        a.apartment_key,
        u.role
    from users as u
    inner join apartments as a on a.apartment_id = u.apartment_id or u.role = 'admin'
    order by
        u.user_email,
        a.apartment_key,
        array_position(array['admin', 'owner', 'renter'], u.role),
        u.role
)

select
    user_email,
    apartment_key,
    role
from final
