{{! The beginning of a local day of the variable time_zone, a timestamptz. key: its key YYYYMMDD, an SQL expression. }}
(to_date(({{key}})::text, 'YYYYMMDD')::timestamp at time zone {{literal (var "time_zone")}})
