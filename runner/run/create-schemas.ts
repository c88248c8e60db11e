import { StatementError } from '../../warehouse/errors.ts';
import { identifier } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { isBuilt, type Node } from '../manifest/manifest.ts';
import { NodeError } from '../text/errors.ts';

/** Creates the missing schemas of nodes. @throws NodeError if this user may not. */
export async function createSchemas(warehouse: Warehouse, nodes: readonly Node[]): Promise<void> {
  const wanted = new Set(nodes.flatMap((node) => (isBuilt(node) ? [node.relation.schema] : [])));
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
