{{! The order in which predictions of presence for one minute and room count: the first is the one, that with the shortest lead. By what they
    say, never by when they came. }}
lead_minutes, target desc, horizon_days, trained_at desc nulls last, model_name, model_version, horizon_name
