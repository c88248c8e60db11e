{{! The order in which predictions of presence for one minute and room count: the first is the one. By what they say, never by
    when they came. }}
horizon_days, horizon_minutes nulls last, trained_at desc nulls last, model_name, model_version, horizon_name
