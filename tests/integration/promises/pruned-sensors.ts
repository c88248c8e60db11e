import { afterEach, beforeEach } from 'vitest';
import { type Keeping, noteRestored, pruneAllBronze, pruneAllStaging } from '../../../cli/housekeeping/housekeeping.ts';
import type { PruneReport } from '../../../loaders/housekeeping/report.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import type { DatabaseKind } from '../databases.ts';
import { SensorShare } from '../loaders/sensor-share.ts';
import { projectOn } from '../project-on.ts';
import { resultOf } from '../temporary-project.ts';

export const follower = (
  columns: string,
  config = '',
) => `{{config materialized="incremental" unique_key="name" ${config}}}
select ${columns} from {{source "staging" "sensor_file"}}
{{#incremental}}where load_id > {{high_water "staging.sensor_file"}}{{/incremental}}
`;
export const sources =
  'sources: [{ name: staging, tables: [{ name: sensor_file }, { name: weather_chunk }, { name: registry_row }] }]';
/** Months after the files of August 2023. */
export const now = new Date('2024-01-01T00:00:00Z');

/** Sensors that are landed, built and pruned. */
export function prunedSensors(kind: DatabaseKind) {
  const { database, project, rows } = projectOn(kind, {
    'models/sources.yml': sources,
    'models/readings.sql': follower('name, load_id'),
  });
  let present: SensorShare | undefined;
  const share = (): SensorShare => {
    if (present === undefined) throw new Error('the share is there during a test');
    return present;
  };
  beforeEach(async () => {
    present = await SensorShare.create();
  });
  afterEach(() => share().remove());

  const env = () => ({ BRONZE_ROOT: share().source.bronzeRoot });
  const keeping = (): Keeping => ({
    warehouse: database.warehouse,
    project: project.compile(env()).project,
    clock: () => now,
  });
  const manifest = () => project.compile().manifest;
  const prune = async (dryRun = false) => sensorsOf(await pruneAllBronze(keeping(), manifest(), 30, dryRun));
  const pruneRows = async (dryRun = false) => sensorsOf(await pruneAllStaging(keeping(), manifest(), 30, dryRun));
  async function load(mode: 'full' | 'from-bronze' = 'full') {
    const summary = await loadSensors(database.warehouse, share().source, { mode, clock: () => now });
    if (mode === 'from-bronze') await noteRestored(database.warehouse, 'sensors');
    return summary;
  }
  const build = (fullRefresh = false) => project.run(database.warehouse, { fullRefresh });
  const names = async () => (await rows('select name from public.readings order by name')).map(({ name }) => name);
  const staged = async () => (await rows('select count(*)::int as n from staging.sensor_file'))[0]?.n;
  const errorOf = async (name: string, fullRefresh = false) => {
    const { error } = resultOf(await build(fullRefresh), name);
    return error === undefined ? 'none' : `${error.message}\n${String((error as { hint?: string }).hint)}`;
  };
  return {
    database,
    share,
    project,
    env,
    keeping,
    manifest,
    prune,
    pruneRows,
    load,
    build,
    rows,
    names,
    staged,
    errorOf,
  };
}

/** Of the reports of all sources that of the sensors. */
export function sensorsOf(reports: readonly PruneReport[]): PruneReport {
  const found = reports.find(({ source }) => source === 'sensors');
  if (found === undefined) throw new Error('no report for the sensors');
  return found;
}
