import { StatementError } from '../../warehouse/errors.ts';
import { identifier } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { storedAs } from '../data-test/bad-rows.ts';
import { isBuilt, type Node } from '../manifest/manifest.ts';
import { NodeError } from '../text/errors.ts';

/**
 * Creates the missing schemas of nodes, and those in which tests store their bad rows.
 * @param storing whether the run is asked to store bad rows.
 * @throws NodeError if this user may not.
 */
export async function createSchemas(warehouse: Warehouse, nodes: readonly Node[], storing: boolean): Promise<void> {
  const wanted = new Set(nodes.flatMap((node) => schemaOf(node, storing) ?? []));
  if (wanted.size === 0) return;
  const { rows } = await warehouse.query<{ nspname: string }>(
    'select nspname from pg_namespace where nspname = any($1::text[])',
    [[...wanted]],
  );
  for (const row of rows) wanted.delete(row.nspname);
  for (const schema of wanted) {
    await warehouse.query(`create schema if not exists ${identifier(schema)}`).catch((error: unknown) => {
      if (!(error instanceof StatementError) || error.code !== '42501') throw error;
      throw new NodeError({
        what: `the schema "${schema}" does not exist, and this user may not create it`,
        hint: 'Run `datacycle init` again: it creates every schema that the project names.',
        cause: error,
      });
    });
  }
}

function schemaOf(node: Node, storing: boolean): string | undefined {
  if (node.kind === 'test') return storedAs(node, storing) === undefined ? undefined : node.stored?.relation.schema;
  return isBuilt(node) ? node.relation.schema : undefined;
}
