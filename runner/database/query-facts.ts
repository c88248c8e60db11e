import { type RelationName, relation } from '../../warehouse/quote.ts';
import type { Queryable, Session } from '../../warehouse/warehouse.ts';
import { SqlText } from '../text/sql-text.ts';
import { sqlTokens } from '../text/sql-tokens.ts';
import { statement } from './statement.ts';

/** What PostgreSQL's parser says of a query. */
export interface QueryFacts {
  /** The tables and views that it names, those of the catalog among them, quoted. */
  readonly relations: ReadonlySet<string>;
  /** Whether it can yield other rows although those relations have the same: by the time, the user, a setting, chance. */
  readonly isVolatile: boolean;
}

/**
 * Functions that PostgreSQL calls stable only because they depend on settings such as TimeZone and DateStyle, which every session of
 * this program sets alike.
 */
const steady = [
  'array_to_json',
  'array_to_string',
  'concat',
  'concat_ws',
  'convert_to',
  'date',
  'date_part',
  'date_trunc',
  'extract',
  'format',
  'generate_series',
  'getdatabaseencoding',
  'json_agg',
  'json_build_array',
  'json_build_object',
  'json_object_agg',
  'jsonb_agg',
  'jsonb_build_array',
  'jsonb_build_object',
  'jsonb_object_agg',
  'jsonb_populate_record',
  'jsonb_populate_recordset',
  'jsonb_to_record',
  'jsonb_to_recordset',
  'make_timestamptz',
  'quote_literal',
  'quote_nullable',
  'row_to_json',
  'time',
  'timestamp',
  'timestamptz',
  'timezone',
  'to_char',
  'to_date',
  'to_json',
  'to_jsonb',
  'to_number',
  'to_timestamp',
  'to_tsquery',
  'to_tsvector',
];

/** The facts of each view among `$1`, quoted names. The stored form of a view has functions and relations by their oids. */
const factsSql = `with rules as (
    select views.name, r.ev_class, r.ev_action::text as action
    from unnest($1::text[]) as views (name)
    join pg_rewrite as r on r.ev_class = to_regclass(views.name) and r.rulename = '_RETURN'
)
select
    rules.name,
    array(
        select distinct jsonb_build_object('schema', n.nspname, 'name', c.relname)
        from regexp_matches(rules.action, ':relid (\\d+)', 'g') as found (oids)
        join pg_class as c on c.oid = found.oids[1]::oid
        join pg_namespace as n on n.oid = c.relnamespace
        where c.oid <> rules.ev_class
    ) as relations,
    rules.action ~ '(SQLVALUEFUNCTION|TABLESAMPLECLAUSE|NEXTVALUEEXPR)'
    or exists (
        select
        from regexp_matches(rules.action, ':(?:funcid|aggfnoid|winfnoid) (\\d+)', 'g') as found (oids)
        join pg_proc as p on p.oid = found.oids[1]::oid
        where p.provolatile = 'v'
            or (p.provolatile = 's' and not (p.pronamespace = 'pg_catalog'::regnamespace and p.proname = any($2::text[])))
    )
    -- An aggregate is what its functions are: it is called immutable whatever they do.
    or exists (
        select
        from regexp_matches(rules.action, ':(?:aggfnoid|winfnoid) (\\d+)', 'g') as found (oids)
        join pg_aggregate as a on a.aggfnoid = found.oids[1]::oid
        join pg_proc as p on p.oid in (a.aggtransfn, a.aggfinalfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
        where p.provolatile <> 'i' and p.pronamespace <> 'pg_catalog'::regnamespace
    )
    -- The operators of PostgreSQL itself depend on settings at most, which every session sets alike.
    or exists (
        select
        from regexp_matches(rules.action, ':opfuncid (\\d+)', 'g') as found (oids)
        join pg_proc as p on p.oid = found.oids[1]::oid
        where p.provolatile <> 'i' and p.pronamespace <> 'pg_catalog'::regnamespace
    ) as volatile
from rules`;

type Facts = {
  readonly name: string;
  readonly relations: readonly RelationName[];
  readonly volatile: boolean;
};

/**
 * Lets PostgreSQL parse a query, by a temporary view that is dropped at once.
 * @throws StatementError if the query cannot be parsed.
 */
export async function queryFacts(session: Session, sql: SqlText): Promise<QueryFacts> {
  const view = relation('pg_temp', 'datacycle_query');
  await statement(
    session,
    SqlText.join(`create temporary view "datacycle_query" as\nselect count(*) as rows\nfrom (\n`, sql, '\n) as query'),
  );
  const facts = (await viewFacts(session, [view])).get(view);
  await session.query(`drop view ${view}`);
  return {
    relations: facts?.relations ?? new Set(),
    isVolatile: facts?.isVolatile !== false || namesMoment(sql.text),
  };
}

/** The facts of existing views, by their quoted names; what is no view is missing. */
export async function viewFacts(on: Queryable, views: readonly string[]): Promise<ReadonlyMap<string, QueryFacts>> {
  const { rows } = await on.query<Facts>(factsSql, [views, steady], 'prepared');
  return new Map(
    rows.map(({ name, relations, volatile }) => [
      name,
      { relations: new Set(relations.map((one) => relation(one))), isVolatile: volatile },
    ]),
  );
}

const momentName = String.raw`(?:[\d:.]+\s+)?(?:now|today|tomorrow|yesterday)(?:\s+(?:at\s+)?(?:\d[\d:.]*(?:\s*[ap]m)?|allballs))?(?:\s*[-+\w/:]+)?`;
/** As a value, and within a range, array or row. */
const moments = [
  new RegExp(String.raw`^\s*${momentName}\s*$`, 'i'),
  new RegExp(String.raw`^\s*[\[({].*[,\[({"]\s*${momentName}\s*[",\])}]`, 'is'),
];

/**
 * Whether a text in the query has a name of the moment, which PostgreSQL replaces by that moment: `'today'::date`,
 * `'[2023-08-18,today)'::daterange`.
 */
function namesMoment(sql: string): boolean {
  for (const { kind, text } of sqlTokens(sql)) {
    if (kind !== 'string') continue;
    const value = text.replace(/^(?:[eE]?'|\$\w*\$)|(?:'|\$\w*\$)$/g, '');
    if (moments.some((moment) => moment.test(value))) return true;
  }
  return false;
}
