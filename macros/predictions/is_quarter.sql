{{! Whether the predicted window w is a quarter of an hour as room_quarter has them. }}
(w.window_minutes = 15 and w.timestamp = {{> quarter_of instant="w.timestamp"}})
