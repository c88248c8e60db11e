{{! Days with a value, mean, standard deviation, least and greatest of the values over the hours of a profile, from what profile_sum makes: columns.
    measure: a column of room_quarter; over: the window, or nothing in a grouped query. }}
count(*) filter (where h.{{measure}}_n > 0) {{over}} as {{measure}}_days,
round(sum(h.{{measure}}_sum) {{over}} / nullif(sum(h.{{measure}}_n) {{over}}, 0), 6)::double precision as {{measure}}_mean,
round(
    sqrt(
        greatest(
            sum(h.{{measure}}_squares) {{over}} - sum(h.{{measure}}_sum) {{over}} * sum(h.{{measure}}_sum) {{over}} / nullif(sum(h.{{measure}}_n) {{over}}, 0),
            0
        ) / nullif(sum(h.{{measure}}_n) {{over}} - 1, 0)
    ),
    6
)::double precision as {{measure}}_deviation,
min(h.{{measure}}_least) {{over}} as {{measure}}_least,
max(h.{{measure}}_greatest) {{over}} as {{measure}}_greatest
