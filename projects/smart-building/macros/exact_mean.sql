{{! The mean of double precision values, the same whatever the order of the rows: it is worked out in numeric. An aggregate; NULL without
    a value. value, condition: SQL expressions. }}
(avg(({{value}})::numeric) filter (where {{condition}}))::double precision
