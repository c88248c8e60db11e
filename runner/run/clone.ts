import { StatementError } from '../../warehouse/errors.ts';
import { identifier, type RelationName, relation } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { readRelation } from '../database/catalog.ts';
import { explain } from '../database/statement.ts';
import type { BuiltNode } from '../manifest/manifest.ts';
import { noteReplaced } from '../state/models.ts';
import { hasState } from '../state/schema.ts';
import { NodeError } from '../text/errors.ts';
import { createSchemas } from './create-schemas.ts';

/** A node, and the relation that another target has for it. */
export interface ToClone {
  readonly node: BuiltNode;
  readonly from: RelationName;
}

/** What became of one: `there`: its relation was there already, and stays. */
export interface Cloned extends ToClone {
  readonly status: 'cloned' | 'there' | 'error';
  readonly error?: Error | undefined;
}

/**
 * Gives nodes a relation in this target that shows what another target has: a view on that, since PostgreSQL has no copies that
 * cost nothing. Each is made in a transaction of its own; what fails does not keep the others from being made.
 * ```sql
 * create view here.orders with (security_invoker = true) as select * from there.orders;
 * ```
 * @param anew whether views that are there are made anew. A table or materialized view is never replaced.
 * @param onDone told of each as soon as it is done.
 * @throws NodeError if a schema is missing that this user may not create.
 */
export async function cloneRelations(
  warehouse: Warehouse,
  all: readonly ToClone[],
  anew: boolean,
  onDone: (cloned: Cloned) => void,
): Promise<readonly Cloned[]> {
  await createSchemas(
    warehouse,
    all.map(({ node }) => node),
    false,
  );
  const done: Cloned[] = [];
  for (const one of all) {
    const cloned = await cloneOne(warehouse, one, anew).then(
      (status): Cloned => ({ ...one, status }),
      (error: unknown): Cloned => ({ ...one, status: 'error', error: inWords(error, one) }),
    );
    done.push(cloned);
    onDone(cloned);
  }
  return done;
}

function cloneOne(warehouse: Warehouse, { node, from }: ToClone, anew: boolean): Promise<'cloned' | 'there'> {
  const here = relation(node.relation);
  return warehouse.transaction(async (session) => {
    const existing = await readRelation(session, node.relation);
    if (existing !== undefined && !(anew && existing.kind === 'view')) return 'there';
    if (existing !== undefined) await session.query(`drop view ${here}`);
    await session.query(`create view ${here} with (security_invoker = true) as select * from ${relation(from)}`);
    if (await hasState(session)) await noteReplaced(session, node.name);
    return 'cloned';
  });
}

function inWords(error: unknown, { node, from }: ToClone): Error {
  if (error instanceof StatementError && (error.code === '42P01' || error.code === '3F000'))
    return new NodeError({
      what: `${node.name}: there is no ${from.schema}.${from.name} in this database`,
      where: node.file,
      hint: 'The manifest of --state is of a target that has not built it, or of another database: a clone reads the same one.',
      cause: error,
    });
  if (error instanceof StatementError && error.code === '2BP01')
    return new NodeError({
      what: `${node.name}: ${identifier(node.relation.name)} is read by other views, so that it cannot be made anew`,
      where: node.file,
      detail: error.detail,
      hint: 'Drop those, or leave it out by --exclude.',
      cause: error,
    });
  return explain(error, { name: node.name, file: node.file, sourceText: () => undefined });
}
