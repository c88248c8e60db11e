import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { DailyJobOptions } from '../schedule/daily-job.ts';
import type { TimeOfDay } from '../schedule/due.ts';
import { numberSetting, weekdaySetting } from '../settings/settings.ts';

export interface WatchSettings {
  /** Between the starts of two checks, in milliseconds. */
  readonly intervalMs: number;
  readonly nightly: DailyJobOptions;
  /** When a nightly round runs the data tests on all rows; undefined: never. */
  readonly fullTests: TimeOfDay | undefined;
  readonly weather: DailyJobOptions;
  readonly registry: DailyJobOptions;
  /** When models are trained. */
  readonly training: DailyJobOptions;
  /** Of the health endpoint on 127.0.0.1; 0: none. */
  readonly port: number;
}

/** The nightly round has no settings of its own for this: three tries ten minutes apart, then hourly. */
const nightlyRetries = { retries: 3, retryDelayMs: 600_000 };

/** Reads the watcher's settings from the environment. @throws UsageError naming the variable that makes no sense. */
export function watchSettings(project: Project): WatchSettings {
  const number = (name: string, fallback: number, least: number, most: number) =>
    numberSetting(project, name, fallback, { least, most });
  const daily = (prefix: string, hour: number, minute: number, retry: string, mostRetries: number, delay: number) => ({
    at: { hour: number(`${prefix}_HOUR`, hour, 0, 23), minute: number(`${prefix}_MIN`, minute, 0, 59) },
    retries: number(`${retry}_MAX_RETRIES`, 3, 1, mostRetries),
    retryDelayMs:
      numberSetting(project, `${retry}_RETRY_DELAY`, delay, { least: 0, most: 86_400, whole: false }) * 1000,
  });
  const nightly = { hour: number('NIGHTLY_HOUR', 0, 0, 23), minute: 0 };
  const weekday = weekdaySetting(project, 'FULL_TEST_DAY', 'sunday');
  return {
    intervalMs: number('INTERVAL_SECS', 60, 1, 3600) * 1000,
    nightly: { at: nightly, ...nightlyRetries },
    fullTests: weekday === undefined ? undefined : { ...nightly, weekday },
    weather: daily('WEATHER', 7, 30, 'SFTP', 1000, 600),
    registry: daily('REGISTRY', 3, 0, 'MYSQL', 100, 60),
    training: {
      at: { hour: number('PREDICT_HOUR', 4, 0, 23), minute: number('PREDICT_MIN', 30, 0, 59) },
      ...nightlyRetries,
    },
    port: number('WATCH_PORT', 9464, 0, 65_535),
  };
}

/** @throws UsageError if there is nothing to watch. */
export function nothingConfigured(settings: readonly string[]): UsageError {
  return new UsageError({
    what: 'no source is configured: there is nothing to watch',
    hint: `Set at least one of ${settings.join(', ')} in the environment or in .env.`,
  });
}
