{{! The sum of double precision values to six decimals, the same whatever the order of the rows: an aggregate. A sum
    beyond what double precision holds is that limit, not an error. value: an SQL expression. }}
case
    when sum({{value}}::numeric) > 1.7e308 then 1.7e308
    when sum({{value}}::numeric) < -1.7e308 then -1.7e308
    else round(sum({{value}}::numeric), 6)::double precision
end
