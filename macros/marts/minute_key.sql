{{! The bigint YYYYMMDDHHMM of a minute, in UTC. instant: a timestamptz expression. }}
to_char({{instant}} at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint
