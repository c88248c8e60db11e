// What PostgreSQL says. These files query the catalog and translate errors; they change nothing.
//
//   catalog.ts          an existing relation: columns, constraints, indexes, foreign keys, partitions, policies
//   attachments.ts      its privileges, comments, and what was created on it by hand
//   recreatable.ts      what else depends on a table, with the statements that make it again
//   conversion.ts       whether its rows can be cast to other types
//   dependent-views.ts  the views that read it, with what is needed to recreate them
//   upstream-shape.ts   the columns of what a node reads, as a hash
//   question.ts         sends several catalog queries as one statement
//   statement.ts        runs an SqlText; an error gets its place in the template. likely-place.ts helps where PostgreSQL gives none
//   retry.ts, shared-lock.ts  try again after a deadlock or a serialization failure, at last with no other model running
import type { RelationName } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { ownPolicy, policyFingerprint } from './policies.ts';
import { ask, type Question, question } from './question.ts';

export interface Column {
  readonly name: string;
  /** As PostgreSQL spells it, e.g. `timestamp with time zone`. */
  readonly type: string;
  /** The database computes its values, or numbers it (`generated always as identity`): no statement may write it. */
  readonly generated?: 'expression' | 'identity' | undefined;
}

/** Whether columns have the same names and types, in any order. */
export function sameColumns(some: readonly Column[], others: readonly Column[]): boolean {
  const types = new Map(others.map((column) => [column.name, column.type]));
  return types.size === some.length && some.every((column) => types.get(column.name) === column.type);
}

/** Whether columns begin with these, in their order. */
export function beginWith(columns: readonly Column[], first: readonly Column[]): boolean {
  return first.every(({ name, type }, at) => columns[at]?.name === name && columns[at]?.type === type);
}

/** The kinds of relation that a model can be, in the words of PostgreSQL's statements. */
export type RelationKind = 'table' | 'view' | 'materialized view';

/** An existing relation, as the catalog describes it. */
export interface ExistingRelation {
  readonly kind: RelationKind | 'other';
  /** False for a materialized view that was left without rows, so that it cannot be read. */
  readonly populated: boolean;
  /** The planner's guess; -1 if the table was never analysed. */
  readonly estimatedRows: number;
  readonly columns: readonly (Column & { readonly notNull: boolean })[];
  /** Names of constraints and of indexes. */
  readonly objects: readonly string[];
  /** Column sets that a valid unique index without a condition keeps unique. */
  readonly unique: readonly (readonly string[])[];
  /** Validated foreign keys of this relation. */
  readonly foreignKeys: readonly ForeignKey[];
  /** Foreign keys of others that point here. */
  readonly referencedBy: readonly ForeignKey[];
  /** Whether a view is `security_invoker`; false for a table. */
  readonly securityInvoker: boolean;
  /** Whether a publication of the database publishes updates or deletes, of whichever tables. */
  readonly published?: boolean | undefined;
  /** Null or absent for a table that is in one piece. */
  readonly partitions?: ExistingPartitions | null | undefined;
  readonly rowSecurity: {
    readonly enabled: boolean;
    /** The owner, too, sees only what the policies let it see. */
    readonly forced: boolean;
    /** `intact`: it is as the runner made it. */
    readonly policies: readonly { readonly name: string; readonly intact: boolean }[];
  };
}

/** How an existing table is partitioned. */
export interface ExistingPartitions {
  /** The only column of a range; null for any other way. */
  readonly column: string | null;
  /** Whether row security of any partition is off, or anybody but the owner has a privilege on one. */
  readonly open: boolean;
  /** The planner's guess at the rows of all of them; the table's own is as old as its last `analyze`. */
  readonly estimatedRows: number;
  /** The different ways in which partitions are guarded, policies of the runner only. */
  readonly guards: readonly { readonly forced: boolean; readonly policies: readonly string[] }[];
}

export interface ForeignKey {
  readonly from: RelationName;
  readonly columns: readonly string[];
  readonly to: RelationName;
  readonly toColumns: readonly string[];
}

/** Reads a relation from the catalog; undefined if there is none of that name. */
export async function readRelation(on: Queryable, name: RelationName): Promise<ExistingRelation | undefined> {
  const bare = await ask(on, bareRelation(name));
  return bare && completed(on, bare);
}

/**
 * What one quick query tells about a relation; {@link completed} reads the rest. Most relations have no foreign keys, policies or
 * partitions, and planning a query about those takes PostgreSQL longer than a check whether there are any.
 */
export function bareRelation({ schema, name }: RelationName): Question<BareRelation | undefined> {
  return question(
    `select c.oid::bigint as oid, c.relkind, c.relispartition, c.relispopulated as populated, c.reltuples as estimated_rows,
    c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, coalesce(c.reloptions, '{}') as options,
    exists (select from pg_policy where polrelid = c.oid) as has_policies,
    exists (select from pg_publication where pubupdate or pubdelete) as published,
    coalesce((select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
            'notNull', a.attnotnull,
            'generated', case when a.attgenerated <> '' then 'expression' when a.attidentity = 'a' then 'identity' end)) order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns,
    (select coalesce(jsonb_agg(name), '[]') from (
        select conname as name from pg_constraint where conrelid = c.oid and conparentid = 0
        union select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = c.oid) as o) as objects,
    (select coalesce(jsonb_agg((select jsonb_agg(a.attname order by a.attnum) from pg_attribute a
            where a.attrelid = c.oid and a.attnum = any(x.indkey::int2[]))), '[]')
        from pg_index x where x.indrelid = c.oid and x.indisunique and x.indisvalid and x.indpred is null and x.indexprs is null) as "unique"
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I', 'c')`,
    [schema, name],
    ([row]: readonly BareRelation[]) => row,
  );
}

/**
 * All of a relation.
 * @param on the session that read the first part, so that both are of one snapshot. @param known what {@link restOf} answered.
 */
export async function completed(on: Queryable, bare: BareRelation, known?: RestOfRelation): Promise<ExistingRelation> {
  const { oid, populated, columns, objects, unique } = bare;
  const keys = known?.keys ?? (bare.relhastriggers ? await ask(on, foreignKeysOf(oid)) : []);
  return {
    kind: kindOf(bare),
    populated,
    estimatedRows: bare.estimated_rows,
    columns,
    objects,
    unique,
    foreignKeys: keys.filter(({ points }) => points).map(({ key }) => key),
    referencedBy: keys.filter(({ points }) => !points).map(({ key }) => key),
    published: bare.published,
    securityInvoker: bare.options.some((option) => /^security_invoker=(true|on|yes|1)$/i.test(option)),
    partitions: bare.relkind === 'p' ? await readPartitions(on, oid) : null,
    rowSecurity: {
      enabled: bare.relrowsecurity,
      forced: bare.relforcerowsecurity,
      policies: known?.policies ?? (bare.has_policies ? await ask(on, policiesOf(oid)) : []),
    },
  };
}

export type BareRelation = Pick<ExistingRelation, 'populated' | 'columns' | 'objects' | 'unique'> & {
  readonly oid: number;
  readonly relkind: string;
  readonly relispartition: boolean;
  readonly estimated_rows: number;
  readonly relhastriggers: boolean;
  readonly relrowsecurity: boolean;
  readonly relforcerowsecurity: boolean;
  readonly options: readonly string[];
  readonly has_policies: boolean;
  readonly published: boolean;
};

/** What {@link completed} asks about a relation only where it has some. */
export interface RestOfRelation {
  readonly keys: readonly KeyOfRelation[];
  readonly policies: readonly Policy[];
}

type Policy = ExistingRelation['rowSecurity']['policies'][number];

/** A foreign key, and whether the relation is the one that it is of. */
interface KeyOfRelation {
  readonly points: boolean;
  readonly key: ForeignKey;
}

/** The same as questions about a name: for many relations at once, when planning them once is cheaper than a statement for each. */
export function restOf({ schema, name }: RelationName): {
  readonly [K in keyof RestOfRelation]: Question<RestOfRelation[K]>;
} {
  const own = `select c.oid from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = $2`;
  return {
    keys: question(foreignKeysSql(`${own} and c.relhastriggers`), [schema, name], asTheyAre<KeyOfRelation>),
    policies: question(policiesSql(own), [schema, name], asTheyAre<Policy>),
  };
}

function asTheyAre<R>(rows: readonly R[]): readonly R[] {
  return rows;
}

/** A foreign key is triggers on both sides. */
function foreignKeysOf(oid: number): Question<readonly KeyOfRelation[]> {
  return question(foreignKeysSql('select $1::oid as oid'), [oid], asTheyAre<KeyOfRelation>);
}

/** @param own the query for the oid of the relation. */
function foreignKeysSql(own: string): string {
  return `select f.conrelid = own.oid as points, jsonb_build_object(
    'from', jsonb_build_object('schema', fn.nspname, 'name', fc.relname),
    'columns', (select jsonb_agg(a.attname order by k.place) from unnest(f.conkey) with ordinality as k (number, place)
        join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number),
    'to', jsonb_build_object('schema', tn.nspname, 'name', tc.relname),
    'toColumns', (select jsonb_agg(a.attname order by k.place) from unnest(f.confkey) with ordinality as k (number, place)
        join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number)) as key
from (
    ${own}
) as own
join pg_constraint f on f.conrelid = own.oid or f.confrelid = own.oid
join pg_class fc on fc.oid = f.conrelid
join pg_namespace fn on fn.oid = fc.relnamespace
join pg_class tc on tc.oid = f.confrelid
join pg_namespace tn on tn.oid = tc.relnamespace
where f.contype = 'f' and f.conparentid = 0
    and (f.convalidated or f.conrelid <> own.oid)`;
}

async function readPartitions(on: Queryable, oid: number): Promise<ExistingPartitions | undefined> {
  const { rows } = await on.query<Pick<ExistingPartitions, keyof ExistingPartitions>>(
    `select
    (select a.attname from pg_attribute a
        where a.attrelid = pt.partrelid and pt.partstrat = 'r' and pt.partnatts = 1 and a.attnum = pt.partattrs[0]) as column,
    coalesce(bool_or(not p.relrowsecurity
        or exists (select from aclexplode(p.relacl) g where g.grantee <> p.relowner)), false) as open,
    coalesce(sum(greatest(p.reltuples, 0)) filter (where p.relkind = 'r'), 0)::float8 as "estimatedRows",
    coalesce(jsonb_agg(distinct jsonb_build_object('forced', p.relforcerowsecurity,
        'policies', (select coalesce(jsonb_agg(y.polname order by y.polname), '[]')
            from pg_policy y where y.polrelid = p.oid and y.polname ~ '${ownPolicy.source}'))) filter (where p.oid is not null), '[]') as guards
from pg_partitioned_table pt
left join (
    ${partitionsOf('$1').replaceAll('\n', '\n    ')}
) h on true
left join pg_class p on p.oid = h.oid
where pt.partrelid = $1
group by pt.partrelid`,
    [oid],
    'prepared',
  );
  return rows[0];
}

function policiesOf(oid: number): Question<readonly Policy[]> {
  return question(policiesSql('select $1::oid as oid'), [oid], asTheyAre<Policy>);
}

function policiesSql(own: string): string {
  return `select p.polname as name, coalesce(obj_description(p.oid, 'pg_policy') = ${policyFingerprint}, false) as intact
from (
    ${own}
) as own
join pg_policy as p on p.polrelid = own.oid
order by p.polname`;
}

/** A partition is part of a table, and no model's own. */
function kindOf({ relkind, relispartition }: BareRelation): ExistingRelation['kind'] {
  return relispartition ? 'other' : (kinds[relkind] ?? 'other');
}

const kinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized view',
};

/**
 * Whether the planner should look at a table again: so many rows changed, or its partitions grew unseen by a tenth. An
 * autovacuum looks at each of them and never at the whole.
 */
export function isWorthAnalyzing({ estimatedRows, partitions }: ExistingRelation, changed: number): boolean {
  const known = Math.max(estimatedRows, 0);
  const unseen = Math.max((partitions?.estimatedRows ?? 0) - known, 0);
  return changed + unseen > 50 + known / 10;
}

/** The names and types that a relation of this session's temporary schema has. */
export async function readTemporaryColumns(session: Queryable, name: string): Promise<readonly Column[]> {
  const { rows } = await session.query<{ name: string; type: string }>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
     from pg_attribute a
     where a.attrelid = to_regclass('pg_temp.' || quote_ident($1)) and a.attnum > 0 and not a.attisdropped
     order by a.attnum`,
    [name],
    'prepared',
  );
  return rows;
}

/** The query for the `oid` of every partition and its sub-partitions, without foreign tables. */
export function partitionsOf(table: string): string {
  return `with recursive parts as (
    select inhrelid as oid
    from pg_inherits
    where inhparent = ${table}
    union all
    select i.inhrelid
    from parts as p
    join pg_inherits as i on i.inhparent = p.oid
)

select p.oid
from parts as p
join pg_class as c using (oid)
where c.relispartition
    and c.relkind in ('r', 'p')`;
}
