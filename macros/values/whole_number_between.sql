{{! The integer of a text, NULL if it is no whole number from lowest to highest; never an error: of up to 9 digits. text: an SQL
    expression; lowest, highest: integers. }}
case
    when {{text}} ~ '^[0-9]{1,9}([.]0{0,9})?$' and {{text}}::numeric between {{lowest}} and {{highest}}
        then {{text}}::numeric::integer
end
