{{! The instant of a date or time as the registry writes it, e.g. `2023-10-12 08:15:00`; NULL for anything else, a day that
    does not exist included. One with an offset (`Z`, `+02:00`) is taken at its word; one without is the local time of
    the server, Europe/Zurich unless the variable registry_time_zone says otherwise: the later of the two where the
    clock is set back, and in the gap where it is set forward an hour later. text: an SQL expression. }}
case
    when {{text}} ~ '^[ \t\r\n]*(19[7-9]|2[01][0-9])[0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?( ?(Z|[-+](0[0-9]|1[0-4]):?[0-5][0-9]))?)?[ \t\r\n]*$'
        then case
            when substr(btrim({{text}}, E' \t\r\n'), 9, 2)::integer <= extract(
                day from make_date(substr(btrim({{text}}, E' \t\r\n'), 1, 4)::integer, substr(btrim({{text}}, E' \t\r\n'), 6, 2)::integer, 1)
                    + interval '1 month' - interval '1 day'
            )
                then case
                    when {{text}} ~ ':.*(Z|[-+][0-9]{2}:?[0-9]{2})[ \t\r\n]*$'
                        then btrim({{text}}, E' \t\r\n')::timestamptz
                    else btrim({{text}}, E' \t\r\n')::timestamp at time zone {{literal (var "registry_time_zone" "Europe/Zurich")}}
                end
        end
end
