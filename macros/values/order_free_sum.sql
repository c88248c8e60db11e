{{! The sum of double precision values, as order_free has it: an aggregate. value: an SQL expression. }}
{{> order_free aggregate="sum" value=value condition="true"}}
