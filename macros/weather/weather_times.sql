{{! The texts that stand for times in weather chunks, each once, with the instant they name: the body of a CTE. A file names
    few hours many times, so this costs little; NULL for what is no time. To the minute, which is as far as dim_datetime goes. chunks: a CTE of weather_chunks. }}
select
    t.text,
    date_trunc('minute', {{> instant text="t.text"}}) as timestamp
-- through an array, so that the planner expects few of them and looks lines up here rather than the other way round
from unnest(array(
    select distinct jsonb_array_elements_text(columns -> 'Time')
    from {{chunks}}
)) as t (text)
