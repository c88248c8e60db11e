{{! The mean of double precision values to six decimals, the same whatever the order of the rows: an aggregate.
    value: an SQL expression; condition: which rows count. }}
round(avg({{value}}::numeric) filter (where {{condition}}), 6)::double precision
