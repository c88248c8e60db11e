-- run
create table "public"."m" as
select id, room, value, load_id
from "raw"."events";

-- upsert
select count(*) as inserted, 0 as updated
from "public"."m";

-- guard: unique_key of m is NULL in (id=NULL)
select "id"
from "public"."m"
where "id" is null
limit 3;

-- run
alter table "public"."m"
    alter column "id" set not null;

-- run
alter table "public"."m"
    add constraint "m_id_key_cf6ab3" unique ("id");

-- run
analyze "public"."m";
