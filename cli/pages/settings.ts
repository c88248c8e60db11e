import type { Project } from '../../runner/project/project.ts';
import { isSecret } from '../../runner/project/values/secrets.ts';
import type { Setting } from '../../ui/data/port.ts';

/** Settings that have an effect, in the order in which they are shown. */
const names = [
  'DB_URL',
  'DB_ADMIN_URL',
  'SMB_PATH',
  'SMB_TIMEOUT',
  'SFTP_HOST',
  'SFTP_PORT',
  'SFTP_USER',
  'SFTP_PATH',
  'SFTP_PASSWORD',
  'SFTP_PRIVATE_KEY',
  'SFTP_PASSPHRASE',
  'MYSQL_URL',
  'BRONZE_ROOT',
  'BRONZE_ARCHIVE',
  'BRONZE_ARCHIVE_DAYS',
  'BRONZE_COMPACT_DAYS',
  'BRONZE_RETENTION_DAYS',
  'BRONZE_COMPRESS_DAYS',
  'STAGING_RETENTION_DAYS',
  'RUN_RETENTION_DAYS',
  'WEATHER_MIN_YEAR',
  'WEATHER_SITES',
  'INTERVAL_SECS',
  'NIGHTLY_HOUR',
  'WEATHER_HOUR',
  'WEATHER_MIN',
  'WATCH_PORT',
  'UI_PORT',
  'UI_HOSTS',
  'UI_USER_HEADER',
  'UI_RESIDENTS',
  'UI_RESIDENT_PASSWORDS',
  'LOG_DIR',
  'BI_PSEUDONYMISE',
  'PSEUDONYM_KEY',
  'BI_PASSWORD',
];

/** Addresses hold passwords, and a setting whose name says so is one. */
const alwaysSecret = /URL$|PASSWORD|PASSPHRASE|SECRET|TOKEN|KEY$/;

/** Settings and what they are; of a secret only whether it is set. Pure. */
export function settingsOf({ env, settings }: Pick<Project, 'env' | 'settings'>): readonly Setting[] {
  return [...names, ...(settings.secrets ?? []).filter((name) => !names.includes(name))].map((name) => {
    const value = env[name] ?? '';
    const secret = alwaysSecret.test(name) || isSecret(name, value, settings.secrets);
    return { name, value: value === '' ? null : secret ? '***' : value, isSecret: secret };
  });
}
