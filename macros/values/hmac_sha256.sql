{{! HMAC-SHA256 (RFC 2104) as lower-case hexadecimal, with what PostgreSQL has built in. key, message: text expressions. }}
(
    select encode(
        sha256(
            string_agg(set_byte(decode('00', 'hex'), 0, get_byte(k.block, p.place) # 92), '' order by p.place)
            || sha256(
                string_agg(set_byte(decode('00', 'hex'), 0, get_byte(k.block, p.place) # 54), '' order by p.place)
                || convert_to({{message}}, 'UTF8')
            )
        ),
        'hex'
    )
    from (
        -- the key, or its hash if it is longer than a block of 64 bytes, filled up with zeros
        select overlay(
            decode(repeat('00', 64), 'hex')
            placing case when length(r.bytes) > 64 then sha256(r.bytes) else r.bytes end
            from 1
        ) as block
        from (select convert_to({{key}}, 'UTF8') as bytes) as r
    ) as k
    cross join generate_series(0, 63) as p (place)
)
