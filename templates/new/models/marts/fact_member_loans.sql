{{config materialized="table"}}

with loans as (
    select member_id, loan_id, days_out from {{ref "stg_loans"}}
),

members as (
    select member_id, name from {{ref "members"}}
)

select
    members.member_id,
    members.name,
    count(loans.loan_id) as loans,
    count(*) filter (where loans.days_out > {{var "days_of_a_loan"}}) as late_loans
from members
left join loans on loans.member_id = members.member_id
group by members.member_id, members.name
