create or replace function "gold"."who"(who name) returns text[]
language plpgsql stable security definer parallel safe cost 1000
set search_path = pg_catalog, pg_temp
as $visible$
begin
    -- Nobody is told what others see, and nobody sees anything before it is said who sees what.
    if not pg_has_role(session_user, $1, 'member') or to_regclass('"access"."who ""sees"" it"') is null then
        return '{}';
    end if;
    return (
        select coalesce(array_agg(distinct a."room"), '{}')
        from "access"."who ""sees"" it" as a
        inner join pg_roles as r on lower(r.rolname::text collate "default") = lower(a."principal")
        where pg_has_role($1, r.oid, 'usage')
    );
end
$visible$;

create or replace function "gold"."who_in_views"(who name) returns text[]
language plpgsql stable security definer parallel safe cost 1
set search_path = pg_catalog, pg_temp
as $visible$
begin
    -- Nobody is told what others see, and nobody sees anything before it is said who sees what.
    if not pg_has_role(session_user, $1, 'member') or to_regclass('"access"."who ""sees"" it"') is null then
        return '{}';
    end if;
    return (
        select coalesce(array_agg(distinct a."room"), '{}')
        from "access"."who ""sees"" it" as a
        inner join pg_roles as r on lower(r.rolname::text collate "default") = lower(a."principal")
        where pg_has_role($1, r.oid, 'usage')
    );
end
$visible$;
