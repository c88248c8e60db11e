import type { Node, RangeVar, SelectStmt } from 'libpg-query';
import { contentOf, nodesBelow } from '../sql/tree.ts';

/** A query of a statement: the statement itself, a common table expression, a side of a union, a subquery. */
export interface Query {
  readonly select: SelectStmt;
  /** The names of the common table expressions that it sees. */
  readonly ctes: ReadonlySet<string>;
  /** What it is to the query around it. */
  readonly as: 'statement' | 'cte' | 'side' | 'exists' | 'subquery';
}

/** All queries of a statement, the outer ones first. */
export function* queriesOf(
  select: SelectStmt,
  around: ReadonlySet<string> = new Set(),
  as: Query['as'] = 'statement',
): Generator<Query> {
  const { withClause, larg, rarg, ...parts } = select;
  const expressions = (withClause?.ctes ?? []).flatMap((node) =>
    'CommonTableExpr' in node ? [node.CommonTableExpr] : [],
  );
  const ctes = new Set([...around, ...expressions.flatMap(({ ctename }) => ctename ?? [])]);
  yield { select, ctes, as };
  for (const { ctequery } of expressions)
    if (ctequery !== undefined && 'SelectStmt' in ctequery) yield* queriesOf(ctequery.SelectStmt, ctes, 'cte');
  for (const side of [larg, rarg]) if (side !== undefined) yield* queriesOf(side, ctes, 'side');
  for (const [one, use] of subqueries(parts, 'subquery')) yield* queriesOf(one, ctes, use);
}

/** The subqueries nearest below a value that is no node itself. */
function* subqueries(value: unknown, use: 'subquery' | 'exists'): Generator<readonly [SelectStmt, Query['as']]> {
  for (const node of nodesBelow(value)) {
    if ('SelectStmt' in node) yield [node.SelectStmt, use];
    else {
      const isExists = 'SubLink' in node && node.SubLink.subLinkType === 'EXISTS_SUBLINK';
      yield* subqueries(contentOf(node)[1], isExists ? 'exists' : 'subquery');
    }
  }
}

/** The tables and common table expressions that a from clause names itself, outside of its subqueries. */
export function tablesOf(items: readonly Node[] | undefined): RangeVar[] {
  return (items ?? []).flatMap((item): RangeVar[] => {
    if ('RangeVar' in item) return [item.RangeVar];
    if ('JoinExpr' in item) {
      const { larg, rarg } = item.JoinExpr;
      return tablesOf([larg, rarg].flatMap((one) => one ?? []));
    }
    if ('RangeTableSample' in item) return tablesOf([item.RangeTableSample.relation].flatMap((one) => one ?? []));
    return [];
  });
}
