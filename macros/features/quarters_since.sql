{{! Quarters of an hour since a quarter, at most 96 (a day), which stands for never, too. last, now: timestamptz expressions. }}
least(coalesce((extract(epoch from {{now}} - {{last}}) / 900)::integer, 96), 96)
