{{! The landed chunks of the weather files with the day their forecasts were issued: the body of a CTE; conditions on c may
    follow. The loader has made sure of the name: Pred_YYYY-MM-DD.csv. }}
select
    c.file_id,
    c.load_id,
    c.name,
    substr(c.name, 6, 10)::date as prediction_date,
    c.columns
from {{source "staging" "weather_chunk"}} as c
