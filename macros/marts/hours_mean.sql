{{! The mean of a day of means of hours, each weighted by its minutes: an aggregate. product: mean times minutes, numeric; minutes; condition:
    which rows count; SQL expressions. }}
round(
    ({{> order_free aggregate="sum" value=product condition=condition}} / nullif(sum({{minutes}}) filter (where {{condition}}), 0))::numeric,
    6
)::double precision
