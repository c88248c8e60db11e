import type { Insight } from './insights.ts';

/** What the demo of many days shows of predictions. */
export const predictionInsights: readonly Insight[] = [
  {
    title: 'What a day will use, as predicted the day before and now: kWh of the whole apartment',
    sql: `
select
    apartment.name as apartment,
    to_char(moment.timestamp_utc at time zone 'Europe/Zurich', 'Dy DD Mon') as day,
    case when predicted.horizon_minutes > 1440 then 'two days before' when predicted.horizon_minutes > 0 then 'the day before' else 'that day' end as predicted_on,
    round(predicted.predicted_value::numeric, 1) as kwh,
    round(predicted.lower_value::numeric, 1) as at_least,
    round(predicted.upper_value::numeric, 1) as at_most,
    round(predicted.actual_value::numeric, 1) as measured
from {{ref "fact_prediction"}} as predicted
inner join {{ref "dim_target"}} as target on predicted.target_key = target.target_key
inner join {{ref "dim_room"}} as room on predicted.room_key = room.room_key
inner join {{ref "dim_apartment"}} as apartment on predicted.apartment_key = apartment.apartment_key
inner join {{ref "dim_datetime"}} as moment on predicted.datetime_key = moment.datetime_key
where target.target_name = 'energy_kwh_day'
    and predicted.role = 'champion'
    and room.room_name = 'House'
order by apartment.name, moment.timestamp_utc, predicted.run_at
limit 10`,
  },
  {
    title: 'How good the forecasts of whether a room is occupied were, on windows that nothing was learnt from',
    sql: `
select
    model.algorithm as model,
    horizon.horizon_type as horizon,
    max(model.said_role) as role,
    sum(evaluation.n) as windows,
    round((sum(evaluation.sum_sq_error) / sum(evaluation.n))::numeric, 4) as brier_score,
    round((sum(evaluation.sum_predicted) / sum(evaluation.n))::numeric, 3) as predicted,
    round((sum(evaluation.sum_actual) / sum(evaluation.n))::numeric, 3) as measured
from {{ref "fact_model_evaluation"}} as evaluation
inner join {{ref "dim_model"}} as model on evaluation.model_key = model.model_key
inner join {{ref "dim_horizon"}} as horizon on evaluation.horizon_key = horizon.horizon_key
inner join {{ref "dim_target"}} as target on evaluation.target_key = target.target_key
where target.target_name = 'occupied'
group by model.algorithm, horizon.horizon_type
order by horizon.horizon_type, brier_score
limit 10`,
  },
];
