{{! What the landed predictions say, one row a record, and why one cannot be used (reason; NULL if it can): the body of a
    CTE; conditions on p may follow, then an `offset 0`. Nothing in a record makes it fail. }}
select
    p.load_id,
    p.row_no,
    p.record,
    {{> bounded_text text="t.model_name"}} as model_name,
    {{> bounded_text text="t.model_version"}} as model_version,
    t.model_type,
    v.trained_at,
    {{> bounded_text text="t.target"}} as target,
    t.apartment,
    coalesce(n.room_name, {{> bounded_text text="t.room"}}) as room,
    v.timestamp,
    {{> bounded_text text="t.horizon_type"}} as horizon_type,
    v.horizon_days,
    v.value,
    t.class,
    v.confidence,
    case
        when jsonb_typeof(p.record) <> 'object' then 'the record is no object'
        when t.model_name is null then 'no model.name'
        when t.model_version is null then 'no model.version'
        when v.trained_at is null and not {{> is_json_missing value="j.trained_at"}} then 'model.trained_at is no time'
        when t.target is null then 'no target'
        when t.apartment is null then 'no apartment'
        when t.apartment not in (
        {{#each (var "apartments") as |apartment|}}
            {{literal apartment.id}}{{#unless @last}},{{/unless}}
        {{/each}}
        ) then 'unknown apartment'
        when t.room is null then 'no room'
        when {{> is_json_missing value="j.timestamp"}} then 'no timestamp'
        when v.timestamp is null then 'timestamp is no time with an offset from UTC'
        when t.horizon_type is null then 'no horizon.type'
        when {{> is_json_missing value="j.horizon_days"}} then 'no horizon.days'
        when v.horizon_days is null then 'horizon.days is no whole number from 0 to 3650'
        when v.value is null and not {{> is_json_missing value="j.value"}} then 'value is no number'
        when t.class is null and not {{> is_json_missing value="j.class"}} then 'class is no text'
        when v.value is null and t.class is null then 'neither value nor class'
        when v.confidence is null and not {{> is_json_missing value="j.confidence"}} then 'confidence is no number'
        when v.confidence not between 0 and 1 then 'confidence is not between 0 and 1'
    end as reason
from {{source "staging" "prediction"}} as p
cross join lateral (
    select
        p.record -> 'model' -> 'name' as model_name,
        p.record -> 'model' -> 'version' as model_version,
        p.record -> 'model' -> 'type' as model_type,
        p.record -> 'model' -> 'trained_at' as trained_at,
        p.record -> 'target' as target,
        p.record -> 'apartment' as apartment,
        p.record -> 'room' as room,
        p.record -> 'timestamp' as timestamp,
        p.record -> 'horizon' -> 'type' as horizon_type,
        p.record -> 'horizon' -> 'days' as horizon_days,
        p.record -> 'value' as value,
        p.record -> 'class' as class,
        p.record -> 'confidence' as confidence
    offset 0
) as j
cross join lateral (
    select
        {{> json_text value="j.model_name"}} as model_name,
        {{> json_text value="j.model_version"}} as model_version,
        {{> json_text value="j.model_type"}} as model_type,
        {{> json_text value="j.trained_at"}} as trained_at,
        lower({{> json_text value="j.target"}}) as target,
        {{> json_text value="j.apartment"}} as apartment,
        {{> json_text value="j.room"}} as room,
        upper({{> json_text value="j.timestamp"}}) as timestamp,
        lower({{> json_text value="j.horizon_type"}}) as horizon_type,
        {{> json_text value="j.horizon_days"}} as horizon_days,
        case
            when jsonb_typeof(j.class) = 'boolean' then j.class #>> '{}'
            else {{> json_text value="j.class"}}
        end as class
    offset 0
) as t
cross join lateral (
    select
        -- a day alone is its midnight
        coalesce(
            {{> instant text="upper(t.trained_at)"}},
            {{> instant text="(t.trained_at || ' 00:00')"}}
        ) as trained_at,
        -- a time without an offset might be anybody's
        case
            when t.timestamp ~ '(Z|[+-][0-9]{2}(:?[0-9]{2})?)$'
                then date_trunc('minute', {{> instant text="t.timestamp"}}, 'UTC')
        end as timestamp,
        case
            when t.horizon_days ~ '^[0-9]{1,4}([.]0{0,9})?$' and t.horizon_days::numeric <= 3650
                then t.horizon_days::numeric::integer
        end as horizon_days,
        {{> reading_value value="j.value" is_flag="(jsonb_typeof(j.value) = 'boolean')"}} as value,
        {{> reading_value value="j.confidence" is_flag="false"}} as confidence
    offset 0
) as v
left join {{ref "rooms"}} as n on n.raw_name = t.room
