{{! Whether a value is farther from what is expected than is allowed: a condition, false where nothing is expected. q, p: aliases of the rows with the
    value, and with what is expected; measure: a column of room_quarter. }}
coalesce(abs({{q}}.{{measure}} - {{p}}.{{measure}}_expected) > {{p}}.{{measure}}_allowed, false)
