{{! The share of a sensor type's hours with a mean that meets a condition: an aggregate over the rows of sensor_timeseries_hourly. NULL if
    no hour has a mean. sensor_type: a literal; condition: an SQL expression of value_avg. }}
count(*) filter (where sensor_type = {{sensor_type}} and {{condition}})::double precision
    / nullif(count(*) filter (where sensor_type = {{sensor_type}} and value_avg is not null), 0)
