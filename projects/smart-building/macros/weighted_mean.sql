{{! The mean of all valid readings of a type of sensor in a day, from the means of its hours: an aggregate over the rows of
    sensor_timeseries_hourly. The same whatever the order of the rows. sensor_type: a literal. }}
(
    sum(value_avg::numeric * nb_valid) filter (where sensor_type = {{sensor_type}} and nb_valid > 0)
    / nullif(sum(nb_valid) filter (where sensor_type = {{sensor_type}} and nb_valid > 0), 0)
)::double precision
