import { StatementError } from '../../warehouse/errors.ts';
import { identifier, type RelationName, relation } from '../../warehouse/quote.ts';
import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import type { Column } from './catalog.ts';

/** Whether all rows of a table can be cast to the types that its columns are to have. Reads them only if a type differs. */
export async function isConvertible(
  session: Session,
  name: RelationName,
  existing: readonly Column[],
  wanted: readonly Column[],
): Promise<boolean> {
  const types = new Map(existing.map((column) => [column.name, column.type]));
  const casts = wanted.flatMap((column) => {
    const type = types.get(column.name);
    return type === undefined || type === column.type ? [] : [`count(${identifier(column.name)}::${column.type})`];
  });
  if (casts.length === 0) return true;
  try {
    await inSavepoint(session, () => session.query(`select ${casts.join(', ')} from ${relation(name)}`));
    return true;
  } catch (error) {
    // A value, or the type as a whole, has no such cast.
    if (!(error instanceof StatementError) || !(error.code.startsWith('22') || error.code === '42846')) throw error;
    return false;
  }
}
