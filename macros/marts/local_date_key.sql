{{! The integer YYYYMMDD of the local day, by the variable time_zone, that a point in time falls on. instant: a timestamptz expression. }}
to_char({{> local_time instant=instant}}, 'YYYYMMDD')::integer
