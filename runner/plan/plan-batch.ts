import type { Column, ExistingRelation } from '../database/catalog.ts';
import type { BatchSettings, MicrobatchNode } from '../manifest/manifest.ts';
import { type Stretch, tableOf } from '../materialize/difference.ts';
import { applyBatch, type Batch, createFromBatch, stageBatch } from '../materialize/microbatch.ts';
import { type DependentView, recreateViews } from '../materialize/parts/recreate-views.ts';
import type { Access } from '../materialize/parts/row-security.ts';
import type { Step } from '../materialize/parts/step.ts';
import { addMissing, dropObsolete } from '../materialize/parts/structure.ts';
import { adoptKeys } from '../materialize/parts/surrogate-key.ts';
import type { TakenColumn } from '../materialize/parts/target.ts';
import { identifyRows } from '../materialize/replica-identity.ts';
import type { BatchWindow, Moment } from '../state/batch-windows.ts';
import type { Created } from '../state/created.ts';
import type { SqlText } from '../text/sql-text.ts';
import { boundLiteral, forBatch } from './batch-sql.ts';
import { secure, tableTarget } from './table-target.ts';

/** What all batches of a model are made of. */
export interface BatchRows {
  readonly node: MicrobatchNode;
  /** Known where the model has row security. */
  readonly access: Access | undefined;
  /** The query of all batches. */
  readonly sql: SqlText;
  /** The type of an upstream's column, as PostgreSQL spells it. */
  readonly typeOf: (id: string, column: string) => string;
  readonly yields: readonly Column[];
  /** Those of them that the table takes. */
  readonly columns: readonly TakenColumn[];
  /** The type of the model's event_time. */
  readonly eventType: string;
}

/** How one batch is built: the table is created from it; or its rows are staged, checked, and applied to the table. */
export type BatchPlan =
  | { readonly kind: 'create'; readonly batch: Batch; readonly steps: readonly Step[] }
  | {
      readonly kind: 'change';
      readonly batch: Batch;
      readonly stage: readonly Step[];
      /** @param moved the batches that rows of this one have been in until now. */
      readonly apply: (moved: readonly BatchWindow[]) => readonly Step[];
    };

/** The statements that build one batch, those of its transaction. Pure. @param existing the table, once there is one. */
export function planBatch(rows: BatchRows, window: BatchWindow, existing: ExistingRelation | undefined): BatchPlan {
  const { node, access, typeOf, yields, columns } = rows;
  const batch: Batch = {
    target: { ...tableTarget(node, access), isPublished: existing?.published },
    eventTime: node.batch.eventTime,
    window: stretchOf(rows, window),
    name: nameOfBatch(window, node.batch),
  };
  const sql = forBatch(rows.sql, window, typeOf);
  if (existing === undefined) return { kind: 'create', batch, steps: createFromBatch(batch, sql, yields) };
  return {
    kind: 'change',
    batch,
    stage: stageBatch(batch, sql, columns),
    apply: (moved) => applyBatch(batch, existing, columns, stretchesOf(rows, moved)),
  };
}

/** Steps that align an existing table before the first batch of a run: keys, row security, columns, obsolete objects. Pure. */
export function planPreparation(
  { node, access }: BatchRows,
  existing: ExistingRelation,
  {
    renews,
    created,
    columns,
    views,
  }: {
    /** All batches are built again. */
    readonly renews: boolean;
    readonly created: Created;
    /** What gives the table the columns of the query. */
    readonly columns: readonly Step[];
    /** Those that cannot be there while columns change. */
    readonly views: readonly DependentView[];
  },
): Step[] {
  const target = tableTarget(node, access);
  const existingColumns = existing.columns.map(({ name }) => name);
  return [
    ...(renews && target.key !== undefined ? adoptKeys(target.key, tableOf(target), existingColumns) : []),
    ...secure(target, existing),
    ...dropObsolete(target, existing, created),
    ...recreateViews(views, columns),
    ...identifyRows({ ...target, isPublished: existing.published }),
  ];
}

/** What waits for the last old row: constraints and indexes, when all batches are built. Pure. */
export function planCompletion({ node, access }: BatchRows, existing: ExistingRelation, created: Created): Step[] {
  const target = tableTarget(node, access);
  return [...secure(target, existing), ...addMissing(target, existing, created)];
}

/** The time of a batch as values that the model's event_time can be compared with. */
export function stretchOf(rows: Pick<BatchRows, 'eventType'>, { from, to }: BatchWindow): Stretch {
  return { from: literalOf(rows, from), to: literalOf(rows, to) };
}

/** A bound as a value that the model's event_time can be compared with. */
export function literalOf({ eventType }: Pick<BatchRows, 'eventType'>, moment: Moment): string {
  return boundLiteral(eventType, moment) ?? `timestamptz '${moment.at}'`;
}

/** Batches that follow each other as one stretch. */
function stretchesOf(rows: BatchRows, windows: readonly BatchWindow[]): Stretch[] {
  const joined: { from: Moment; to: Moment }[] = [];
  for (const { from, to } of windows) {
    const last = joined.at(-1);
    if (last?.to.at === from.at) last.to = to;
    else joined.push({ from, to });
  }
  return joined.map((window) => stretchOf(rows, window));
}

/** The name of a batch in messages: its start in local time. */
export function nameOfBatch({ from }: BatchWindow, { size }: Pick<BatchSettings, 'size'>): string {
  switch (size) {
    case 'year':
      return from.local.slice(0, 4);
    case 'month':
      return from.local.slice(0, 7);
    case 'week':
      return `week of ${from.local.slice(0, 10)}`;
    case 'day':
      return from.local.slice(0, 10);
    case 'hour':
      return from.local.slice(0, 16);
    default:
      return size satisfies never;
  }
}
