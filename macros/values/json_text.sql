{{! The text of a JSON value, white space around it taken off; NULL if nothing is left or the value is neither text nor a
    number. value: an SQL expression of type jsonb. }}
case when jsonb_typeof({{value}}) in ('string', 'number') then nullif(btrim({{value}} #>> '{}', E' \t\r\n'), '') end
