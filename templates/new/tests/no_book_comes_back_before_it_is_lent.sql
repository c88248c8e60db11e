select loan_id, lent_on, returned_on
from {{ref "stg_loans"}}
where returned_on < lent_on
