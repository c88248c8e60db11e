{{! How comfortable hours of rooms are, 0 to 100: an aggregate over rows of room_hour and the one row of weights, w. 100 times the
    weighted shares of the hours whose temperature, CO2 and humidity are comfortable, by what was measured, to six decimals. condition: which rows count. }}
round(
    (
        100 * (
            coalesce(max(w.temperature) * avg(h.is_temperature_comfortable::integer) filter (where {{condition}}), 0)
            + coalesce(max(w.air) * avg(h.is_air_fresh::integer) filter (where {{condition}}), 0)
            + coalesce(max(w.humidity) * avg(h.is_humidity_comfortable::integer) filter (where {{condition}}), 0)
        ) / nullif(
            case when bool_or(h.is_temperature_comfortable is not null and {{condition}}) then max(w.temperature) else 0 end
            + case when bool_or(h.is_air_fresh is not null and {{condition}}) then max(w.air) else 0 end
            + case when bool_or(h.is_humidity_comfortable is not null and {{condition}}) then max(w.humidity) else 0 end,
            0
        )
    )::numeric,
    6
)::double precision
