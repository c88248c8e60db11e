{{! What a sum over hours is made from, as one row an hour: what the CTE hours holds of a measure. measure: a column of room_quarter. }}
count({{measure}}) as {{measure}}_n,
sum({{> judged_value value=measure}}) as {{measure}}_sum,
sum({{> judged_value value=measure}} * {{> judged_value value=measure}}) as {{measure}}_squares,
min({{> judged_value value=measure}})::double precision as {{measure}}_least,
max({{> judged_value value=measure}})::double precision as {{measure}}_greatest
