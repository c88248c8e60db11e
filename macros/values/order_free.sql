{{! An aggregate of double precision values to six decimals, the same whatever the order of the rows: it is worked out in
    numeric. NULL without a value. Where it lies beyond what double precision holds it is that limit, not an error: a numeric
    keeps 15 digits of a value, so that even the mean of a single one may round up past the range. aggregate: `avg` or
    `sum`; value, condition: SQL expressions. }}
case
    when {{aggregate}}({{value}}::numeric) filter (where {{condition}}) > 1.7976931348623157e308
        then '1.7976931348623157e308'::double precision
    when {{aggregate}}({{value}}::numeric) filter (where {{condition}}) < -1.7976931348623157e308
        then '-1.7976931348623157e308'::double precision
    else round({{aggregate}}({{value}}::numeric) filter (where {{condition}}), 6)::double precision
end
