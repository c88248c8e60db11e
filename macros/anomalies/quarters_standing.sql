{{! For how many quarters in a row, with this one, a measure has had the same value; a quarter without one, or that is not there, ends it. Counts
    up to the number at which the sensor is frozen. Reads steps (see room_quarter_profile). measure: a column of room_quarter. }}
case
    when {{measure}} is not null
        then least(
            (extract(epoch from quarter - max({{measure}}_since) over by_room) / 900)::integer + 1,
            {{> frozen_quarters measure=measure}}
        )
end as {{measure}}_standing
