-- The secret of a sensor file stays in its Bronze copy.
select
    file_id,
    name
from {{source "staging" "sensor_file"}}
where payload ? 'api_token'
{{#incremental}}
    and load_id > {{high_water "staging.sensor_file"}}
{{/incremental}}
