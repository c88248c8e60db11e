{{! The double precision value of a reading as sent, or NULL if it is not one. value: jsonb; is_flag: boolean.
    No jsonb makes it fail: what is cast is known to be castable. `.double()` answers whether double precision can hold
    a number (1e400, NaN: no); the pattern keeps out hexadecimal. Numbers of up to 300 characters always fit. }}
case
    when {{is_flag}}
        then case lower(btrim({{value}} #>> '{}', E' \t\r\n'))
            when 'on' then 1
            when 'true' then 1
            when '1' then 1
            when '1.0' then 1
            when 'off' then 0
            when 'false' then 0
            when '0' then 0
            when '0.0' then 0
        end
    when jsonb_typeof({{value}}) = 'number' and octet_length({{value}}::text) <= 300
        then {{value}}::double precision
    when jsonb_typeof({{value}}) in ('number', 'string')
        and ({{value}} #>> '{}') ~ '^[ \t\r\n]*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?[ \t\r\n]*$'
        and jsonb_path_exists({{value}}, '$.double()', '{}', true)
        -- adding zero turns -0 into 0
        then ({{value}} #>> '{}')::double precision + 0
end
