import { identifier, literal } from '../../warehouse/quote.ts';
import type { Column, ForeignKey } from '../database/catalog.ts';
import { columnOf, isExact, recordsDiffer } from '../materialize/bytes.ts';
import { isReferenced, isSince, tableOf, valueColumns } from '../materialize/difference.ts';
import { mergedColumns } from '../materialize/incremental.ts';
import { staged } from '../materialize/parts/step.ts';
import type { KeepFrom, TableTarget } from '../materialize/parts/target.ts';
import { SqlText } from '../text/sql-text.ts';

/** An existing table, and how its differences from the staged rows are to be reported. */
export interface Comparison {
  readonly target: TableTarget;
  /** The columns that table and staged rows have. */
  readonly columns: readonly Column[];
  /** Foreign keys of others that point at the table. */
  readonly referencedBy: readonly ForeignKey[];
  /** Older rows are left out on both sides. */
  readonly since: KeepFrom | undefined;
  /** How many differing rows are returned; negative: all. They are counted in any case. */
  readonly limit: number;
}

/**
 * The query that compares. It returns one row: `rows`, the number of rows of the table; `counts`, differing rows by kind; `details`,
 * the first of them as [kind, key values, [column, existing value, expected value]], all values as text.
 */
export function compareRows(comparison: Comparison): SqlText {
  const [first] = comparison.target.uniqueKey;
  return new SqlText(first === undefined ? ofAll(comparison) : byKey(comparison, first));
}

/** @param firstOfKey a column of the unique key, by which a missing row is known. */
function byKey({ target, columns, referencedBy, since, limit }: Comparison, firstOfKey: string): string {
  const table = tableOf(target);
  const keys = target.uniqueKey.map((name, index) => ({
    t: column('t', name),
    n: column('n', name),
    d: `k${index + 1}`,
  }));
  const first = { t: column('t', firstOfKey), n: column('n', firstOfKey) };
  const sameKey = keys.map(({ t, n }) => `${t} = ${n}`).join(' and ');
  // What an increment leaves as it was need not be what a build from scratch would give.
  const { compared } = mergedColumns(target, columns);
  // A row whose natural key has no assigned number would keep the one that it has in the table.
  const should = (each: Column) =>
    each.name === target.surrogateKey
      ? `case when ${first.n} is not null then coalesce(${column('n', each.name)}, ${column('t', each.name)}) end`
      : column('n', each.name);
  const differ =
    compared.length === 0
      ? ''
      : `\n            or ${recordsDiffer(
          compared.map((each) => column('t', each.name)),
          compared.map(should),
        )}`;
  const within =
    since === undefined
      ? ''
      : `\n        and coalesce(case when ${first.t} is null then ${column('n', since.column)} else ${column('t', since.column)} end >= ${since.bound}, true)`;
  const pointedAt = isReferenced(referencedBy).map((one) => `\n            when ${one} then 'referenced'`);
  const values = compared.map((each) => [each.name, column('t', each.name), should(each)] as const);
  // Of a row that only one side has, the key says enough.
  const isOther = (name: string, actual: string, expected: string) =>
    `${target.uniqueKey.includes(name) ? "d.kind = 'changed' and " : ''}${recordsDiffer([actual], [expected])}`;
  return `with differences as materialized (
    select
        case
            when ${first.t} is null then 'missing'
            when ${first.n} is not null then 'changed'${pointedAt.join('')}
            else 'surplus'
        end as kind,
        ${keys.map(({ t, n, d }) => `coalesce(${t}, ${n}) as ${d}`).join(',\n        ')}
    from ${table} as t
    full join ${staged} as n on ${sameKey}
    where (
            ${first.t} is null
            or ${first.n} is null${differ}
        )${within}
),

shown as (
    select kind, ${keys.map(({ d }) => d).join(', ')}
    from differences
    order by kind, ${keys.map(({ d }) => d).join(', ')}${limitOf(limit)}
),

details as (
    select
        d.kind,
        row_number() over (order by d.kind, ${keys.map(({ d }) => `d.${d}`).join(', ')}) as place,
        jsonb_build_array(${keys.map(({ d }) => `d.${d}::text`).join(', ')}) as key,
        ${valuesOf(values.map(([name, actual, expected]) => [name, `${actual}::text`, `(${expected})::text`, isOther(name, actual, expected)]))} as "values"
    from shown as d
    left join ${table} as t on ${keys.map(({ t, d }) => `${t} = d.${d}`).join(' and ')}
    left join ${staged} as n on ${keys.map(({ n, d }) => `${n} = d.${d}`).join(' and ')}
)

${result(table, since)}`;
}

/** Without a key rows have no identity: a changed row is one that is missing and one that is surplus. */
function ofAll({ target, columns, since, limit }: Comparison): string {
  const table = tableOf(target);
  const { compared } = valueColumns(target, columns);
  const names = compared.map((_, index) => `c${index + 1}`);
  const rows = (alias: string, from: string) =>
    `select ${compared.map((each, index) => `${shown(each, alias)} as ${names[index] ?? ''}`).join(', ')} from ${from} as ${alias}${sinceOf(alias, since)}`;
  const existing = rows('t', table);
  const fresh = rows('n', staged);
  const list = names.map((name) => `, ${name}`).join('');
  const side = (name: string, kind: string) => `case d.kind when '${kind}' then d.${name}::text end`;
  const values = compared.map((each, index) => {
    const name = names[index] ?? '';
    return [each.name, side(name, 'surplus'), side(name, 'missing'), `d.${name} is not null`] as const;
  });
  return `with surplus as (
    ${existing}
    except all
    ${fresh}
),

missing as (
    ${fresh}
    except all
    ${existing}
),

differences as materialized (
    select 'surplus' as kind${list} from surplus
    union all
    select 'missing' as kind${list} from missing
),

shown as (
    select kind${list}
    from differences
    order by kind${limitOf(limit)}
),

details as (
    select
        d.kind,
        row_number() over (order by d.kind) as place,
        jsonb_build_array() as key,
        ${valuesOf(values)} as "values"
    from shown as d
)

${result(table, since)}`;
}

/** The columns of one row that differ, as a subquery; each is its name, both values as text, and whether it differs. */
function valuesOf(values: readonly (readonly [string, string, string, string])[]): string {
  if (values.length === 0) return 'jsonb_build_array()';
  const lines = values.map(
    ([name, actual, expected, differs], index) => `(${index}, ${literal(name)}, ${actual}, ${expected}, ${differs})`,
  );
  return `(
            select coalesce(jsonb_agg(jsonb_build_array(v.name, v.actual, v.expected) order by v.place), '[]')
            from (
                values
                    ${lines.join(',\n                    ')}
            ) as v (place, name, actual, expected, differs)
            where v.differs
        )`;
}

function result(table: string, since: KeepFrom | undefined): string {
  return `select
    (select count(*) from ${table} as t${sinceOf('t', since)}) as "rows",
    (
        select jsonb_object_agg(c.kind, c.row_count)
        from (select kind, count(*) as row_count from differences group by kind) as c
    ) as counts,
    (select jsonb_agg(jsonb_build_array(kind, key, "values") order by place) from details) as details`;
}

function sinceOf(alias: string, since: KeepFrom | undefined): string {
  return since === undefined ? '' : ` where ${isSince(alias, since)}`;
}

function limitOf(limit: number): string {
  return limit < 0 ? '' : `\n    limit ${limit}`;
}

/** A value that can be compared by its bytes, and shown. */
function shown(each: Column, alias: string): string {
  const value = columnOf(each, alias);
  // As its output function writes it: a cast to text takes the blanks from a char.
  return isExact(each.type) ? value : `case when ${value} is distinct from null then concat(${value}) end collate "C"`;
}

function column(alias: string, name: string): string {
  return `${alias}.${identifier(name)}`;
}
