{{! The beginning of the quarter of an hour, in UTC, that holds a point in time. instant: a timestamptz expression. }}
date_bin(interval '15 minutes', {{instant}}, timestamptz '2000-01-01 00:00:00+00')
