import type { RelationName } from '../../../warehouse/quote.ts';
import type { Column, ExistingRelation } from '../../database/catalog.ts';
import type { Config } from '../../project/config.ts';
import { type SettingPlaces, settingPlace } from '../../project/setting-places.ts';
import { NodeError } from '../../text/errors.ts';
import type { Step } from './step.ts';
import { alignColumns } from './structure.ts';
import { type TakenColumn, takenColumns } from './target.ts';

/** What an increment does where its query yields other columns than the table has. */
export interface SchemaChange {
  /** Steps that change the table. */
  readonly steps: readonly Step[];
  /** The columns that the increment fills. */
  readonly columns: readonly TakenColumn[];
}

/**
 * Decides by `on_schema_change`: `ignore` fills the columns that both have, `append_new_columns` adds those that the table
 * lacks, `sync_all_columns` makes the table's the query's, `fail` (the default) refuses. Pure.
 * @throws NodeError with every difference.
 */
export function changeSchema(
  model: { readonly name: string; readonly relation: RelationName; readonly settings: SettingPlaces },
  setting: Config['on_schema_change'],
  existing: ExistingRelation,
  yields: readonly Column[],
): SchemaChange {
  const existingColumns = new Map(existing.columns.map((column) => [column.name, column.type]));
  const wanted = new Map(yields.map((column) => [column.name, column.type]));
  const added = yields.filter(({ name }) => !existingColumns.has(name));
  const removed = existing.columns.filter(({ name }) => !wanted.has(name));
  const retyped = yields.filter(({ name, type }) => existingColumns.has(name) && existingColumns.get(name) !== type);
  // No statement may write them.
  const computed = existing.columns.filter(({ name, generated }) => generated !== undefined && wanted.has(name));
  if (added.length + removed.length + retyped.length + computed.length === 0) return { steps: [], columns: yields };
  const written = existing.columns.filter((column) => !computed.includes(column));
  switch (setting) {
    case 'ignore':
      return { steps: [], columns: takenColumns(written, yields) };
    case 'append_new_columns': {
      const steps = alignColumns(model.relation, existing, [...existing.columns, ...added]);
      return { steps, columns: takenColumns([...written, ...added], yields) };
    }
    case 'sync_all_columns':
      return { steps: alignColumns(model.relation, existing, yields), columns: yields };
    case 'fail':
    case undefined: {
      const lines = [
        ...added.map(({ name, type }) => `  ${name}: selected (${type}), but not in the table`),
        ...removed.map(({ name, type }) => `  ${name}: in the table (${type}), but not selected`),
        ...retyped.map(
          ({ name, type }) => `  ${name}: ${existingColumns.get(name)} in the table, but the query yields ${type}`,
        ),
        ...computed.map(({ name }) => `  ${name}: generated in the table, but the query yields it`),
      ];
      throw new NodeError({
        what: `${model.name} is not rebuilt, and its columns are no longer those of its table:\n${lines.join('\n')}`,
        place: settingPlace(model.settings, 'on_schema_change'),
        hint: `Nothing was touched. Set on_schema_change: append_new_columns (old rows are NULL there), sync_all_columns (columns that are gone are dropped) or ignore; or rebuild it: datacycle run --full-refresh --select ${model.name}`,
      });
    }
    default:
      return setting satisfies never;
  }
}
