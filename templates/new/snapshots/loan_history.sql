{{config strategy="check" unique_key="loan_id" check_cols="returned_on"}}

select loan_id, title, returned_on
from {{ref "stg_loans"}}
