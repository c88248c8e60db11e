import type { Project } from '../../runner/project/project.ts';
import { isSecret } from '../../runner/project/values/secrets.ts';
import type { Setting } from '../../ui/data/port.ts';

/** Settings that have an effect, in the order of .env.example, then what is not in it. */
const names = [
  'DB_URL',
  'BI_PASSWORD',
  'SMB_PATH',
  'SMB_TIMEOUT',
  'SFTP_HOST',
  'SFTP_PORT',
  'SFTP_USER',
  'SFTP_PASSWORD',
  'SFTP_PRIVATE_KEY',
  'SFTP_PASSPHRASE',
  'SFTP_PATH',
  'SFTP_HOST_KEY',
  'SFTP_MAX_RETRIES',
  'SFTP_RETRY_DELAY',
  'EXPORT_SFTP_HOST',
  'EXPORT_SFTP_PORT',
  'EXPORT_SFTP_USER',
  'EXPORT_SFTP_PASSWORD',
  'EXPORT_SFTP_PRIVATE_KEY',
  'EXPORT_SFTP_HOST_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_REGION',
  'AWS_ENDPOINT_URL_S3',
  'WEATHER_MIN_YEAR',
  'WEATHER_SITES',
  'MYSQL_URL',
  'MYSQL_MAX_RETRIES',
  'MYSQL_RETRY_DELAY',
  'KAFKA_BROKERS',
  'KAFKA_TLS',
  'KAFKA_CA',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_USER',
  'KAFKA_PASSWORD',
  'KAFKA_GROUP',
  'SENSORS_PUBLISH_TOPIC',
  'SENSORS_TOPIC',
  'STREAM_GATHER_SECS',
  'STREAM_GATHER_MESSAGES',
  'BRONZE_ROOT',
  'BRONZE_ARCHIVE',
  'BRONZE_ARCHIVE_DAYS',
  'BRONZE_COMPACT_DAYS',
  'BRONZE_RETENTION_DAYS',
  'BRONZE_COMPRESS_DAYS',
  'STAGING_RETENTION_DAYS',
  'RUN_RETENTION_DAYS',
  'BI_PSEUDONYMISE',
  'PSEUDONYM_KEY',
  'INTERVAL_SECS',
  'NIGHTLY_HOUR',
  'FULL_TEST_DAY',
  'WEATHER_HOUR',
  'WEATHER_MIN',
  'REGISTRY_HOUR',
  'REGISTRY_MIN',
  'PREDICT_HOUR',
  'PREDICT_MIN',
  'WATCH_PORT',
  'UI_PORT',
  'UI_HOSTS',
  'UI_USER_HEADER',
  'UI_RESIDENTS',
  'UI_RESIDENT_PASSWORDS',
  'LOG_DIR',
  'DB_ADMIN_URL',
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
