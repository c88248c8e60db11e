{{! The double precision value of a text, NULL if it is none; never an error: what is cast is short enough to fit. The length is tested
    apart: a bound on the digits within the expression takes four times as long. text: an SQL expression. }}
case
    when length({{text}}) <= 60
        and {{text}} ~ '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,2})?$'
        then {{text}}::double precision
end
