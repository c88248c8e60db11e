import { StatementError } from '../../warehouse/errors.ts';
import { identifier } from '../../warehouse/quote.ts';
import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { preserve } from '../build/transaction/blocking-dependents.ts';
import { blockingViews, isReplaced, type Surroundings } from '../build/transaction/blocking-views.ts';
import { readSeed } from '../build/transaction/seed.ts';
import { readAttachments } from '../database/attachments.ts';
import type { Column } from '../database/catalog.ts';
import { isConvertible } from '../database/conversion.ts';
import { type BuiltNode, isMicrobatch } from '../manifest/manifest.ts';
import { movedBecause } from '../plan/decide.ts';
import type { Decision, NodeState } from '../plan/decision.ts';
import { querySql } from '../plan/plan.ts';

/**
 * The names of the dependent views that block what a run does with a node, and that are recreated with it: the views as they are
 * now, and the node's query on what it reads now. None where that is not known.
 * @throws NodeError that names what cannot be recreated: then the node cannot be built.
 */
export async function recreatedViews(
  session: Session,
  surroundings: Surroundings & { readonly root: string },
  node: BuiltNode,
  found: NodeState,
  decision: Pick<Decision, 'mode'>,
): Promise<readonly string[]> {
  const { existing } = found;
  if (existing === undefined || decision.mode === 'skip' || isMicrobatch(node)) return [];
  const yields = await columnsOf(session, surroundings, node, found, existing.columns);
  if (yields === undefined) return [];
  const isRebuilt = decision.mode === 'replace' && existing.kind === 'table' && found.expired.size === 0;
  const state = isRebuilt
    ? { ...found, convertible: await isConvertible(session, node.relation, existing.columns, yields) }
    : found;
  const views = await blockingViews(session, surroundings, node, state, yields, decision);
  const replaced = isReplaced(node, state, yields, decision);
  const attachments = replaced ? await readAttachments(session, node.relation) : undefined;
  await preserve(session, node, state, movedBecause(node, decision, state, yields), attachments, views);
  return views.map(({ relation: { schema, name } }) => `${schema}.${name}`);
}

/**
 * The columns that a node's rows will have. Lengths of types (`varchar(10)`) are those of the existing columns: they are known
 * only of a query that is stored as a table, and a plan stores nothing.
 */
async function columnsOf(
  session: Session,
  { manifest, options, root }: Surroundings & { readonly root: string },
  node: BuiltNode,
  state: NodeState,
  existing: readonly Column[],
): Promise<readonly Column[] | undefined> {
  if (node.kind === 'seed') return readSeed(root, node).columns;
  const sql = querySql(node, 'full', state, options, manifest).text;
  const { surrogate_key: key } = node.config;
  try {
    return await inSavepoint(session, async () => {
      const { columns: names } = await session.query(`select * from (\n${sql}\n) as q limit 0`);
      const types = names.map((name) => `pg_typeof(q.${identifier(name)})::text`).join(', ');
      const { rows } = await session.query<{ types: string[] }>(
        `select array[${types}] as types from (select) as one left join (\n${sql}\n) as q on false`,
      );
      const known = new Map(existing.map(({ name, type }) => [name, type]));
      const columns = names.map((name, index) => {
        const type = rows[0]?.types[index] ?? '';
        const there = known.get(name);
        return { name, type: there !== undefined && withoutLength(there) === type ? there : type };
      });
      return key === undefined ? columns : [{ name: key, type: 'integer' }, ...columns];
    });
  } catch (error) {
    // What it reads is not there yet, or is to have other columns.
    if (error instanceof StatementError) return undefined;
    throw error;
  }
}

function withoutLength(type: string): string {
  return type.replace(/\([\d, ]+\)/, '');
}
