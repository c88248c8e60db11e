import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { SFTPWrapper, Stats } from 'ssh2';

/** Copies a file from the server to this machine. @param alive called with each block that has come. */
export function fetchFile(
  sftp: SFTPWrapper,
  remote: string,
  target: string,
  alive: () => void,
  done: (error: Error | null | undefined) => void,
): void {
  sftp.stat(remote, (error, found) => {
    alive();
    if (error !== undefined && error !== null) return done(error);
    const size = (found as Partial<Stats>).size;
    if (size !== undefined) return sftp.fastGet(remote, target, { fileSize: size, step: alive }, done);
    // Where the size is not known, block after block to the end.
    const source = sftp.createReadStream(remote);
    source.on('data', alive);
    pipeline(source, createWriteStream(target)).then(() => done(undefined), done);
  });
}
