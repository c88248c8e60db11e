{{config materialized="incremental" unique_key="timestamp, apartment, room, target, model_name, model_version, horizon_name, horizon_days"}}

with records as (
    {{> prediction_records}}
    {{#incremental}}
    where p.load_id > {{high_water "staging.prediction"}}
    {{/incremental}}
    offset 0
),

-- what comes with an increment is newer than all that stands
final as (
    select distinct on (timestamp, apartment, room, target, model_name, model_version, horizon_name, horizon_days) *
    from records
    where reason is null
    order by
        timestamp,
        apartment,
        room,
        target,
        model_name,
        model_version,
        horizon_name,
        horizon_days,
        load_id desc,
        row_no desc
)

select
    timestamp,
    apartment,
    room,
    target,
    model_name,
    model_version,
    horizon_name,
    horizon_days,
    horizon_type,
    horizon_minutes,
    lead_minutes,
    window_minutes,
    model_type,
    model_role,
    trained_at,
    run_at,
    value,
    class,
    confidence,
    lower,
    upper,
    row_no,
    load_id
from final
