{{config unique_key="principal, apartment_key"}}

with visible as (
    select * from {{ref "visible_apartments"}}
),

renters as (
    select * from {{ref "dim_user_apartment_map"}}
    where role = 'renter'
),

final as (
    select
        v.principal,
        v.apartment_key
    from visible as v
    where not exists (
        select
        from renters as r
        where r.user_email = v.principal
            and r.apartment_key = v.apartment_key
    )
)

select
    principal,
    apartment_key
from final
