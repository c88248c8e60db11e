{{! The end of a local day of the variable time_zone, a timestamptz: days may have 23 or 25 hours. key: its key YYYYMMDD, an SQL
    expression. }}
((to_date(({{key}})::text, 'YYYYMMDD') + 1)::timestamp at time zone {{literal (var "time_zone")}})
