{{config materialized="view"}}

with predictions as (
    {{> predictions_in_use targets="'presence', 'occupied'"}}
),

final as (
    select
        apartment,
        room,
        model_name,
        'Presence' as target,
        coalesce(
            (predicted_value >= 0.5)::integer,
            (lower(predicted_class) in ('present', 'presence', 'occupied', 'yes', 'true', '1'))::integer
        ) as predicted_occupied,
        actual_value::integer as actual_occupied,
        timestamp_rounded,
        prediction_made_at
    from predictions
)

select
    apartment,
    room,
    model_name,
    target,
    predicted_occupied,
    actual_occupied,
    timestamp_rounded,
    prediction_made_at
from final
