// The table of sources: for each its name, its staging table, the variables that configure it, and the call that loads it.
// `load`, `watch` and `status` go by this table, so a new source is added here, with a room in loaders/.
//
//   sources.ts           the table; attemptLoad records in the database how a load went, for `status`
//   sensor-times.ts      reads between which times a reading is plausible
//   weather-settings.ts  reads the variables of the sFTP server
//   stream-settings.ts   reads the variables of the broker, and what project.yml says of messages
//   sensor-topics.ts     reads which topic has the sensor files, and to which they are sent
//   from-bronze.ts       has files of a bucket on this machine while they are loaded again
import { recordFailure, recordSuccess } from '../../loaders/landing/attempt.ts';
import { LoadBusyError, LoadInterruptedError } from '../../loaders/landing/errors.ts';
import type { LoadOptions, LoadSummary, SourceName } from '../../loaders/landing/summary.ts';
import { loadRegistry } from '../../loaders/registry/load-registry.ts';
import { loadSensors } from '../../loaders/sensors/load-sensors.ts';
import { ShareAccess } from '../../loaders/sensors/share-access.ts';
import { loadWeather } from '../../loaders/weather/load-weather.ts';
import type { Project } from '../../runner/project/project.ts';
import { ConnectionError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { noteRestored } from '../housekeeping/housekeeping.ts';
import { bronzeRemote } from '../settings/bronze.ts';
import { bronzeRoot, fromRoot } from '../settings/environment.ts';
import { apartmentsOf, flagVariable, numberSetting, textSetting } from '../settings/settings.ts';
import { loadFromBronze } from './from-bronze.ts';
import { sensorTimes } from './sensor-times.ts';
import { sensorTopic } from './sensor-topics.ts';
import { streamSource } from './stream-settings.ts';
import { weatherSource } from './weather-settings.ts';

/** One of the places that data come from, with the project's settings for it. */
export interface Source {
  readonly name: SourceName;
  /** The setting that says where it is. */
  readonly setting: string;
  /** The staging table it lands in, as models name it: `staging.sensor_file`. */
  readonly staging: string;
  /** Lands what is new. See the loader for what it throws. */
  load(warehouse: Warehouse, project: Project, options: LoadOptions): Promise<LoadSummary>;
}

/** Every source there is, in the order in which they are loaded. */
export const sources: Readonly<Record<SourceName, Source>> = {
  sensors: {
    name: 'sensors',
    setting: 'SMB_PATH',
    staging: 'staging.sensor_file',
    async load(warehouse, project, options) {
      const topic = options.mode === 'from-bronze' ? undefined : sensorTopic(project);
      if (topic !== undefined) {
        const { loadSensorTopic } = await import('../../loaders/sensor-messages/load-topic.ts');
        return loadSensorTopic(warehouse, topic, options);
      }
      const path = textSetting(project, 'SMB_PATH');
      const share = path === undefined ? undefined : fromRoot(project.root, path);
      const source = {
        bronzeRoot: bronzeRoot(project),
        bronzeRemote: bronzeRemote(project),
        apartments: apartmentsOf(project),
        times: sensorTimes(project),
      };
      return loadSensors(warehouse, { ...source, share, reach: accessTo(project, share).reach }, options);
    },
  },
  weather: {
    name: 'weather',
    setting: 'SFTP_HOST',
    staging: 'staging.weather_chunk',
    load: async (warehouse, project, options) => loadWeather(warehouse, weatherSource(project), options),
  },
  registry: {
    name: 'registry',
    setting: 'MYSQL_URL',
    staging: 'staging.registry_row',
    load: async (warehouse, project, options) =>
      loadRegistry(
        warehouse,
        {
          url: textSetting(project, 'MYSQL_URL'),
          bronzeRoot: bronzeRoot(project),
          bronzeRemote: bronzeRemote(project),
          apartments: apartmentsOf(project),
          locations: flagVariable(project, 'registry_locations', false),
        },
        {
          ...options,
          attempts: options.attempts ?? numberSetting(project, 'MYSQL_MAX_RETRIES', 3, { least: 1, most: 100 }),
          retryDelayMs: numberSetting(project, 'MYSQL_RETRY_DELAY', 60, { least: 0, most: 86_400 }) * 1000,
        },
      ),
  },
  stream: {
    name: 'stream',
    setting: 'KAFKA_BROKERS',
    staging: 'staging.stream_message',
    async load(warehouse, project, options) {
      const { loadStream } = await import('../../loaders/stream/load-stream.ts');
      return loadStream(warehouse, streamSource(project), options);
    },
  },
};

/** One for each share as long as the process lives: a call that hangs outlives its load. */
const accesses = new Map<string, ShareAccess>();

function accessTo(project: Project, share = ''): ShareAccess {
  const limitMs = numberSetting(project, 'SMB_TIMEOUT', 30, { least: 1, most: 3600 }) * 1000;
  const key = `${limitMs} ${share}`;
  const access = accesses.get(key) ?? new ShareAccess(share, limitMs);
  accesses.set(key, access);
  return access;
}

/** Whether the project says where a source is. */
export function isConfigured({ name, setting }: Source, project: Project): boolean {
  const has = (variable: string) => textSetting(project, variable) !== undefined;
  if (name === 'sensors') return has(setting) || has('SENSORS_TOPIC');
  // A broker may be there for the files of apartments alone.
  const isForFiles = has('SENSORS_TOPIC') || has('SENSORS_PUBLISH_TOPIC');
  return has(setting) && !(name === 'stream' && isForFiles && project.vars.stream === undefined);
}

/**
 * Loads a source and records the outcome in the database, for `status`. Errors of the load are passed on; an interrupt, another
 * process that loads the same source, and a single file, which says nothing of its source, are not recorded as attempts.
 */
export async function attemptLoad(
  source: Source,
  warehouse: Warehouse,
  project: Project,
  options: LoadOptions,
): Promise<LoadSummary> {
  try {
    const summary =
      options.mode === 'from-bronze'
        ? await loadFromBronze(source.name, warehouse, project, options, (at) => source.load(warehouse, at, options))
        : await source.load(warehouse, project, options);
    if (options.mode === 'from-bronze') await noteRestored(warehouse, source.name);
    if (options.file === undefined) await recordSuccess(warehouse, source.name, options.clock(), summary.unread);
    return summary;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isNone =
      error instanceof LoadInterruptedError || error instanceof ConnectionError || error instanceof LoadBusyError;
    if (!isNone && options.file === undefined) {
      // If even that cannot be written, the first failure is the one to tell of.
      await recordFailure(warehouse, source.name, options.clock(), message).catch(() => undefined);
    }
    throw error;
  }
}
