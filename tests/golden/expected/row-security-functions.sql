create or replace function "gold"."who"(who name) returns text[]
language plpgsql stable security definer parallel safe cost 1000
set search_path = pg_catalog, pg_temp
as $guard$
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
$guard$;

create or replace function "gold"."datacycle_session_of"(who name) returns boolean
language sql immutable security invoker parallel safe cost 100
set search_path = pg_catalog, pg_temp
as $guard$ select session_user = $1 or pg_has_role(session_user, $1, 'member') $guard$;
