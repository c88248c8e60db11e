import { resolve } from 'node:path';
import type { Destination } from '../../exporting/destination.ts';
import { FolderDestination } from '../../exporting/folder.ts';
import { s3Settings } from '../../objects/settings.ts';
import type { Export } from '../../runner/manifest/exposure-node.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { sftpAddress } from '../sources/weather-settings.ts';

/**
 * Opens the place of an export, with the settings of the environment.
 * @param onNotice called with the fingerprint of a server that is contacted for the first time.
 * @throws UsageError or ObjectSettingError naming the setting at fault; SourceError if the server refuses the login.
 */
export async function openDestination(
  project: Project,
  { name, destination: to }: Export,
  signal: AbortSignal,
  onNotice: (text: string) => void,
): Promise<Destination> {
  switch (to.kind) {
    case 'folder':
      return new FolderDestination(resolve(project.root, to.path));
    case 's3': {
      const { S3Destination } = await import('../../exporting/s3.ts');
      return new S3Destination(s3Settings(project.env), to, signal);
    }
    case 'sftp': {
      const prefix = `${to.server}_SFTP`;
      const address = sftpAddress(project, prefix, to.path);
      if (address === undefined)
        throw new UsageError({
          what: `the export ${name} goes to an sFTP server, but ${prefix}_HOST is not set`,
          hint: `Set ${prefix}_HOST, ${prefix}_USER and ${prefix}_PASSWORD or ${prefix}_PRIVATE_KEY in the environment or in .env.`,
        });
      const { SftpDestination } = await import('../../exporting/sftp.ts');
      const lostHint = `Check ${prefix}_HOST, ${prefix}_PORT and the network; the next export begins anew.`;
      return SftpDestination.open({ ...address, lostHint }, onNotice);
    }
    default:
      return to satisfies never;
  }
}
