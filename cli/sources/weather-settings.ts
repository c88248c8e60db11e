import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WeatherSource } from '../../loaders/weather/load-weather.ts';
import type { SftpAddress } from '../../loaders/weather/sftp-link.ts';
import type { Project } from '../../runner/project/project.ts';
import { decode, NotText } from '../../runner/text/decode.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { bronzeRemote } from '../settings/bronze.ts';
import { bronzeRoot, fromRoot } from '../settings/environment.ts';
import { numberSetting, textSetting } from '../settings/settings.ts';

/** The weather source as the environment describes it (SFTP_*). @throws UsageError naming the setting at fault. */
export function weatherSource(project: Project): WeatherSource {
  return {
    sftp: sftpAddress(project),
    bronzeRoot: bronzeRoot(project),
    bronzeRemote: bronzeRemote(project),
    attempts: numberSetting(project, 'SFTP_MAX_RETRIES', 3, { least: 1, most: 1000 }),
    retryDelay: numberSetting(project, 'SFTP_RETRY_DELAY', 600, { least: 0, most: 86_400, whole: false }),
  };
}

/**
 * The sFTP server that settings describe whose names begin with `prefix`; undefined if its host is not set.
 * @param given the folder, where no setting says it. @throws UsageError naming the setting at fault.
 */
export function sftpAddress(project: Project, prefix = 'SFTP', given?: string): SftpAddress | undefined {
  const host = textSetting(project, `${prefix}_HOST`);
  if (host === undefined) return undefined;
  const user = textSetting(project, `${prefix}_USER`);
  const folder = given ?? textSetting(project, `${prefix}_PATH`);
  // A password may begin or end with a space.
  const password = project.env[`${prefix}_PASSWORD`] || undefined;
  const keyFile = textSetting(project, `${prefix}_PRIVATE_KEY`);
  const missing = [
    [`${prefix}_USER`, user],
    [`${prefix}_PATH`, folder],
    [`${prefix}_PASSWORD or ${prefix}_PRIVATE_KEY`, password ?? keyFile],
  ].flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (user === undefined || folder === undefined || missing.length > 0) {
    throw new UsageError({
      what: `${prefix}_HOST is set, but ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not`,
      hint: `Set them in the environment or in .env; ${prefix}_PRIVATE_KEY is the path of a key file.`,
    });
  }
  return {
    host,
    port: numberSetting(project, `${prefix}_PORT`, 22, { least: 1, most: 65_535 }),
    user,
    password,
    privateKey: keyFile === undefined ? undefined : readKey(fromRoot(project.root, keyFile), `${prefix}_PRIVATE_KEY`),
    passphrase: project.env[`${prefix}_PASSPHRASE`] || undefined,
    folder,
    hostKey: {
      expected: fingerprints(textSetting(project, `${prefix}_HOST_KEY`), `${prefix}_HOST_KEY`),
      knownHosts: join(project.root, '.datacycle', 'known_hosts'),
    },
    ...(prefix === 'SFTP' ? {} : { settings: prefix }),
  };
}

function readKey(path: string, setting: string): string {
  try {
    return decode(readFileSync(path));
  } catch (error) {
    if (error instanceof NotText)
      throw new UsageError({
        what: `${setting} names the file ${path}, which is no text`,
        hint: 'Keys in OpenSSH and PEM format are text, UTF-8; ssh-keygen -p -m PEM writes one.',
      });
    throw new UsageError({
      what: `${setting} names the file ${path}, which cannot be read`,
      hint: 'Correct the path, or the permissions of the file: this user must be able to read it.',
      cause: error,
    });
  }
}

function fingerprints(text: string | undefined, setting: string): string[] {
  const found = (text ?? '').split(/[\s,]+/).filter((one) => one !== '');
  const wrong = found.find((one) => !/^SHA256:[A-Za-z0-9+/]{43}$/.test(one));
  if (wrong === undefined) return found;
  throw new UsageError({
    what: `${setting} is not a fingerprint of a host key`,
    hint: 'Write it as `ssh-keygen -l` prints it: SHA256: and 43 characters; several with commas between.',
  });
}
