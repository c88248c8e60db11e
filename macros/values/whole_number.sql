{{! The bigint of a jsonb number or text; NULL for anything that is no whole number of up to 18 digits. No jsonb makes it
    fail. value: an SQL expression. }}
case
    when ({{value}} #>> '{}') ~ '^[ \t\r\n]*[-+]?[0-9]{1,18}(\.0*)?[ \t\r\n]*$'
        then trunc(btrim({{value}} #>> '{}', E' \t\r\n')::numeric)::bigint
end
