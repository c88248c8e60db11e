import type { Env } from './environment.ts';

/** A setting that other installations have, and what to set or do here instead. */
export interface UnreadSetting {
  readonly name: string;
  readonly instead: string;
}

const replaced: Readonly<Record<string, string>> = {
  GOLD_INTERVAL_MIN: 'nothing: `datacycle watch` builds gold after each load; INTERVAL_SECS says how often it looks',
  PREDICTIONS_DAY:
    'nothing: `datacycle watch` predicts each quarter of an hour and trains each night (docs/predictions.md)',
  CLEAN_WEATHER_WORKERS: '`threads` of the target in project.yml, or --threads',
  KEEP_BRONZE: 'BRONZE_RETENTION_DAYS=-1, which is the default',
  DELETE_BRONZE: 'BRONZE_RETENTION_DAYS, the days after which Bronze files are deleted',
  KNIME_FREE_MEMORY: 'nothing: KNIME is not run',
  PBI_SERVER: 'nothing: `datacycle bi` reads it; without it, the server of DB_URL',
  PBI_DATABASE: 'nothing: `datacycle bi` reads it; without it, the database of DB_URL',
  PBI_USER: 'vars.access.bi_login in project.yml; `datacycle bi` says with this name whom Power BI logs in as',
  PBI_PASSWORD:
    'BI_PASSWORD; `datacycle init` reads this one if BI_PASSWORD is not set and PBI_USER is bi_login or not set',
};

/** Those of an environment that another installation's `.env` has and that mean nothing here, or have another name. Pure. */
export function unreadSettings(env: Env): UnreadSetting[] {
  return Object.entries(replaced).flatMap(([name, instead]) =>
    env[name] === undefined || env[name] === '' ? [] : [{ name, instead }],
  );
}

/** The same as a sentence for each. Pure. */
export function unreadNotices(env: Env): string[] {
  return unreadSettings(env).map(({ name, instead }) => `${name} is a setting of another program. Here: ${instead}.`);
}
