import { identifier, relation } from '../../warehouse/quote.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import type { BuiltNode, Manifest } from '../manifest/manifest.ts';

/**
 * A view that is made of a .yml and has another name there now is renamed, so that grants on it stay and nothing is left
 * under its old name. Belongs into the transaction that builds it.
 * @returns whether it was renamed.
 */
export async function followRename(session: Session, node: BuiltNode, manifest: Manifest): Promise<boolean> {
  if (node.materialized !== 'view' || node.shows === undefined) return false;
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
    'prepared',
  );
  const old = rows[0]?.relation;
  // Another node may have taken the name: its relation is not renamed.
  if (old === undefined || manifest.index.atRelation.has(old)) return false;
  await session.query(`alter view ${old} rename to ${identifier(name)}`);
  return true;
}
