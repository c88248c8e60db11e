{{! The integer YYYYMMDD of a date. date: an SQL expression. }}
to_char({{date}}, 'YYYYMMDD')::integer
