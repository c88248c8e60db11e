{{! The minute with a key YYYYMMDDHHMM in UTC, a timestamptz. key: an SQL expression. }}
make_timestamptz(
    (({{key}}) / 100000000)::integer,
    (({{key}}) / 1000000 % 100)::integer,
    (({{key}}) / 10000 % 100)::integer,
    (({{key}}) / 100 % 100)::integer,
    (({{key}}) % 100)::integer,
    0,
    'UTC'
)
