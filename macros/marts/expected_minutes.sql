{{! The minutes of a local day in which readings are due: all if it is over, else those up to the newest reading inclusive. key: the
    day's key YYYYMMDD; newest: the apartment's newest minute, a timestamptz; SQL expressions. }}
(
    extract(
        epoch from case
            when {{newest}} >= {{> day_end key=key}} or {{run_started_at}} >= {{> day_end key=key}}
                then {{> day_end key=key}}
            else greatest({{newest}} + interval '1 minute', {{> day_start key=key}})
        end - {{> day_start key=key}}
    ) / 60
)::integer
