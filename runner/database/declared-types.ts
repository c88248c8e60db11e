import { StatementError } from '../../warehouse/errors.ts';
import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { isPlainType } from '../manifest/column-type.ts';
import type { BuiltNode } from '../manifest/manifest.ts';
import { readTemporaryColumns } from './catalog.ts';

/**
 * A seed, or a node with a contract, whose declared types are spelt as PostgreSQL spells them: one type has many names (`_int4`,
 * `int array`; `public.mood`, `mood`), and only the database knows them all. Plain types cost no query; a name that
 * PostgreSQL does not know stays as it is.
 */
export async function withDeclaredTypes<N extends BuiltNode>(session: Session, node: N): Promise<N> {
  const given = node.kind === 'seed' ? (node.config.column_types ?? {}) : {};
  if (node.kind !== 'seed' && node.config.contract?.enforced !== true) return node;
  const declared = [...node.columns.map(({ dataType }) => dataType), ...Object.values(given)];
  const types = await readTypesOf(
    session,
    declared.flatMap((type) => type ?? []),
  );
  if (types.size === 0) return node;
  const columnTypes = Object.entries(given).map(([name, type]) => [name, types.get(type) ?? type]);
  return {
    ...node,
    columns: node.columns.map((column) => ({ ...column, type: types.get(column.dataType ?? '') })),
    config: { ...node.config, ...(columnTypes.length > 0 ? { column_types: Object.fromEntries(columnTypes) } : {}) },
  };
}

/** The types that these names mean, spelt as PostgreSQL spells them, without those that are plain or that it does not know. */
export async function readTypesOf(session: Session, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const types = new Map<string, string>();
  for (const name of new Set(names)) {
    const type = isPlainType(name) ? undefined : await readTypeOf(session, name);
    if (type !== undefined) types.set(name, type);
  }
  return types;
}

/** A column tells the length of a type as well, which `to_regtype` leaves out. */
async function readTypeOf(session: Session, name: string): Promise<string | undefined> {
  try {
    return await inSavepoint(session, async () => {
      await session.query(`create temporary table "datacycle_types" (type ${name}) on commit drop`);
      const [column] = await readTemporaryColumns(session, 'datacycle_types');
      await session.query('drop table pg_temp."datacycle_types"');
      return column?.type;
    });
  } catch (error) {
    if (error instanceof StatementError) return undefined;
    throw error;
  }
}
