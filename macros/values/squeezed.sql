{{! A name as it is compared: without spaces, in lower case. name: an SQL expression. }}
lower(regexp_replace({{name}}, '\s', '', 'g'))
