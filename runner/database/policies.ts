/** What the policies of the runner are called; those of other names are somebody else's. */
export const ownPolicy = /^datacycle_(?:reads|writes)_[0-9a-f]{8}$/;

/** What a policy of the row `p` of pg_policy says, as a short text that changes when somebody alters it. */
export const policyFingerprint = `'datacycle ' || md5(concat_ws(' ', p.polcmd, p.polpermissive,
    (select string_agg(coalesce(r.rolname, 'public'), ' ' order by r.rolname)
        from unnest(p.polroles) as g (oid) left join pg_roles as r on r.oid = g.oid),
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)))`;
