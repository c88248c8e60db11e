import { StatementError } from '../../warehouse/errors.ts';
import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Session } from '../../warehouse/warehouse.ts';

/** What values of a type hold, as their parts or in themselves, that PostgreSQL reads by a setting. */
export type PartsOfType = {
  readonly hasDays: boolean;
  readonly hasMoney: boolean;
};

/** The elements of arrays and ranges, the columns of rows, the types below domains, and theirs in turn. */
const partsSql = `with recursive part (type, oid) as (
    select t.type, to_regtype(t.type)::oid
    from unnest($1::text[]) as t (type)
    union
    select p.type, inner_type.oid
    from part as p
    join pg_type as t on t.oid = p.oid
    left join pg_range as r on t.oid in (r.rngtypid, r.rngmultitypid)
    left join pg_attribute as a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    cross join lateral (values (t.typelem), (t.typbasetype), (r.rngsubtype), (a.atttypid)) as inner_type (oid)
    where inner_type.oid <> 0
)
select
    type,
    coalesce(bool_or(oid in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)), false) as "hasDays",
    coalesce(bool_or(oid = 'money'::regtype), false) as "hasMoney"
from part
group by type`;

/** The parts of these types, by their names; empty if one of them cannot be read as a type, which whoever uses it will say. */
export async function partsOfTypes(
  session: Session,
  types: readonly string[],
): Promise<ReadonlyMap<string, PartsOfType>> {
  if (types.length === 0) return new Map();
  try {
    const { rows } = await inSavepoint(session, () =>
      session.query<PartsOfType & { readonly type: string }>(partsSql, [types]),
    );
    return new Map(rows.map((row) => [row.type, row]));
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    return new Map();
  }
}
