// Deletes the rows that are older than their retention.
//
//   1. settings are read by compile/settings/retention.ts
//   2. expire.ts takes the run lock and deletes, downstream models first, one transaction for each model
//   3. state/expired.ts records up to when rows are gone, so that a rebuild of downstream models keeps what it has
//
// source-readers.ts answers another question for the loaders' pruning: which rows of a source have all its readers consumed?

import { identifier, relation } from '../../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import type { Compiled } from '../compile/compile.ts';
import { periodBefore, type Retention, retentionOf } from '../compile/settings/retention.ts';
import { deleteFailures } from '../data-test/audit-failure.ts';
import { readRelation } from '../database/catalog.ts';
import { LockWaits } from '../database/locks/lock-waits.ts';
import { statement } from '../database/statement.ts';
import { replicaIdentity } from '../materialize/replica-identity.ts';
import { dayLiteral, eventTimeTypes } from '../plan/lost-rows.ts';
import { settingPlace } from '../project/setting-places.ts';
import { underRunLock } from '../run/run-lock.ts';
import { recordExpired } from '../state/expired.ts';
import { raiseRowsVersion } from '../state/models.ts';
import { ensureState } from '../state/schema.ts';
import { NodeError } from '../text/errors.ts';

/** What retention took, or would take, from one model. */
export interface Expired {
  readonly model: string;
  /** ISO time; rows of what happened before it go. */
  readonly before: string;
  readonly rows: number;
}

export interface ExpireOptions {
  /** Only count. */
  readonly dryRun: boolean;
  readonly clock: () => Date;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Deletes the rows that are older than project.yml's `retention`, downstream models first, one transaction for each model. The
 * deletion is recorded, so that a rebuild of downstream models retains their rows. Failed audits of these models and their bad
 * rows are deleted at the same age.
 * @throws RunBusyError during a run; NodeError if the type of an event_time is no time.
 */
export async function expireRows(
  { manifest, project }: Compiled,
  warehouse: Warehouse,
  options: ExpireOptions,
): Promise<readonly Expired[]> {
  const kept = retentionOf(project, manifest.nodes);
  if (kept.length === 0) return [];
  const place = new Map(manifest.order.map((id, index) => [id, index]));
  const order = [...kept].sort((a, b) => (place.get(b.model.id) ?? 0) - (place.get(a.model.id) ?? 0));
  if (!options.dryRun) await ensureState(warehouse);
  const work = async (signal: AbortSignal | undefined) => {
    const locks = new LockWaits(warehouse, { signal });
    const done: Expired[] = [];
    for (const one of order) {
      if (signal?.aborted === true) break;
      const result = await locks.transaction(one.model.name, (session) => expireOne(session, one, options));
      if (result !== undefined) done.push(result);
    }
    return done;
  };
  if (options.dryRun) return work(options.signal);
  return underRunLock(warehouse, options.signal, { what: 'a run', hint: 'Wait until it is done and try again.' }, work);
}

async function expireOne(
  session: Queryable,
  { model, keep }: Retention,
  { dryRun, clock }: ExpireOptions,
): Promise<Expired | undefined> {
  if (!dryRun) await deleteFailures(session, model.name, periodBefore(clock(), keep));
  const existing = await readRelation(session, model.relation);
  if (existing?.kind !== 'table') return undefined;
  const column = model.config.event_time ?? '';
  const before = periodBefore(clock(), keep);
  const type = existing.columns.find(({ name }) => name === column)?.type;
  const bound = type === undefined ? undefined : dayLiteral(type, before);
  if (bound === undefined) {
    throw new NodeError({
      what: `${model.name}: event_time "${column}" ${type === undefined ? 'is no column of the table' : `is of type ${type}`}`,
      place: settingPlace(model.settings, 'event_time'),
      hint: `It must be a column of type ${eventTimeTypes.join(', ')} (whole numbers: YYYYMMDD, YYYYMMDDHHMM).`,
    });
  }
  const from = `from ${relation(model.relation)} where ${identifier(column)} < ${bound}`;
  const at = before.toISOString();
  if (dryRun) {
    const { rows } = await session.query<{ old: number }>(`select count(*)::bigint as old ${from}`);
    return { model: model.name, before: at, rows: Number(rows[0]?.old ?? 0) };
  }
  if (existing.published === true) await statement(session, replicaIdentity(model.relation));
  const { rowCount } = await session.query(`delete ${from}`);
  if (rowCount > 0) {
    await recordExpired(session, model.name, at);
    await raiseRowsVersion(session, model.name);
  }
  return { model: model.name, before: at, rows: rowCount };
}
