{{! Whether a value lies outside its bounds, which are inclusive; a missing bound does not bind. Never NULL. }}
({{value}} < {{lower}} or {{value}} > {{upper}}) is true
