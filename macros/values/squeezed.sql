{{! A name as it is compared: composed, without spaces, in lower case. name: an SQL expression. }}
lower(regexp_replace({{> composed text=name}}, '\s', '', 'g'))
