{{! Whether the column Prediction of a file is the lead time in hours and not the number of a model run: an aggregate over the rows of one file,
    with timestamp and prediction. The model runs every three hours, so a time minus its lead is a multiple of them, but for a few damaged lines. }}
avg((mod(extract(epoch from timestamp)::bigint - prediction * 3600, 10800) = 0)::integer) >= 0.95
