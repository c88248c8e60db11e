// What `datacycle status` reads.
//
//   1. source-state.ts (loads), streams.ts (topics), publishing.ts (files sent), freshness.ts, tables.ts (rows), audits.ts, disk.ts, runs.ts  read one part each
//   2. status.ts  collects the parts and derives the problems: what needs a person
//   3. print.ts   formats them
//
//   source-freshness.ts  is another question, of `datacycle freshness`: how old the rows of declared sources are
//
// It only reads. The exit code is 1 if there is a problem.

import type { Compiled } from '../../runner/compile/compile.ts';
import { isWork } from '../../runner/manifest/manifest.ts';
import { type ExportState, exportStates } from '../../runner/state/exports.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type Champion, readChampions } from '../predict/champions.ts';
import { bronzeRoot } from '../settings/environment.ts';
import { publishTopic, topicSetting } from '../settings/topics.ts';
import { type UnreadSetting, unreadSettings } from '../settings/unread-settings.ts';
import { isConfigured, type Source } from '../sources/sources.ts';
import { watchLock } from '../watch/hold-lock.ts';
import { inWords } from '../watch/timing.ts';
import { type FailedAudit, readFailedAudits } from './audits.ts';
import { type DiskState, readDisk } from './disk.ts';
import { type Freshness, readFreshness } from './freshness.ts';
import { type PublishingState, readPublishing } from './publishing.ts';
import { type NodeProblem, type RunState, readNodeProblems, readRuns, readWarnings } from './runs.ts';
import { type Rejected, readRejected, readSources, type SourceState } from './source-state.ts';
import { readStreams, type StreamState } from './streams.ts';
import { readTables, type TableState } from './tables.ts';

/** Something that does not get well by itself. */
export interface Problem {
  readonly kind: 'source' | 'freshness' | 'node' | 'export';
  readonly name: string;
  readonly problem: string;
}

export interface Status {
  readonly sources: readonly SourceState[];
  readonly streams: readonly StreamState[];
  /** Null if sensor files are not sent anywhere. */
  readonly publishing: PublishingState | null;
  readonly freshness: readonly Freshness[];
  /** The models that predict. */
  readonly champions: readonly Champion[];
  readonly rejected: Rejected;
  readonly tables: readonly TableState[];
  /** Audits that hold their models back. */
  readonly audits: readonly FailedAudit[];
  /** Data tests of severity warn that found something when they last ran; no problems. */
  readonly warnings: readonly NodeProblem[];
  /** The last time that the watcher ran the data tests on all rows: ISO text, and which of them failed. Null before. */
  readonly fullTests: { readonly at: string; readonly failed: string | null } | null;
  /** The exports of the project that were tried at least once. */
  readonly exports: readonly ExportState[];
  readonly disk: DiskState;
  readonly runs: readonly RunState[];
  /** The holder of the watcher's lock; null if it is free. */
  readonly watcher: string | null;
  /** Settings of another program, which mean nothing here. */
  readonly settings: readonly UnreadSetting[];
  readonly problems: readonly Problem[];
}

/** Reads everything that `status` tells. Changes nothing. @throws UsageError for a fault in project.yml's freshness. */
export async function readStatus(
  warehouse: Warehouse,
  compiled: Compiled,
  sources: readonly Source[],
  now: Date,
  exactBelow?: number,
): Promise<Status> {
  const { project } = compiled;
  const attempts = await readSources(warehouse);
  // What failed then is a problem for as long as it fails: a later run may have found it mended.
  const states = attempts.filter(({ source }) => source !== 'full_tests' && source !== 'training');
  const full = attempts.find(({ source }) => source === 'full_tests');
  const freshness = await readFreshness(warehouse, { compiled, sources, states, now });
  const names = [...compiled.manifest.nodes.values()].flatMap((node) => (isWork(node) ? [node.name] : []));
  // A source that was taken out of the settings may have failed for the last time.
  const unused = sources.filter((source) => !isConfigured(source, project)).map(({ name }) => String(name));
  const exports = await exportStates(
    warehouse,
    compiled.exports.map(({ name }) => name),
  );
  const inUse = states.filter(({ source }) => !unused.includes(source));
  return {
    sources: states,
    streams: await readStreams(warehouse, topicSetting(project, 'SENSORS_TOPIC') !== undefined),
    publishing: await readPublishing(warehouse, publishTopic(project)),
    freshness,
    champions: await readChampions(warehouse, now),
    rejected: await readRejected(warehouse),
    tables: await readTables(warehouse, compiled.manifest, exactBelow),
    audits: await readFailedAudits(warehouse, names),
    warnings: await readWarnings(warehouse, names),
    fullTests: full?.lastSuccess ? { at: full.lastSuccess, failed: full.message } : null,
    exports,
    disk: await readDisk(warehouse, bronzeRoot(project)),
    runs: await readRuns(warehouse),
    watcher: (await warehouse.holder(watchLock)) ?? null,
    settings: unreadSettings(project.env),
    problems: problemsOf(inUse, freshness, await readNodeProblems(warehouse, names), exports),
  };
}

/** What a person has to look at. Pure. */
export function problemsOf(
  states: readonly SourceState[],
  freshness: readonly Freshness[],
  nodes: readonly NodeProblem[],
  exports: readonly ExportState[] = [],
): readonly Problem[] {
  return [
    ...states.flatMap(({ source, failures, message, unread }): Problem[] => {
      if (failures > 0)
        return [
          { kind: 'source', name: source, problem: `${message ?? ''} (${failures} failed since its last success)` },
        ];
      return (unread?.first ?? []).map(({ name, reason }) => ({
        kind: 'source',
        name: source,
        problem: `could not be read: ${name}: ${reason}`,
      }));
    }),
    ...freshness.flatMap(({ name, level, ageSeconds, errorAfterSeconds, message }): Problem[] => {
      if (level === 'unreadable')
        return [{ kind: 'freshness', name, problem: `newest cannot be read: ${message ?? ''}` }];
      if (level !== 'error') return [];
      if (message !== null) return [{ kind: 'freshness', name, problem: `its newest data: ${message}` }];
      const [age, limit] = [(ageSeconds ?? 0) * 1000, (errorAfterSeconds ?? 0) * 1000];
      return [
        { kind: 'freshness', name, problem: `its newest data are ${inWords(age)} old, more than ${inWords(limit)}` },
      ];
    }),
    ...nodes.map(
      ({ node, status, message }): Problem => ({ kind: 'node', name: node, problem: `${status}: ${message}` }),
    ),
    ...exports.flatMap(({ name, failures, message }): Problem[] =>
      failures === 0
        ? []
        : [{ kind: 'export', name, problem: `${message ?? ''} (${failures} failed since its last success)` }],
    ),
  ];
}
