{{! A Unix time as numeric seconds, sent in seconds, in milliseconds (beyond 1e12) or in microseconds (beyond 1e15). NULL unless it is
    a time of the years 1970 to 2199. value: an SQL expression of type text. }}
case
    when {{value}} ~ '^\d{1,10}(\.\d{1,9})?$' and ({{value}})::numeric < 7258118400 then ({{value}})::numeric
    when {{value}} ~ '^\d{13}(\.\d{1,9})?$' and ({{value}})::numeric < 7258118400000 then ({{value}})::numeric / 1000
    when {{value}} ~ '^\d{16}(\.\d{1,9})?$' and ({{value}})::numeric < 7258118400000000 then ({{value}})::numeric / 1000000
end
