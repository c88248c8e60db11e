{{! The instant before which forecasts are dropped: the start of WEATHER_MIN_YEAR, UTC. }}
make_timestamptz({{literal (env "WEATHER_MIN_YEAR" "2023")}}::integer, 1, 1, 0, 0, 0, 'UTC')
