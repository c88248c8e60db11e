{{config unique_key="principal, apartment_key"}}

with configured as (
    {{> configured_apartments}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
    where apartment_id in (select apartment_id from configured)
),

users as (
    select * from {{ref "dim_user_apartment_map"}}
    where role in ('admin', 'owner', 'renter')
),

final as (
    select
        {{literal (lookup (var "access") "apartment_role")}} || apartment_id as principal,
        apartment_key
    from apartments
    union
    select
        {{literal (lookup (var "access") "admin_role")}} as principal,
        apartment_key
    from apartments
    union
    select
        user_email as principal,
        apartment_key
    from users
)

select
    principal,
    apartment_key
from final
