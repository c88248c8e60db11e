{{config materialized="table" unique_key="user_email, apartment_key"}}

with users as (
    select distinct
        lower(trim(user_email)) as user_email,
        apartment_id
    from {{ref "user_apartments"}}
),

configured as (
    {{> configured_apartments}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
    where apartment_id in (select apartment_id from configured)
),

final as (
    select
        u.user_email,
        a.apartment_key
    from users as u
    inner join apartments as a on a.apartment_id = u.apartment_id
)

select
    user_email,
    apartment_key
from final
