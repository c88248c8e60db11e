select
    loan_id,
    member_id,
    title,
    lent_on,
    returned_on,
    returned_on - lent_on as days_out
from {{ref "loans"}}
