{{! The name of a room that seed rooms does not know: as sent, unless it is too long to be indexed; then its beginning and
    its hash, which keep it apart from others. name: an SQL expression. }}
case when octet_length({{name}}) <= 200 then {{name}} else left({{name}}, 30) || ' ' || md5({{name}}) end
