{{! A value of room_quarter as profiles sum it up: in numeric, so that neither the order of rows nor how they are added matters; beyond a billion
    it counts as that. value: an SQL expression. }}
least(greatest({{value}}, -1e9), 1e9)::numeric
