{{config materialized="incremental" unique_key="error_id"}}

with errors as (
    select *
    from {{ref "log_sensor_errors"}}
    {{#incremental}}
    where load_id > {{high_water "log_sensor_errors"}}
    {{/incremental}}
),

buildings as (
    select * from {{ref "dim_buildings"}}
),

final as (
    select
        e.error_id,
        b.apartment,
        e.building_id,
        e.error_message,
        case
            when e.error_message ~* 'fatal|crash|down|offline' then 'high'
            when e.error_message ~* 'fail|error|exception|null' then 'medium'
            else 'low'
        end as severity,
        e.created_at as timestamp,
        e.load_id
    from errors as e
    left join buildings as b on b.building_id = e.building_id
)

select
    error_id,
    apartment,
    building_id,
    error_message,
    severity,
    timestamp,
    load_id
from final
