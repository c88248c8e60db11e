-- Every line of a forecast file was dropped for one reason or kept, and silver has no more rows of the day than were kept.
with rows_of_day as (
    select
        prediction_date,
        count(*) as row_count
    from {{ref "weather_forecasts"}}
    group by prediction_date
)

select
    a.filename,
    a.lines_read,
    a.kept,
    r.row_count
from {{ref "weather_file_audit"}} as a
left join rows_of_day as r on r.prediction_date = a.prediction_date
where (a.lines_read <> a.bad_time + a.too_old + a.other_measurement + a.incomplete + a.sentinel + a.bad_number + a.kept
    or (a.kept > 0) <> (coalesce(r.row_count, 0) > 0)
    or r.row_count > a.kept)
    and {{> date_key date="a.prediction_date"}} >= {{> kept_since models="'weather_forecasts'"}}
