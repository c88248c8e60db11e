{{! The double precision value of a text, NULL if it is none; never an error: what is cast is short enough to fit. text: an SQL
    expression. }}
case
    when {{text}} ~ '^[-+]?([0-9]{1,20}[.]?[0-9]{0,40}|[.][0-9]{1,40})([eE][-+]?[0-9]{1,2})?$'
        then {{text}}::double precision
end
