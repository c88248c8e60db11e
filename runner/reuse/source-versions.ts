import { StatementError } from '../../warehouse/errors.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { explain, statement } from '../database/statement.ts';
import type { Node, SourceNode } from '../manifest/manifest.ts';
import type { SourceTexts } from '../text/errors.ts';

/** What each source among these nodes says of its rows, by id. @throws NodeError if a `rows_version` cannot be read. */
export async function sourceVersions(
  warehouse: Queryable,
  nodes: readonly Node[],
  sourceText: SourceTexts,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const node of nodes) {
    if (node.kind !== 'source' || node.rowsVersion === undefined) continue;
    const version = await versionOf(warehouse, node, sourceText);
    if (version !== undefined) found.set(node.id, version);
  }
  return found;
}

/** What its query reads, or calls, is not there yet: the models that read the source will say so. */
const missing: readonly string[] = ['3F000', '42P01', '42883'];

async function versionOf(
  warehouse: Queryable,
  { name, file, rowsVersion }: SourceNode,
  sourceText: SourceTexts,
): Promise<string | undefined> {
  if (rowsVersion === undefined) return undefined;
  try {
    const { rows } = await statement(warehouse, rowsVersion);
    return rows.length === 0 ? undefined : JSON.stringify(rows);
  } catch (error) {
    if (error instanceof StatementError && missing.includes(error.code)) return undefined;
    throw explain(error, { name, file, sourceText });
  }
}
