{{! What the landed predictions say, one row a record, and why one cannot be used (reason; NULL if it can): the body of a
    CTE; conditions on p may follow, then an `offset 0`. Nothing in a record makes it fail. }}
select
    p.load_id,
    p.row_no,
    p.record,
    {{> bounded_text text="t.model_name"}} as model_name,
    coalesce({{> bounded_text text="t.model_version"}}, '1') as model_version,
    t.model_type,
    v.trained_at,
    t.model_role,
    {{> bounded_text text="t.target"}} as target,
    t.apartment,
    coalesce({{> composed text="n.room_name"}}, {{> bounded_text text="v.room"}}) as room,
    v.timestamp,
    v.window_minutes,
    v.run_at,
    h.horizon_name,
    {{> horizon_type name="h.horizon_name"}} as horizon_type,
    h.horizon_days,
    {{> horizon_minutes name="h.horizon_name"}} as horizon_minutes,
    -- what the window begins after: the time of the prediction, if it is said
    coalesce(
        case when v.timestamp >= v.run_at then least(extract(epoch from v.timestamp - v.run_at) / 60, 5256000)::integer end,
        {{> horizon_minutes name="h.horizon_name"}},
        h.horizon_days * 1440
    ) as lead_minutes,
    v.value,
    t.class,
    v.confidence,
    v.lower,
    v.upper,
    case
        when jsonb_typeof(p.record) <> 'object' then 'the record is no object'
        when t.model_name is null then 'no model.name'
        when t.model_version is null and not {{> is_json_missing value="j.model_version"}} then 'model.version is no text'
        when v.trained_at is null and not {{> is_json_missing value="j.trained_at"}} then 'model.trained_at is no time'
        when t.model_role is null and not {{> is_json_missing value="j.model_role"}} then 'model.role is no text'
        when t.model_role not in ('champion', 'challenger', 'baseline')
            then 'model.role is not champion, challenger or baseline'
        when t.target is null then 'no target'
        when t.apartment is null then 'no apartment'
        when t.apartment not in (
        {{#each (var "apartments") as |apartment|}}
            {{literal apartment.id}}{{#unless @last}},{{/unless}}
        {{/each}}
        ) then 'unknown apartment'
        when t.room is null then 'no room'
        when {{> is_json_missing value="j.timestamp"}} then 'no timestamp'
        when v.timestamp is null then 'timestamp is no time'
        when v.window_minutes is null and not {{> is_json_missing value="j.window_minutes"}}
            then 'window_minutes is no whole number from 1 to 10080'
        when v.run_at is null and not {{> is_json_missing value="j.run_at"}} then 'run_at is no time'
        when jsonb_typeof(j.horizon) not in ('object', 'null') then 'horizon is no object'
        when t.horizon_type is null and not {{> is_json_missing value="j.horizon_type"}} then 'horizon.type is no text'
        when v.horizon_days is null and not {{> is_json_missing value="j.horizon_days"}}
            then 'horizon.days is no whole number from 0 to 3650'
        when v.horizon_minutes is null and not {{> is_json_missing value="j.horizon_minutes"}}
            then 'horizon.minutes is no whole number from 0 to 5256000'
        when v.value is null and not {{> is_json_missing value="j.value"}} then 'value is no number'
        when t.class is null and not {{> is_json_missing value="j.class"}} then 'class is no text'
        when v.value is null and t.class is null then 'neither value nor class'
        when v.confidence is null and not {{> is_json_missing value="j.confidence"}} then 'confidence is no number'
        when v.confidence not between 0 and 1 then 'confidence is not between 0 and 1'
        when v.lower is null and not {{> is_json_missing value="j.lower"}} then 'lower is no number'
        when v.upper is null and not {{> is_json_missing value="j.upper"}} then 'upper is no number'
        when v.lower > v.upper then 'lower is above upper'
    end as reason
from {{source "staging" "prediction"}} as p
cross join lateral (
    select
        p.record -> 'model' -> 'name' as model_name,
        p.record -> 'model' -> 'version' as model_version,
        p.record -> 'model' -> 'type' as model_type,
        p.record -> 'model' -> 'trained_at' as trained_at,
        p.record -> 'model' -> 'role' as model_role,
        p.record -> 'target' as target,
        p.record -> 'apartment' as apartment,
        p.record -> 'room' as room,
        p.record -> 'timestamp' as timestamp,
        p.record -> 'window_minutes' as window_minutes,
        p.record -> 'run_at' as run_at,
        p.record -> 'horizon' as horizon,
        p.record -> 'horizon' -> 'type' as horizon_type,
        p.record -> 'horizon' -> 'days' as horizon_days,
        p.record -> 'horizon' -> 'minutes' as horizon_minutes,
        p.record -> 'value' as value,
        p.record -> 'class' as class,
        p.record -> 'confidence' as confidence,
        p.record -> 'lower' as lower,
        p.record -> 'upper' as upper
    offset 0
) as j
cross join lateral (
    select
        {{> json_text value="j.model_name"}} as model_name,
        {{> json_text value="j.model_version"}} as model_version,
        {{> json_text value="j.model_type"}} as model_type,
        {{> json_text value="j.trained_at"}} as trained_at,
        lower({{> json_text value="j.model_role"}}) as model_role,
        lower({{> json_text value="j.target"}}) as target,
        {{> json_text value="j.apartment"}} as apartment,
        {{> json_text value="j.room"}} as room,
        {{> json_text value="j.timestamp"}} as timestamp,
        {{> json_text value="j.window_minutes"}} as window_minutes,
        {{> json_text value="j.run_at"}} as run_at,
        lower({{> json_text value="j.horizon_type"}}) as horizon_type,
        {{> json_text value="j.horizon_days"}} as horizon_days,
        {{> json_text value="j.horizon_minutes"}} as horizon_minutes,
        case
            when jsonb_typeof(j.class) = 'boolean' then j.class #>> '{}'
            else {{> json_text value="j.class"}}
        end as class
    offset 0
) as t
cross join lateral (
    select
        {{> composed text="t.room"}} as room,
        -- a day alone is its midnight
        coalesce(
            {{> instant text="upper(t.trained_at)"}},
            {{> instant text="(t.trained_at || ' 00:00')"}}
        ) as trained_at,
        -- UTC if it names no offset
        date_trunc('minute', {{> instant text="upper(t.timestamp)"}}, 'UTC') as timestamp,
        {{> instant text="upper(t.run_at)"}} as run_at,
        case
            when {{> is_json_missing value="j.window_minutes"}} then 15
            else {{> whole_number_between text="t.window_minutes" lowest="1" highest="10080"}}
        end as window_minutes,
        {{> whole_number_between text="t.horizon_days" lowest="0" highest="3650"}} as horizon_days,
        {{> whole_number_between text="t.horizon_minutes" lowest="0" highest="5256000"}} as horizon_minutes,
        {{> reading_value value="j.value" is_flag="(jsonb_typeof(j.value) = 'boolean')"}} as value,
        {{> reading_value value="j.confidence" is_flag="false"}} as confidence,
        {{> reading_value value="j.lower" is_flag="false"}} as lower,
        {{> reading_value value="j.upper" is_flag="false"}} as upper
    offset 0
) as v
cross join lateral (
    select
        -- what a horizon does not say: it is 15 minutes long, or as many as its days
        case
            when v.horizon_minutes is not null
                then coalesce({{> bounded_text text="t.horizon_type"}}, 'minute') || ' +' || v.horizon_minutes
            when v.horizon_days is not null then coalesce({{> bounded_text text="t.horizon_type"}}, 'day')
            else coalesce({{> bounded_text text="t.horizon_type"}}, 'minute') || ' +15'
        end as horizon_name,
        coalesce(v.horizon_days, v.horizon_minutes / 1440, 0) as horizon_days
    offset 0
) as h
left join {{ref "rooms"}} as n on {{> composed text="n.raw_name"}} = v.room
