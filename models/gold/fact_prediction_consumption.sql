{{config materialized="view"}}

with predictions as (
    {{> predictions_in_use targets="'consumption', 'mean_power_w'"}}
),

final as (
    select
        apartment,
        room,
        model_name,
        'Consumption' as target,
        predicted_value as predicted_consumption,
        predicted_value as predicted_power_w,
        actual_value as actual_power,
        timestamp_rounded,
        prediction_made_at
    from predictions
)

select
    apartment,
    room,
    model_name,
    target,
    predicted_consumption,
    predicted_power_w,
    actual_power,
    timestamp_rounded,
    prediction_made_at
from final
