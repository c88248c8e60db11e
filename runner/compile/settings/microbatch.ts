// One file for each setting that a schema cannot check, because it depends on other settings, on columns or on other nodes:
// materialized_view, microbatch, partition_by, retention, row_security, snapshot, subject.
//
// Each file takes drafts or nodes and yields the setting in the form in which the manifest holds it, or problems with their
// places. The SQL of a setting is in materialize/parts; build/transaction applies it.

import { type BatchSettings, isMicrobatch, type Node } from '../../manifest/manifest.ts';
import type { Config } from '../../project/config.ts';
import { settingPlace } from '../../project/setting-places.ts';
import { ProjectError } from '../../text/errors.ts';
import { isMoment } from '../../text/moment.ts';
import { isNamedZone, timeZoneHint } from '../../text/time-zone.ts';
import type { Draft } from '../draft/context.ts';
import type { BatchReads } from '../draft/resolve.ts';

export function isCutIntoBatches(config: Config): boolean {
  return config.materialized === 'incremental' && config.incremental_strategy === 'microbatch';
}

/** The settings of a model that {@link checkBatches} has let through. */
export function batchSettings(config: Config, follows: readonly string[]): BatchSettings {
  const { event_time = '', batch_size = 'day', time_zone = 'UTC', begin = '', lookback = 1 } = config;
  return { eventTime: event_time, size: batch_size, timeZone: time_zone, begin, lookback, follows };
}

/** The microbatch models of which a microbatch model reads only the rows of its batch. */
export function followedBy({ filtered, whole }: BatchReads, nodes: ReadonlyMap<string, Node>): string[] {
  const inside = [...filtered, ...whole].flatMap((id) => {
    const node = nodes.get(id);
    return node?.materialized === 'ephemeral' ? node.reads : [];
  });
  return [...filtered].filter((id) => {
    const node = nodes.get(id);
    return isMicrobatch(node) && !whole.has(id) && !inside.includes(id);
  });
}

/** @throws ProjectError for the first setting of a microbatch model that is missing or wrong, with its place. */
export function checkBatches(draft: Draft, reads: BatchReads): void {
  const { config, settings, record } = draft;
  const strategy = settingPlace(settings, 'incremental_strategy');
  const fail = (place: typeof strategy, what: string, hint: string) => {
    const text = place?.file === draft.file.path ? what : `${draft.file.path}: ${what}`;
    throw new ProjectError([{ what: text, place, hint }]);
  };
  const needs = (key: 'event_time' | 'batch_size' | 'begin', hint: string) => {
    if (config[key] === undefined) fail(strategy, `incremental_strategy "microbatch" needs ${key}`, hint);
  };
  needs('event_time', 'Set it to the column that says when what a row tells of happened.');
  needs('batch_size', 'Set it to hour, day, week, month or year.');
  needs('begin', 'Set it to the time of the oldest rows, e.g. begin="2023-08-18".');
  const at = (key: string) => settingPlace(settings, key);
  if (!isMoment(config.begin ?? ''))
    fail(
      at('begin'),
      `begin: "${config.begin}" is no date and no time`,
      'Write e.g. "2023-08-18" or "2023-08-18 12:00".',
    );
  const zone = config.time_zone ?? 'UTC';
  if (!isNamedZone(zone)) fail(at('time_zone'), `time_zone: "${zone}" is no time zone`, timeZoneHint(zone));
  if (record.incremental !== undefined)
    fail(
      record.incremental,
      'a microbatch model has no {{#incremental}} block',
      'Every batch is built by the same SQL: what has an event_time is read for the time of the batch.',
    );
  if (reads.filtered.size === 0 && !reads.bounds)
    fail(
      strategy,
      'nothing that it reads has an event_time, so every batch would read everything',
      'Set event_time for what it refers to (a source has it beside its name in the .yml), or use {{batch_start}} and {{batch_end}}.',
    );
}
