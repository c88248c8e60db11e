import type { Queryable, Session } from '../../warehouse/warehouse.ts';
import { readState } from '../build/transaction/node-state.ts';
import { runSteps } from '../build/transaction/run-steps.ts';
import { type Column, type ExistingRelation, readTemporaryColumns } from '../database/catalog.ts';
import { ask } from '../database/question.ts';
import { statement } from '../database/statement.ts';
import { tablesBehind } from '../manifest/lineage.ts';
import { type BuiltNode, followedByMark, isMicrobatch, type Manifest, type ModelNode } from '../manifest/manifest.ts';
import type { KeepFrom } from '../materialize/parts/target.ts';
import { nothingNew, reasonToRebuild } from '../plan/decide.ts';
import type { NodeState } from '../plan/decision.ts';
import { dayLiteral, eventTimeTypes, keptOf, lacksExpired } from '../plan/lost-rows.ts';
import { querySql } from '../plan/plan.ts';
import { planBeside } from '../plan/plan-beside.ts';
import { relationKindOf, tableTarget } from '../plan/table-target.ts';
import { settingPlace } from '../project/setting-places.ts';
import { modelsAlone } from '../reuse/row-versions.ts';
import { expiredOf } from '../state/expired.ts';
import { NodeError } from '../text/errors.ts';
import { compareRows } from './compare.ts';
import { batchesFromScratch, reasonBatchesWait } from './verify-batches.ts';

/** `referenced`: a row that a rebuild would take out, were it not for rows of other tables that still point at it. */
export type DifferenceKind = 'changed' | 'missing' | 'surplus' | 'referenced';

/** A row in which a table differs from what a build from scratch yields. Values are as PostgreSQL writes them as text. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** Values of unique_key by column; empty for a model without one. */
  readonly key: Readonly<Record<string, string | null>>;
  readonly values: readonly {
    readonly column: string;
    readonly actual: string | null;
    readonly expected: string | null;
  }[];
}

export type Verdict =
  | {
      /** `equal` also if there are `referenced` rows: they are waiting for others, not wrong. */
      readonly status: 'equal' | 'differs';
      /** How many rows the table has. */
      readonly rows: number;
      readonly counts: Readonly<Record<DifferenceKind, number>>;
      /** The first of the rows that differ. */
      readonly differences: readonly Difference[];
    }
  /** `behind`: it waits for a build; `skipped`: it cannot be compared. */
  | { readonly status: 'behind' | 'skipped'; readonly reason: string }
  | { readonly status: 'error'; readonly error: Error };

/**
 * Builds a model from scratch in temporary tables and compares its table with them. The caller's transaction must be
 * `repeatable read` and is rolled back.
 * @param limit how many differing rows are reported; negative: all.
 * @throws NodeError | StatementError if it cannot be built.
 */
export async function verifyNode(
  session: Session,
  manifest: Manifest,
  node: BuiltNode,
  limit: number,
): Promise<Verdict> {
  if (node.kind === 'seed') return skipped('a seed is its file; `datacycle seed` makes it so');
  if (node.materialized === 'view' || node.materialized === 'ephemeral')
    return skipped(`${node.materialized === 'view' ? 'a view' : 'an ephemeral model'} has no rows of its own`);
  if (node.materialized === 'snapshot') return skipped('a snapshot is history that nothing else has');
  if (node.materialized === 'incremental' && node.config.full_refresh === false)
    return skipped('full_refresh: false, so it is never built from scratch');

  if (node.materialized === 'incremental' && (node.config.incremental_predicates ?? []).length > 0)
    return skipped('incremental_predicates: rows may be left unchanged on purpose');

  // A build that waits for a sibling is not to consume all there is; what it would read from scratch is all there is.
  const state = await readState(session, { manifest, reuse: modelsAlone }, node, false);
  const { existing } = state;
  if (existing?.kind !== relationKindOf(node) || !existing.populated)
    return { status: 'behind', reason: 'it is not built yet' };
  if (node.materialized === 'incremental' && state.pruned.size > 0)
    return skipped(
      `rows of ${[...state.pruned.keys()].join(', ')} have been pruned; \`datacycle load --from-bronze\` lands them again`,
    );
  if (lacksExpired(node, state.expired))
    return skipped(`made of rows of ${[...state.expired.keys()].join(', ')} that retention has deleted`);
  const behind = await reasonBehind(session, manifest, node, state);
  if (behind !== undefined) return { status: 'behind', reason: behind };
  return compare(session, manifest, node, state, existing, limit);
}

function skipped(reason: string): Verdict {
  return { status: 'skipped', reason };
}

/** Why the rows of a model need not be those of a build from scratch now; undefined if they must be. */
async function reasonBehind(
  session: Queryable,
  manifest: Manifest,
  node: ModelNode,
  state: NodeState,
): Promise<string | undefined> {
  if (isMicrobatch(node)) return reasonBatchesWait(session, manifest, node, state);
  const rebuild = reasonToRebuild(node, state, { fullRefresh: false });
  if (rebuild !== undefined) return rebuild;
  if (!nothingNew(state)) {
    const ahead = [...state.upstreams].filter(
      ([name, { loadId }]) => (loadId ?? 0) > (state.consumed.get(name)?.loadId ?? 0),
    );
    return `new loads of ${ahead.map(([name]) => name).join(', ')}`;
  }
  if (followedByMark(node).length > 0) return undefined;
  // Without a mark only the order of the builds tells whether it has seen the last increment of what it reads, unless its rows are the same.
  const isSeen = (id: string) => {
    const name = manifest.nodes.get(id)?.name ?? '';
    const rows = state.upstreams.get(name)?.rows;
    return rows !== undefined && rows === state.consumed.get(name)?.rows;
  };
  const { rows } = await session.query<{ model: string }>(
    `select upstream.model
     from datacycle.model as own
     join datacycle.model as upstream
         on upstream.built_at > own.built_at and upstream.materialized = 'incremental' and upstream.model = any($2::text[])
     where own.model = $1
     order by upstream.model`,
    [
      node.name,
      tablesBehind(
        manifest,
        node.reads.filter((id) => !isSeen(id)),
      ),
    ],
  );
  return rows.length === 0 ? undefined : `${rows.map(({ model }) => model).join(', ')} was built since`;
}

async function compare(
  session: Session,
  manifest: Manifest,
  node: ModelNode,
  state: NodeState,
  existing: ExistingRelation,
  limit: number,
): Promise<Verdict> {
  const options = { fullRefresh: true, runStartedAt: await lastRunStartedAt(session, node) };
  const sql = querySql(node, 'full', state, options, manifest);
  const batches = isMicrobatch(node) ? await batchesFromScratch(session, manifest, node, state, sql) : undefined;
  const since = batches === undefined ? await comparedSince(session, node, state, existing) : batches.since;
  const target = tableTarget(node);
  const unique =
    target.uniqueKey.every((name) => existing.columns.some((one) => one.name === name && one.notNull)) &&
    existing.unique.some((columns) => [...columns].sort().join('\n') === [...target.uniqueKey].sort().join('\n'));
  await runSteps(session, planBeside(target, batches?.sql ?? sql, unique), node);
  const columns = await readTemporaryColumns(session, 'datacycle_new');
  checkShape(node, existing.columns, columns);
  const { rows } = await statement(
    session,
    compareRows({ target, columns, referencedBy: existing.referencedBy, since, limit }),
  );
  return verdictOf(rows[0] as unknown as Found, target.uniqueKey);
}

/**
 * The rows that are compared: not those that a rebuild would retain because their source rows are deleted, nor those that
 * retention has deleted from the table itself.
 */
async function comparedSince(
  session: Queryable,
  node: ModelNode,
  state: NodeState,
  existing: ExistingRelation,
): Promise<KeepFrom | undefined> {
  const name = node.config.event_time;
  if (name === undefined) return undefined;
  const own = (await ask(session, expiredOf([node.name]))).get(node.name);
  const times = [keptOf(node, state.expired)?.before, own].flatMap((at) => at?.getTime() ?? []);
  if (times.length === 0) return undefined;
  const type = existing.columns.find((column) => column.name === name)?.type ?? '';
  const bound = dayLiteral(type, new Date(Math.max(...times)));
  if (bound !== undefined) return { column: name, bound };
  throw new NodeError({
    what: `${node.name}: rows have been deleted by retention, and its event_time "${name}" does not tell which`,
    place: settingPlace(node.settings, 'event_time'),
    hint: `It must be a column of type ${eventTimeTypes.join(', ')}.`,
  });
}

/**
 * The ISO time at which the run began that last built the model, even if it failed after the commit: rows that depend on the
 * time are correct as of then. The present time if the run is not recorded.
 */
async function lastRunStartedAt(session: Queryable, node: ModelNode): Promise<string> {
  const { rows } = await session.query<{ at: string }>(
    `select to_char(coalesce(
         (
             select r.started_at
             from datacycle.run_result as x
             join datacycle.run as r using (run_id)
             where x.node = $1 and (x.status = 'success' or x.rows_inserted is not null)
             order by r.run_no desc
             limit 1
         ),
         current_timestamp
     ) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
    [node.name],
  );
  return rows[0]?.at ?? '';
}

/** A table whose columns were changed by hand cannot be compared row by row. */
function checkShape(node: ModelNode, existing: readonly Column[], yielded: readonly Column[]): void {
  const types = new Map(existing.map(({ name, type }) => [name, type]));
  const faults: string[] = [];
  for (const { name, type } of yielded) {
    const actual = types.get(name);
    if (actual === undefined) faults.push(`  ${name}: the table lacks it`);
    else if (actual !== type) faults.push(`  ${name}: ${actual} in the table, ${type} in a build from scratch`);
    types.delete(name);
  }
  for (const name of types.keys()) faults.push(`  ${name}: only in the table`);
  if (faults.length === 0) return;
  throw new NodeError({
    what: `the columns of ${node.relation.schema}.${node.relation.name} are not those of ${node.name}`,
    where: node.file,
    detail: faults.join('\n'),
    hint: `They were changed by hand. \`datacycle run --full-refresh --select ${node.name}\` puts them right.`,
  });
}

/** What {@link compareRows} returns. */
interface Found {
  readonly rows: number;
  readonly counts: Partial<Record<DifferenceKind, number>> | null;
  readonly details:
    | readonly (readonly [
        DifferenceKind,
        readonly (string | null)[],
        readonly (readonly [string, string | null, string | null])[],
      ])[]
    | null;
}

function verdictOf(found: Found, uniqueKey: readonly string[]): Verdict {
  const counts = { changed: 0, missing: 0, surplus: 0, referenced: 0, ...found.counts };
  const differences = (found.details ?? []).map(
    ([kind, key, values]): Difference => ({
      kind,
      key: Object.fromEntries(uniqueKey.map((name, index) => [name, key[index] ?? null])),
      values: values.map(([column, actual, expected]) => ({ column, actual, expected })),
    }),
  );
  const differs = counts.changed + counts.missing + counts.surplus > 0;
  return { status: differs ? 'differs' : 'equal', rows: found.rows, counts, differences };
}
