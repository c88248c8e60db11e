import { identifier, identifiers, literal, relation } from '../../warehouse/quote.ts';
import type { Column, ExistingRelation } from '../database/catalog.ts';
import type { SnapshotSettings } from '../manifest/snapshot-settings.ts';
import { settingPlace } from '../project/setting-places.ts';
import { type Created, nothingCreated } from '../state/created.ts';
import { SqlText } from '../text/sql-text.ts';
import { differing, isExact } from './bytes.ts';
import { guardCasts } from './lossless.ts';
import { guardKey } from './parts/key-guard.ts';
import { secureRows } from './parts/row-security.ts';
import { counted, run, type Step, staged } from './parts/step.ts';
import { addMissing, alignColumns, dropObsolete, placeOf } from './parts/structure.ts';
import { type TableTarget, type TakenColumn, takenColumns } from './parts/target.ts';
import { identifyRows } from './replica-identity.ts';

export interface Snapshot extends SnapshotSettings {
  /** `uniqueKey` is empty: the key is that of a row of the source, of which there may be several versions. */
  readonly target: TableTarget;
  readonly key: readonly string[];
}

/** The columns that a snapshot has besides those of its query. */
export function addedColumns({ columns, hardDeletes }: SnapshotSettings): Column[] {
  const { id, updatedAt, validFrom, validTo, isDeleted } = columns;
  const names = [id, updatedAt, validFrom, validTo, ...(hardDeletes === 'new_record' ? [isDeleted] : [])];
  return names.map((name) => ({ name, type: '' }));
}

/** A snapshot by its settings; a unique index lets its table have one current version of each key. */
export function snapshotOf(target: TableTarget, settings: SnapshotSettings): Snapshot {
  const key = target.uniqueKey;
  const { columns } = settings;
  const place = settingPlace(target.settings, 'unique_key');
  return {
    ...settings,
    key,
    target: {
      ...target,
      uniqueKey: [],
      constraints: [
        { type: 'not_null', columns: [...key, columns.validFrom], place },
        { type: 'unique', columns: [columns.id], place },
        ...target.constraints,
      ],
      indexes: [{ columns: [...key], unique: true, where: new SqlText(isCurrent(settings)), place }, ...target.indexes],
    },
  };
}

/**
 * Creates a snapshot: each row of the query becomes its first version. @param at ISO time of the run.
 * ```sql
 * create temporary table datacycle_new on commit drop as <query>;
 * create table s as select n.*, md5(...) as dbt_scd_id, ... as dbt_valid_from, null as dbt_valid_to from datacycle_new as n;
 * ```
 */
export function createSnapshot(snapshot: Snapshot, sql: SqlText, yields: readonly Column[], at: string): Step[] {
  const { target } = snapshot;
  const place = placeOf(target);
  const table = relation(place);
  return [
    ...stageRows(snapshot, sql),
    run(
      `create table ${table} as\nselect\n    ${versionColumns(snapshot, yields, at).map(selected).join(',\n    ')}\nfrom ${staged} as n`,
    ),
    { kind: 'upsert', sql: new SqlText(`select count(*) as inserted, 0 as updated\nfrom ${table}`) },
    ...addMissing(target, undefined, nothingCreated),
    ...secureRows(place, target.rowSecurity, target.access, undefined),
    run(`analyze ${table}`),
  ];
}

/**
 * Brings an existing snapshot up to date: versions that were replaced are closed, new ones are inserted, and rows that are gone are
 * treated as hard_deletes says. New columns are added; none is ever dropped.
 * ```sql
 * update s set dbt_valid_to = ... from datacycle_new as n where <same key> and dbt_valid_to is null and <another version>;
 * insert into s select ... from datacycle_new as n where not exists (select from s where <same key> and dbt_valid_to is null);
 * update s set dbt_valid_to = ... where dbt_valid_to is null and not exists (select from datacycle_new ...);  -- hard_deletes
 * ```
 */
export function updateSnapshot(
  snapshot: Snapshot,
  sql: SqlText,
  existing: ExistingRelation,
  yields: readonly Column[],
  created: Created,
  at: string,
): Step[] {
  const { target, key, columns, strategy } = snapshot;
  const table = relation(target.relation);
  const time = timeLiteral(snapshot, at, validFromType(snapshot, yields));
  const sameKey = (a: string, b: string) =>
    key.map((name) => `${a}.${identifier(name)} = ${b}.${identifier(name)}`).join(' and ');
  const from = strategy.kind === 'timestamp' ? `n.${identifier(strategy.updatedAt)}` : time;
  // A version never begins before the previous one of its key ended, even if the source's clock or ours was set back.
  const last = `(select max(o.${identifier(columns.validTo)}) from ${table} as o where ${sameKey('o', 'n')})`;
  const earlier = (alias: string) => `(select count(*) from ${table} as o where ${sameKey('o', alias)})`;
  // Of a key whose last version this run did not end, the row was gone: if the source's time is no later, it is back since now.
  const ended = `exists (select from ${table} as o where ${sameKey('o', 'n')} and o.xmin = pg_current_xact_id()::xid)`;
  const since =
    strategy.kind === 'timestamp'
      ? `case when ${last} >= ${from} and not ${ended} then greatest(${time}, ${last}) else greatest(${from}, ${last}) end`
      : `greatest(${from}, ${last})`;
  const begin = `s.${identifier(columns.validFrom)}`;
  // A version that says that the row was gone lasts until the row is back.
  const ends =
    strategy.kind === 'timestamp' && snapshot.hardDeletes === 'new_record'
      ? `greatest(case when s.${identifier(columns.isDeleted)} and ${from} <= ${begin} then ${time} else ${from} end, ${begin})`
      : `greatest(${from}, ${begin})`;
  const versions = versionColumns(snapshot, yields, at, { since, earlier: earlier('n') });
  const types = new Map(existing.columns.map(({ name, type }) => [name, type]));
  const added = versions.filter(({ name }) => !types.has(name));
  const taken = takenColumns([...existing.columns, ...added], yields);
  const current = (alias: string) => isCurrent(snapshot, `${alias}.`);
  const list = identifiers(versions.map(({ name }) => name));
  return [
    ...secureRows(target.relation, target.rowSecurity, target.access, existing),
    ...dropObsolete(target, existing, created),
    ...alignColumns(target.relation, existing, [...existing.columns, ...added]),
    ...addMissing(target, existing, created),
    ...stageRows(snapshot, sql),
    ...guardCasts(target, taken),
    ...identifyRows(target),
    counted(
      'updated',
      `update ${table} as s
set ${identifier(columns.validTo)} = ${ends}
from ${staged} as n
where ${sameKey('s', 'n')}
    and ${current('s')}
    and ${changed(snapshot, taken)}`,
    ),
    counted(
      'inserted',
      `insert into ${table} (${list})
select
    ${versions.map(({ value }) => value).join(',\n    ')}
from ${staged} as n
where not exists (select from ${table} as s where ${sameKey('s', 'n')} and ${current('s')})`,
    ),
    ...deletions(snapshot, table, yields, { time, sameKey: sameKey('s', 'n'), earlier: earlier('c') }),
  ];
}

function stageRows({ target, key, strategy }: Snapshot, sql: SqlText): Step[] {
  return [
    run(`create temporary table "datacycle_new" on commit drop as\n`, sql),
    run(`analyze ${staged}`),
    ...guardKey(target.model, staged, key),
    ...(strategy.kind === 'timestamp' ? [guardUpdatedAt(target.model, key, strategy.updatedAt)] : []),
  ];
}

function guardUpdatedAt(model: string, key: readonly string[], column: string): Step {
  return {
    kind: 'guard',
    sql: new SqlText(`select ${identifiers(key)}\nfrom ${staged}\nwhere ${identifier(column)} is null\nlimit 3`),
    setting: 'updated_at',
    complaint: (rows) => ({
      what: `updated_at of ${model}, "${column}", is NULL where ${rows.map((row) => key.map((name) => `${name}=${String(row[name])}`).join(', ')).join('; ')}`,
      hint: 'Nothing says since when such a row holds: give it a time, leave it out, or use strategy: check.',
    }),
  };
}

interface VersionColumn extends Column {
  /** An expression over the source's row `n`. */
  readonly value: string;
}

function selected({ name, value }: VersionColumn): string {
  return `${value} as ${identifier(name)}`;
}

/** @param next expressions over `n`: since when its version holds, how many it has had; without them it is the first. */
function versionColumns(
  snapshot: Snapshot,
  yields: readonly Column[],
  at: string,
  next?: { readonly since: string; readonly earlier: string },
): VersionColumn[] {
  const { key, strategy, columns, hardDeletes } = snapshot;
  const type = validFromType(snapshot, yields);
  const updated =
    strategy.kind === 'timestamp' ? `n.${identifier(strategy.updatedAt)}` : timeLiteral(snapshot, at, type);
  const from = next?.since ?? updated;
  return [
    ...yields.map((column) => ({ ...column, value: `n.${identifier(column.name)}` })),
    { name: columns.id, type: 'text', value: versionId(key, 'n', from, next?.earlier ?? '0') },
    { name: columns.updatedAt, type, value: updated },
    { name: columns.validFrom, type, value: from },
    { name: columns.validTo, type, value: currentValue(snapshot, type) },
    ...(hardDeletes === 'new_record' ? [{ name: columns.isDeleted, type: 'boolean', value: 'false' }] : []),
  ];
}

/** Whether a version holds. @param alias of its row, with a dot. */
function isCurrent({ columns, validToCurrent }: SnapshotSettings, alias = ''): string {
  const validTo = `${alias}${identifier(columns.validTo)}`;
  if (validToCurrent === undefined) return `${validTo} is null`;
  // Those from before the setting was made have NULL.
  return `coalesce(${validTo}, ${literal(validToCurrent)}) = ${literal(validToCurrent)}`;
}

/** What `dbt_valid_to` of a version that holds is. */
function currentValue({ validToCurrent }: SnapshotSettings, type?: string): string {
  const value = validToCurrent === undefined ? 'null' : literal(validToCurrent);
  return type === undefined ? value : `${value}::${type}`;
}

/** No other version has it, also where two begin at one time. */
function versionId(key: readonly string[], alias: string, since: string, earlier: string): string {
  const parts = [...key.map((name) => `${alias}.${identifier(name)}`), since, earlier];
  return `md5(jsonb_build_array(${parts.join(', ')})::text)`;
}

function validFromType({ strategy }: Snapshot, yields: readonly Column[]): string {
  const given = strategy.kind === 'timestamp' ? yields.find(({ name }) => name === strategy.updatedAt) : undefined;
  return given?.type ?? 'timestamp with time zone';
}

/** The time of the run in the type of the versions' times. */
function timeLiteral({ timeZone }: Snapshot, at: string, type: string): string {
  const time = `timestamptz ${literal(at)}`;
  return type === 'timestamp with time zone' ? time : `(${time} at time zone ${literal(timeZone)})::${type}`;
}

/** Whether the source's row `n` is another version than the existing one `s`. */
function changed({ key, strategy, columns, hardDeletes }: Snapshot, yields: readonly TakenColumn[]): string {
  const back = hardDeletes === 'new_record' ? `s.${identifier(columns.isDeleted)} is true` : undefined;
  const differs =
    strategy.kind === 'timestamp'
      ? `n.${identifier(strategy.updatedAt)} > s.${identifier(columns.updatedAt)}`
      : differingIn(yields.filter((column) => isChecked(column, strategy.columns, key)));
  return back === undefined ? differs : `(${differs} or ${back})`;
}

function isChecked({ name, type }: Column, columns: 'all' | readonly string[], key: readonly string[]): boolean {
  // A key may be spelt anew.
  return columns === 'all' ? !key.includes(name) || !isExact(type) : columns.includes(name);
}

function differingIn(columns: readonly TakenColumn[]): string {
  return columns.length === 0 ? 'false' : differing(columns, 's', 'n');
}

function deletions(
  snapshot: Snapshot,
  table: string,
  yields: readonly Column[],
  { time, sameKey, earlier }: { readonly time: string; readonly sameKey: string; readonly earlier: string },
): Step[] {
  const { columns, hardDeletes, key } = snapshot;
  if (hardDeletes === 'ignore') return [];
  const isNew = hardDeletes === 'new_record';
  const gone = `${isCurrent(snapshot, 's.')}${isNew ? `\n    and s.${identifier(columns.isDeleted)} is not true` : ''}
    and not exists (select from ${staged} as n where ${sameKey})`;
  const close = `update ${table} as s\nset ${identifier(columns.validTo)} = greatest(${time}, s.${identifier(columns.validFrom)})\nwhere ${gone}`;
  if (!isNew) return [counted('updated', close)];
  const names = [
    ...yields.map(({ name }) => name),
    columns.id,
    columns.updatedAt,
    columns.validFrom,
    columns.validTo,
    columns.isDeleted,
  ];
  const since = `c.${identifier(columns.validTo)}`;
  const values = [
    ...yields.map(({ name }) => `c.${identifier(name)}`),
    versionId(key, 'c', since, earlier),
    time,
    since,
    currentValue(snapshot),
    'true',
  ];
  return [
    counted(
      'inserted',
      `with closed as (
    ${close.replaceAll('\n', '\n    ')}
    returning s.*
)
insert into ${table} (${identifiers(names)})
select ${values.join(', ')}
from closed as c`,
    ),
  ];
}
