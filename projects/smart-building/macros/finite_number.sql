{{! A text as double precision; NULL unless it is a number that double precision holds: what is empty, `NaN` or longer than 300 characters
    is none. value: an SQL expression of type text. The length is tested apart: a bound on the digits within the expression takes twenty
    times as long. }}
case
    when length({{value}}) <= 300
        and {{value}} ~ '^\s*[+-]?(\d+(\.\d*)?|\.\d+)\s*$'
        then ({{value}})::double precision
    when {{value}} ~ '^\s*[+-]?\d{1,30}(\.\d{0,30})?[eE][+-]?\d{1,2}\s*$'
        then ({{value}})::double precision
end
