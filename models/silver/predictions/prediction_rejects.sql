{{config materialized="incremental" unique_key="load_id, row_no"}}

with records as (
    {{> prediction_records}}
    {{#incremental}}
    where p.load_id > {{high_water "staging.prediction"}}
    {{/incremental}}
    offset 0
),

final as (
    select
        load_id,
        row_no,
        lower(apartment) as apartment,
        reason,
        left(record::text, 500) as raw_record
    from records
    where reason is not null
)

select
    load_id,
    row_no,
    apartment,
    reason,
    raw_record
from final
