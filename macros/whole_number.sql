{{! The bigint of a jsonb number or text; NULL for anything that is no whole number of up to 18 digits. No jsonb makes it
    fail. value: an SQL expression. }}
case
    when ({{value}} #>> '{}') ~ '^\s*[-+]?[0-9]{1,18}(\.0*)?\s*$'
        then trunc(btrim({{value}} #>> '{}')::numeric)::bigint
end
