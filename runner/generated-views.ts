import { identifier, relation } from '../warehouse/quote.ts';
import type { Session } from '../warehouse/warehouse.ts';
import { type Column, type ExistingRelation, readComments, readRelation } from './catalog.ts';
import type { Manifest, ModelNode, SeedNode } from './manifest.ts';
import type { StandingView } from './materialize/remake-views.ts';
import { losesColumns } from './materialize/structure.ts';

/**
 * A view that is made of a .yml and has another name there now is renamed, so that grants on it stay and nothing is left
 * under its old name. Belongs into the transaction that builds it.
 */
export async function followRename(session: Session, node: ModelNode | SeedNode, manifest: Manifest): Promise<void> {
  if (node.kind !== 'model' || node.shows === undefined) return;
  const { schema, name } = node.relation;
  const { rows } = await session.query<{ relation: string }>(
    `select m.relation
     from datacycle.model as m
     join pg_class as c on c.oid = to_regclass(m.relation)
     where m.model = $1
         and c.relkind = 'v'
         and c.relnamespace = to_regnamespace($2)
         and to_regclass($3) is null`,
    [node.name, identifier(schema), relation(schema, name)],
  );
  const old = rows[0]?.relation;
  // Names may have changed hands: what is another's by now is not taken away.
  if (old === undefined || isTaken(old, manifest)) return;
  await session.query(`alter view ${old} rename to ${identifier(name)}`);
}

function isTaken(quoted: string, manifest: Manifest): boolean {
  return [...manifest.nodes.values()].some(
    (node) =>
      (node.kind === 'model' || node.kind === 'seed') && relation(node.relation.schema, node.relation.name) === quoted,
  );
}

/**
 * The views made of a node's .yml that stand and that PostgreSQL would not let it change under.
 * @param isMoved another table takes the place of the standing one.
 */
export async function viewsInTheWay(
  session: Session,
  manifest: Manifest,
  node: ModelNode | SeedNode,
  existing: ExistingRelation | undefined,
  yields: readonly Column[] | undefined,
  isMoved = false,
): Promise<readonly StandingView[]> {
  if (existing === undefined) return [];
  if (!isMoved && (yields === undefined || !isReshaped(node, existing, yields))) return [];
  const found: StandingView[] = [];
  for (const view of manifest.nodes.values()) {
    if (view.kind !== 'model' || view.shows !== node.id) continue;
    const standing = await readRelation(session, view.relation);
    if (standing?.kind === 'view')
      found.push({ node: view, existing: standing, comments: await readComments(session, view.relation) });
  }
  return found;
}

/** Whether columns go or change, or the relation itself has to go. */
function isReshaped(node: ModelNode | SeedNode, existing: ExistingRelation, yields: readonly Column[]): boolean {
  const kind = node.kind === 'model' && node.materialized === 'view' ? 'view' : 'table';
  if (existing.kind !== kind) return true;
  if (kind === 'table') return losesColumns(existing, yields);
  // A view only takes columns on at its end.
  return existing.columns.some(({ name, type }, at) => yields[at]?.name !== name || yields[at]?.type !== type);
}
