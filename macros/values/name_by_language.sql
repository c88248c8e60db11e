{{! The name in the language of the variable language, English in another that the seed lacks. row: a row of seed calendar_names. }}
coalesce(to_jsonb({{row}}) ->> {{literal (var "language")}}, {{row}}.en)
