{{! The minutes of the predicted window w: a query with the columns timestamp and datetime_key. }}
select
    m.timestamp,
    to_char(m.timestamp at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint as datetime_key
from generate_series(
    w.timestamp,
    w.timestamp + (w.window_minutes - 1) * interval '1 minute',
    interval '1 minute'
) as m (timestamp)
