{{! Days with a value, mean, standard deviation, least and greatest of the values over the hours of a profile, the window days_before, from what
    profile_sum makes: columns. measure: a column of room_quarter. }}
count(*) filter (where h.{{measure}}_n > 0) over days_before as {{measure}}_days,
round(sum(h.{{measure}}_sum) over days_before / nullif(sum(h.{{measure}}_n) over days_before, 0), 6)::double precision as {{measure}}_mean,
round(
    sqrt(
        greatest(
            sum(h.{{measure}}_squares) over days_before - sum(h.{{measure}}_sum) over days_before * sum(h.{{measure}}_sum) over days_before / nullif(sum(h.{{measure}}_n) over days_before, 0),
            0
        ) / nullif(sum(h.{{measure}}_n) over days_before - 1, 0)
    ),
    6
)::double precision as {{measure}}_deviation,
min(h.{{measure}}_least) over days_before as {{measure}}_least,
max(h.{{measure}}_greatest) over days_before as {{measure}}_greatest
