{{! A text as double precision; NULL unless it is a number that double precision holds: what is empty, `NaN` or has more than 250 digits
    is none. value: an SQL expression of type text. }}
case
    when {{value}} ~ '^\s*[+-]?(\d{1,250}(\.\d{0,250})?|\.\d{1,250})\s*$'
        or {{value}} ~ '^\s*[+-]?\d{1,30}(\.\d{0,30})?[eE][+-]?\d{1,2}\s*$'
        then ({{value}})::double precision
end
