{{! Which quarters of room_quarter the features read: all, or those within the settings of the session datacycle.features_from and
    datacycle.features_until (the latter is not read itself), times with their offset. Whoever scores one quarter sets them, so that a
    short stretch of the key is read; whoever proves that no feature looks ahead cuts the history by them. A condition. }}
quarter >= coalesce(nullif(current_setting('datacycle.features_from', true), '')::timestamptz, '-infinity')
and quarter < coalesce(nullif(current_setting('datacycle.features_until', true), '')::timestamptz, 'infinity')
