{{! The mean of double precision values, as order_free has it: an aggregate. value: an SQL expression; condition: which rows
    count. }}
{{> order_free aggregate="avg" value=value condition=condition}}
