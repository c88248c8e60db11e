-- model.readings, incremental
-- One row per reading.
with events as (
    select load_id, id, payload
    from "raw"."events"
),

final as (
    select
        id,
        'co2' as field,
        ((payload ->> 'v')::numeric > 5000) is true
 as is_outlier,
        load_id
    from events
    union all
    select
        id,
        'noise' as field,
        ((payload ->> 'v')::numeric > 120) is true
 as is_outlier,
        load_id
    from events
)

select id, field, is_outlier, load_id
from final;

-- model.readings, in an incremental run
-- One row per reading.
with events as (
    select load_id, id, payload
    from "raw"."events"
    where load_id > 0 /* high_water source.raw.events */
),

final as (
    select
        id,
        'co2' as field,
        ((payload ->> 'v')::numeric > 5000) is true
 as is_outlier,
        load_id
    from events
    union all
    select
        id,
        'noise' as field,
        ((payload ->> 'v')::numeric > 120) is true
 as is_outlier,
        load_id
    from events
)

select id, field, is_outlier, load_id
from final;

-- model.only_good, ephemeral
select * from "silver"."readings" where not is_outlier;

-- model.fact, incremental
with "ephemeral__only_good" as (
select * from "silver"."readings" where not is_outlier
), good as (select * from "ephemeral__only_good")
select id, count(*) as readings, max(load_id) as load_id, current_timestamp /* run_started_at */ as built_at,
    md5(id || current_setting('datacycle.secret_pepper')) as pseudonym
from good
-- everything
group by id;

-- model.fact, in an incremental run
with "ephemeral__only_good" as (
select * from "silver"."readings" where not is_outlier
), good as (select * from "ephemeral__only_good")
select id, count(*) as readings, max(load_id) as load_id, current_timestamp /* run_started_at */ as built_at,
    md5(id || current_setting('datacycle.secret_pepper')) as pseudonym
from good
where id in (select id from "silver"."readings" where load_id > 0 /* high_water model.readings */)
group by id;

-- test.nothing_bad
with "ephemeral__only_good" as (
select * from "silver"."readings" where not is_outlier
)
select * from "ephemeral__only_good" where is_outlier;

-- model.report, view
select * from "gold"."fact" -- all of it;
