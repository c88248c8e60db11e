{{! Whether a JSON value is not there, null or an empty text. Never NULL. value: an SQL expression of type jsonb. }}
(coalesce(jsonb_typeof({{value}}), 'null') = 'null' or {{value}} #>> '{}' = '' and jsonb_typeof({{value}}) = 'string')
