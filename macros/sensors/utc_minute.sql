{{! The UTC instant of a text `DD.MM.YYYY HH:MM`; NULL for anything else, a day that does not exist included, and for a year
    outside 1970 to 2199: a broken clock must not give every table that has all days a row for each day since. Independent of the session's TimeZone and DateStyle. text: an SQL expression. }}
case
    when {{text}} ~ '^(0[1-9]|[12][0-9]|3[01])\.(0[1-9]|1[0-2])\.(19[7-9]|2[01][0-9])[0-9] ([01][0-9]|2[0-3]):[0-5][0-9]$'
        then case
            when substr({{text}}, 1, 2)::integer <= extract(
                day from make_date(substr({{text}}, 7, 4)::integer, substr({{text}}, 4, 2)::integer, 1)
                    + interval '1 month' - interval '1 day'
            )
                then make_timestamp(
                    substr({{text}}, 7, 4)::integer,
                    substr({{text}}, 4, 2)::integer,
                    substr({{text}}, 1, 2)::integer,
                    substr({{text}}, 12, 2)::integer,
                    substr({{text}}, 15, 2)::integer,
                    0
                ) at time zone 'UTC'
        end
end
