{{! A room's mean of days before, from `from` to `to` days ago, by a window in the order of local days: of days on which somebody was at
    home, or of all if there were none. value: occupied or power_w; over: the name of the window. }}
coalesce(
    avg(home_{{value}}) over ({{over}} range between interval '{{from}} days' preceding and interval '{{to}} days' preceding),
    avg({{value}}) over ({{over}} range between interval '{{from}} days' preceding and interval '{{to}} days' preceding)
)
