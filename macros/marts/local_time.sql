{{! A point in time as clocks of the variable time_zone show it, a timestamp. instant: a timestamptz expression. }}
({{instant}} at time zone {{literal (var "time_zone")}})
