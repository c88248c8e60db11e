import { parse } from 'csv-parse/sync';
import { StatementError } from '../../warehouse/errors.ts';
import { identifier, relation } from '../../warehouse/quote.ts';
import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { readSeed } from '../build/transaction/seed.ts';
import type { SeedNode } from '../manifest/manifest.ts';
import type { NodeState } from '../plan/decision.ts';

/** The rows of a larger file are not sent to be compared. */
const mostBytes = 5_000_000;

/**
 * Whether the file of a seed has other rows or columns than its table; undefined where that is not known before it is loaded: there
 * is no table, the file is large, or its types are others. Reads the table.
 * @throws NodeError for a fault of the file.
 */
export async function seedDiffers(
  session: Session,
  root: string,
  node: SeedNode,
  { existing }: Pick<NodeState, 'existing'>,
): Promise<boolean | undefined> {
  const { columns, csv } = readSeed(root, node);
  if (existing?.kind !== 'table' || (node.hooks ?? []).length > 0) return undefined;
  if (columns.map(({ name }) => name).join('\n') !== existing.columns.map(({ name }) => name).join('\n')) return true;
  const isTyped = columns.every(({ type }, index) => existing.columns[index]?.type === type);
  if (!isTyped || csv.length > mostBytes) return undefined;
  const [, ...rows] = parse(csv, { relax_column_count: true }) as string[][];
  const inFile = columns.map(({ type }, index) => `nullif(value ->> ${index}, '')::${type}::text`).join(', ');
  const inTable = columns.map(({ name }) => `${identifier(name)}::text`).join(', ');
  const file = `select ${inFile} from jsonb_array_elements($1::jsonb) as rows (value)`;
  const table = `select ${inTable} from ${relation(node.relation)}`;
  try {
    const { rows: found } = await inSavepoint(session, () =>
      session.query<{ differs: boolean }>(
        `select exists ((${file} except all ${table}) union all (${table} except all ${file})) as differs`,
        [JSON.stringify(rows)],
      ),
    );
    return found[0]?.differs;
  } catch (error) {
    if (error instanceof StatementError) return undefined;
    throw error;
  }
}
