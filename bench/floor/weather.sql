create table floor.weather_forecasts as
select
    time::timestamptz as timestamp,
    site,
    prediction::smallint as prediction,
    prediction_date,
    m.measurement,
    m.unit,
    max(value::double precision) as value,
    bool_or(value::double precision < m.lower or value::double precision > m.upper) as is_outlier,
    max(file_id) as load_id
from floor.weather_raw as r
join floor.measurements as m on m.code = r.measurement
where time ~ '^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$'
    and time >= '2023'
    and value ~ '^-?\d+(\.\d+)?$'
    and value <> '-99999.0'
group by 1, 2, 3, 4, 5, 6;
alter table floor.weather_forecasts add primary key (timestamp, site, prediction, prediction_date, measurement);
create index on floor.weather_forecasts (load_id);
analyze floor.weather_forecasts;
create table floor.weather_file_audit as
select
    file_id,
    prediction_date,
    count(*) as lines_read,
    count(*) filter (where v.verdict = 'bad time') as bad_time,
    count(*) filter (where v.verdict = 'too old') as too_old,
    count(*) filter (where v.verdict = 'other measurement') as other_measurement,
    count(*) filter (where v.verdict = 'sentinel') as sentinel,
    count(*) filter (where v.verdict = 'bad number') as bad_number,
    count(*) filter (where v.verdict = 'kept') as kept
from floor.weather_raw as r
left join floor.measurements as m on m.code = r.measurement
cross join lateral (
    select case
        when time !~ '^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$' then 'bad time'
        when time < '2023' then 'too old'
        when m.code is null then 'other measurement'
        when value = '-99999.0' then 'sentinel'
        when value !~ '^-?\d+(\.\d+)?$' then 'bad number'
        else 'kept'
    end as verdict
) as v
group by 1, 2;
create table floor.weather_clean as
select
    f.timestamp,
    f.site,
    avg(value) filter (where measurement = 'temperature_c') as temperature_c,
    avg(value) filter (where measurement = 'humidity_pct') as humidity_pct,
    avg(value) filter (where measurement = 'precipitation_mm') as precipitation_mm,
    avg(value) filter (where measurement = 'radiation_wm2') as radiation_wm2,
    bool_or(is_outlier) as is_outlier,
    max(load_id) as load_id
from floor.weather_forecasts as f
join (
    select timestamp, site, max(prediction_date) as prediction_date
    from floor.weather_forecasts
    group by 1, 2
) as n on n.timestamp = f.timestamp and n.site = f.site and n.prediction_date = f.prediction_date
group by 1, 2;
alter table floor.weather_clean add primary key (timestamp, site);
create index on floor.weather_clean (load_id);
analyze floor.weather_clean
