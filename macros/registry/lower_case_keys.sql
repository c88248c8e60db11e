{{! A jsonb object with the names of its members in lower case, as column fields: the body of a lateral subquery. Of two
    names that differ in letter case only, the last in byte order. record: an SQL expression. }}
select jsonb_object_agg(lower(k.name), k.value order by k.name collate "C") as fields
from jsonb_each({{record}}) as k (name, value)
