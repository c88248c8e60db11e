import type { Node, RangeVar } from 'libpg-query';
import { ephemeralModel } from '../manifest/ephemeral-table.ts';
import { allNodes, bareNames, columnFields, isStar, textsOf } from '../sql/tree.ts';
import type { Finding } from './finding.ts';
import type { Form } from './form.ts';
import { queriesOf, tablesOf } from './queries.ts';

/** Schemas of PostgreSQL itself, which no model makes. */
const ofPostgres: ReadonlySet<string> = new Set(['pg_catalog', 'information_schema']);

/**
 * Tables that are named in the template's own text instead of by ref or source.
 * @param referenceTo how a relation is referred to: `{{ref "dim_room"}}`; undefined for one that the project does not know.
 */
export function directTables(
  forms: readonly Form[],
  referenceTo: (schema: string | undefined, name: string) => string | undefined,
): Finding[] {
  return forms.flatMap(({ name, select, originOf }) =>
    [...queriesOf(select)].flatMap(({ select: query, ctes }) =>
      tablesOf(query.fromClause).flatMap(({ schemaname, relname = '', location }): Finding[] => {
        const isCte = schemaname === undefined && (ctes.has(relname) || ephemeralModel(relname) !== undefined);
        if (isCte || ofPostgres.has(schemaname ?? '')) return [];
        const origin = originOf(location);
        if (origin === undefined || !origin.verbatim) return [];
        const full = schemaname === undefined ? relname : `${schemaname}.${relname}`;
        const reference = referenceTo(schemaname, relname);
        return [
          {
            rule: 'direct-table',
            name,
            what: `the table ${full} is named directly`,
            hint:
              reference === undefined
                ? `Declare it under sources in a .yml file and write {{source "..." "${relname}"}}, so that the graph knows it.`
                : `Write ${reference}, so that it is built first.`,
            place: origin.place,
          },
        ];
      }),
    ),
  );
}

/** Common table expressions that nothing reads, in no form of the model. */
export function unusedCtes(forms: readonly Form[]): Finding[] {
  const found = new Map<string, { readonly finding: Finding; isUsed: boolean }>();
  for (const { name, select, originOf } of forms)
    for (const { select: query } of queriesOf(select))
      for (const node of query.withClause?.ctes ?? []) {
        if (!('CommonTableExpr' in node)) continue;
        const { ctename = '', ctequery, location } = node.CommonTableExpr;
        const origin = originOf(location);
        if (origin === undefined) continue;
        const { place } = origin;
        const own = bareNames([ctequery]).filter((one) => one === ctename).length;
        const isUsed = bareNames([{ SelectStmt: query }]).filter((one) => one === ctename).length > own;
        const key = `${place.file}:${place.line}:${place.column} ${ctename}`;
        const finding: Finding = {
          rule: 'unused-cte',
          name,
          what: `nothing reads the common table expression ${ctename}`,
          hint: 'Take it out.',
          place,
        };
        const other = found.get(key);
        found.set(key, { finding, isUsed: isUsed || other?.isUsed === true });
      }
  return [...found.values()].flatMap(({ finding, isUsed }) => (isUsed ? [] : [finding]));
}

/** `*` in a select list, except in imports: queries that take one table as it is. */
export function stars(forms: readonly Form[]): Finding[] {
  return forms.flatMap(({ name, select, originOf }) =>
    [...queriesOf(select)].flatMap(({ select: query, as }) => {
      const { targetList = [], fromClause } = query;
      const isNamed = as === 'exists' || ((as === 'cte' || as === 'subquery') && isImport(targetList, fromClause));
      if (isNamed || areListed(fromClause)) return [];
      return targetList.flatMap((target): Finding[] => {
        const location = starIn(target);
        const origin = location === undefined ? undefined : originOf(location);
        if (origin === undefined || !origin.verbatim) return [];
        return [
          {
            rule: 'select-star',
            name,
            what: '`*` outside of an import hides which columns there are',
            hint: 'Name the columns; `select * from {{ref ...}}` belongs into a common table expression of its own.',
            place: origin.place,
          },
        ];
      });
    }),
  );
}

/** Whether a query takes a table of the database, or what the runner puts around it for a batch, and nothing else. */
function isImport(targets: readonly Node[], items: readonly Node[] | undefined): boolean {
  const [only, second] = items ?? [];
  if (only === undefined || second !== undefined || targets.length !== 1) return false;
  if ('RangeSubselect' in only) return isWrapped(only.RangeSubselect.subquery);
  return 'RangeVar' in only && isOfDatabase(only.RangeVar);
}

/** Whether the columns are listed where they are read: `from (values ...) as v (a, b)`. */
function areListed(items: readonly Node[] | undefined): boolean {
  const [only, second] = items ?? [];
  if (only === undefined || second !== undefined || !('RangeSubselect' in only)) return false;
  return (only.RangeSubselect.alias?.colnames ?? []).length > 0;
}

/** What the runner puts around a table of which a batch is read. */
function isWrapped(subquery: Node | undefined): boolean {
  return (
    subquery !== undefined &&
    'SelectStmt' in subquery &&
    isImport(subquery.SelectStmt.targetList ?? [], subquery.SelectStmt.fromClause)
  );
}

function isOfDatabase({ schemaname, relname = '' }: RangeVar): boolean {
  return schemaname !== undefined || ephemeralModel(relname) !== undefined;
}

/** The location of a target that is a star. */
function starIn(target: Node): number | undefined {
  if (!('ResTarget' in target)) return undefined;
  const { val, location } = target.ResTarget;
  return isStar(columnFields(val)) ? (location ?? 0) : undefined;
}

/** Whether a value names something by `column`, `relation.column`: the names of the relations, `undefined` for a bare column. */
export function relationsNamed(value: unknown): (string | undefined)[] {
  return [...allNodes(value)].flatMap((node) => {
    if (!('ColumnRef' in node)) return [];
    return [textsOf(node.ColumnRef.fields).at(-2)];
  });
}
