import { RemoteBronze } from '../../loaders/landing/remote/remote-bronze.ts';
import { Bucket } from '../../objects/bucket.ts';
import { s3Settings } from '../../objects/settings.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { bronzeRoot, isInBucket } from './environment.ts';
import { textSetting } from './settings.ts';

/** The bucket where Bronze is (`BRONZE_ROOT=s3://bucket/prefix`); undefined for a folder. @throws UsageError | ObjectSettingError */
export function bronzeRemote(project: Project): RemoteBronze | undefined {
  const root = textSetting(project, 'BRONZE_ROOT');
  return isInBucket(root) ? remoteAt(project, 'BRONZE_ROOT', root) : undefined;
}

/** The bucket to which old files of Bronze are moved (BRONZE_ARCHIVE); undefined if there is none. @throws UsageError | ObjectSettingError */
export function bronzeArchive(project: Project): RemoteBronze | undefined {
  const archive = textSetting(project, 'BRONZE_ARCHIVE');
  if (archive === undefined) return undefined;
  if (isInBucket(textSetting(project, 'BRONZE_ROOT')))
    throw new UsageError({
      what: 'BRONZE_ARCHIVE is set, but Bronze is in a bucket already (BRONZE_ROOT)',
      hint: 'Take one of them away. A rule of the bucket moves old objects to a cheaper storage class.',
    });
  return remoteAt(project, 'BRONZE_ARCHIVE', archive);
}

/** The bucket where files of Bronze are, all of them or old ones; undefined if all are on this machine. */
export function bronzeAway(project: Project): RemoteBronze | undefined {
  return bronzeRemote(project) ?? bronzeArchive(project);
}

/** Where Bronze is, for people: a folder or an address. */
export function bronzeAddress(project: Project): string {
  return bronzeRemote(project)?.address ?? bronzeRoot(project);
}

function remoteAt(project: Project, setting: string, address: string): RemoteBronze {
  const { bucket, prefix } = bucketAt(project, setting, address);
  return new RemoteBronze(bucket, prefix);
}

/**
 * The bucket that an address names, and the prefix in it, without slashes at its ends.
 * @param what has the address, for messages. @throws UsageError | ObjectSettingError
 */
export function bucketAt(
  project: Project,
  what: string,
  address: string,
): { readonly bucket: Bucket; readonly prefix: string } {
  const [, name = '', prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(address) ?? [];
  const wrong = prefix.split('/').some((part) => part === '.' || part === '..');
  if (name === '' || wrong)
    throw new UsageError({
      what: `${what} is "${address}", which is no address of a bucket`,
      hint: "Write it as s3://bucket/prefix, with the bucket's name in small letters.",
    });
  return { bucket: new Bucket(s3Settings(project.env), name), prefix: prefix.replace(/^\/+|\/+$/g, '') };
}
