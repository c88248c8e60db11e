/** The names of the policies that the runner creates; policies of other names were created by hand. */
export const ownPolicy = /^datacycle_(?:reads|writes)_[0-9a-f]{8}$/;

/** A fingerprint of the row `p` of pg_policy, which changes when the policy is altered. */
export const policyFingerprint = `'datacycle ' || md5(concat_ws(' ', p.polcmd, p.polpermissive,
    (select string_agg(coalesce(r.rolname, 'public'), ' ' order by r.rolname)
        from unnest(p.polroles) as g (oid) left join pg_roles as r on r.oid = g.oid),
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)))`;
