import type { JoinExpr, Node, SelectStmt } from 'libpg-query';
import { allNodes, conjuncts } from '../sql/tree.ts';
import type { Finding } from './finding.ts';
import type { Form } from './form.ts';
import { queriesOf } from './queries.ts';
import { relationsNamed } from './tables.ts';

const hint = 'Say what belongs together, or write `cross join` if every pair is meant.';

/** Joins whose condition says nothing about one of the two sides, and relations beside each other that no condition connects. */
export function unconditionalJoins(forms: readonly Form[]): Finding[] {
  return forms.flatMap((form) =>
    [...queriesOf(form.select)].flatMap(({ select }) => [...inJoins(form, select), ...betweenItems(form, select)]),
  );
}

function inJoins(form: Form, { fromClause }: SelectStmt): Finding[] {
  return (fromClause ?? [])
    .flatMap((item) => joinsOf(item))
    .flatMap((join) => {
      const { quals, usingClause, isNatural, larg, rarg } = join;
      // `cross join` has no condition; one that is missing is a syntax error.
      if (quals === undefined || usingClause !== undefined || isNatural === true) return [];
      if (rarg === undefined || larg === undefined || seesItsNeighbours(rarg)) return [];
      const named = relationsNamed(quals);
      if (named.includes(undefined)) return [];
      const sides = [namesOf(larg), namesOf(rarg)];
      if (sides.every((names) => named.some((name) => names.includes(name ?? '')))) return [];
      // A query may be correlated: what its condition names may lie outside.
      const missing = sides.find((names) => !named.some((name) => names.includes(name ?? ''))) ?? [];
      const location = locationIn(rarg);
      return finding(form, location, `this join has no condition on ${missing.join(', ') || 'one of its sides'}`);
    });
}

function betweenItems(form: Form, { fromClause = [], whereClause }: SelectStmt): Finding[] {
  const [first, ...rest] = fromClause;
  if (first === undefined) return [];
  const conditions = conjuncts(whereClause).map((one) => relationsNamed(one));
  const connected = [...namesOf(first)];
  return rest.flatMap((item) => {
    const names = namesOf(item);
    const isJoined =
      seesItsNeighbours(item) ||
      conditions.some((named) => {
        if (named.includes(undefined)) return true;
        return named.some((one) => names.includes(one ?? '')) && named.some((one) => connected.includes(one ?? ''));
      });
    connected.push(...names);
    if (isJoined) return [];
    return finding(
      form,
      locationIn(item),
      `no condition connects ${names.join(', ') || 'this'} with what comes before it`,
    );
  });
}

function finding({ name, placeOf }: Form, location: number | undefined, what: string): Finding[] {
  const place = location === undefined ? undefined : placeOf(location);
  return place === undefined ? [] : [{ rule: 'join-without-condition', name, what, hint, place }];
}

function joinsOf(item: Node): JoinExpr[] {
  if (!('JoinExpr' in item)) return [];
  const { larg, rarg } = item.JoinExpr;
  return [item.JoinExpr, ...[larg, rarg].flatMap((one) => (one === undefined ? [] : joinsOf(one)))];
}

/** Lateral subqueries and functions say within themselves what they belong to. */
function seesItsNeighbours(item: Node): boolean {
  if ('RangeSubselect' in item) return item.RangeSubselect.lateral === true;
  return 'RangeFunction' in item || 'JsonTable' in item || 'RangeTableFunc' in item;
}

/** The names under which columns of an item are referred to. */
function namesOf(item: Node): string[] {
  if ('RangeVar' in item) return [item.RangeVar.alias?.aliasname ?? item.RangeVar.relname ?? ''];
  if ('RangeSubselect' in item) return [item.RangeSubselect.alias?.aliasname ?? ''];
  if ('RangeFunction' in item) return [item.RangeFunction.alias?.aliasname ?? ''];
  if ('RangeTableSample' in item)
    return item.RangeTableSample.relation === undefined ? [] : namesOf(item.RangeTableSample.relation);
  if (!('JoinExpr' in item)) return [];
  const { larg, rarg, alias } = item.JoinExpr;
  if (alias?.aliasname !== undefined) return [alias.aliasname];
  return [larg, rarg].flatMap((one) => (one === undefined ? [] : namesOf(one)));
}

/** The first place within an item that the tree knows. */
function locationIn(item: Node): number | undefined {
  if ('RangeVar' in item) return item.RangeVar.location ?? 0;
  for (const node of allNodes(item)) {
    if ('RangeVar' in node) return node.RangeVar.location ?? 0;
    if ('ResTarget' in node) return node.ResTarget.location ?? 0;
  }
  return undefined;
}
