import { secretPrefix } from '../../../warehouse/conceal.ts';

/** The session setting that carries a secret into SQL without being part of it. */
export function secretSetting(name: string): string {
  return secretPrefix + name.toLowerCase();
}

/** Variables that are secrets by their names: SFTP_PASSPHRASE, DBT_ENV_SECRET_X, DB_URL, AWS_SECRET_ACCESS_KEY, MYSQL_PWD, ... */
const secretName =
  /PASSWORD|PASSWD|PASSPHRASE|PASSCODE|SECRET|TOKEN|CREDENTIAL|(?:^|_)(?:KEY|AUTH|DSN)(?:_|$)|_(?:PASS|PWD|SALT|PEPPER)$|(?:^|_)(?:URL|URI|CONNECTION_STRING)$/i;

/** An address with a password in it, whatever the variable is called. */
const loginInAddress = /:\/\/[^/@\s]*:[^/@\s]+@/;

/** Whether a variable is secret: by its name, by its value, or because project.yml says so. */
export function isSecret(name: string, value: string | undefined, declared: readonly string[] | undefined): boolean {
  return secretName.test(name) || declared?.includes(name) === true || loginInAddress.test(value ?? '');
}
