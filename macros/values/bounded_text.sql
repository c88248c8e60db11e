{{! A text that is part of a key: as sent, unless it is too long to be indexed; then its beginning and its hash, which keep it
    apart from others. NULL stays NULL. text: an SQL expression. }}
case when octet_length({{text}}) <= 200 then {{text}} else left({{text}}, 30) || ' ' || md5({{text}}) end
