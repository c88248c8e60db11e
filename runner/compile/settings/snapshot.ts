import type { ModelNode } from '../../manifest/manifest.ts';
import type { SnapshotSettings } from '../../manifest/snapshot-settings.ts';
import type { Config } from '../../project/config.ts';
import type { Place } from '../../text/place.ts';
import { isNamedZone, timeZoneHint } from '../../text/time-zone.ts';

/** Refuses a setting, given its place. */
export type Complain = (place: Place | undefined, what: string, hint: string) => void;

/** The settings of a snapshot that {@link checkSnapshot} has let through. */
export function snapshotSettings(config: Config): SnapshotSettings {
  const { snapshot_meta_column_names: names } = config;
  return {
    strategy:
      config.strategy === 'timestamp'
        ? { kind: 'timestamp', updatedAt: config.updated_at ?? '' }
        : { kind: 'check', columns: config.check_cols ?? 'all' },
    hardDeletes: config.hard_deletes ?? (config.invalidate_hard_deletes === true ? 'invalidate' : 'ignore'),
    validToCurrent: dateIn(config.dbt_valid_to_current),
    timeZone: config.time_zone ?? 'UTC',
    columns: {
      validFrom: names?.dbt_valid_from ?? 'dbt_valid_from',
      validTo: names?.dbt_valid_to ?? 'dbt_valid_to',
      id: names?.dbt_scd_id ?? 'dbt_scd_id',
      updatedAt: names?.dbt_updated_at ?? 'dbt_updated_at',
      isDeleted: names?.dbt_is_deleted ?? 'dbt_is_deleted',
    },
  };
}

/** The date in an expression like `to_date('9999-12-31')` or `'9999-12-31'::timestamp`, in UTC if it names no zone. */
function dateIn(expression: string | undefined): string | undefined {
  const [, text] =
    /(\d{4,5}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?(?:[+-]\d\d(?::?\d\d)?|Z)?)/.exec(expression ?? '') ?? [];
  if (text === undefined) return undefined;
  const [day = '', rest = ''] = text.split(/[ T]/);
  return `${day} ${rest === '' ? '00:00:00+00' : /[+Z]|-\d/.test(rest) ? rest : `${rest}+00`}`;
}

/** Refuses a snapshot that lacks a setting. */
export function checkSnapshot(
  config: Config,
  materialized: ModelNode['materialized'],
  complain: Complain,
  at: (...keys: readonly string[]) => Place | undefined,
): void {
  if (materialized !== 'snapshot') return;
  if ((config.unique_key ?? []).length === 0)
    complain(
      at('unique_key', 'materialized'),
      'a snapshot needs a unique_key',
      'Set it to the columns that identify a row of the source.',
    );
  if (config.strategy === undefined)
    complain(
      at('materialized', 'unique_key', 'updated_at', 'check_cols'),
      'a snapshot needs a strategy',
      'Set strategy to timestamp, and updated_at, or to check, and check_cols (a list, or all).',
    );
  if (config.strategy === 'timestamp' && config.updated_at === undefined)
    complain(
      at('strategy'),
      'strategy "timestamp" needs updated_at',
      'Set it to the column that says when a row was last changed.',
    );
  const { dbt_valid_to_current: current } = config;
  if (current !== undefined && dateIn(current) === undefined)
    complain(
      at('dbt_valid_to_current'),
      `dbt_valid_to_current: "${current}" is no date`,
      "Write a date: '9999-12-31'. An index holds the versions that hold, and its condition must always mean the same.",
    );
  if (config.time_zone !== undefined && !isNamedZone(config.time_zone))
    complain(at('time_zone'), `time_zone: "${config.time_zone}" is no time zone`, timeZoneHint(config.time_zone));
  if (config.strategy === 'check' && (config.check_cols === undefined || config.check_cols.length === 0))
    complain(
      at('check_cols', 'strategy'),
      'strategy "check" needs check_cols',
      'Set it to the columns to compare, or to all.',
    );
}
