import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import { LoadFailedError, SourceError, systemCode, systemReason } from '../landing/errors.ts';
import { atOnce } from '../landing/in-order.ts';
import { isFileName, kindOf, type RemoteFile } from './remote-file.ts';
import { explained, messageOf } from './sftp-fault.ts';
import { type SftpAddress, SftpLink } from './sftp-link.ts';
import { fetchFile } from './sftp-transfer.ts';

/** A file could not be fetched although the connection is fine: a matter of this file, another may do. */
export class RemoteFileError extends LoadFailedError {}

/** How many questions about files the server gets at once. */
const statsAtOnce = 16;

/** What the status codes of the protocol say (3.2 of draft-ietf-secsh-filexfer-02). */
const status = { noSuchFile: 2, permissionDenied: 3 };

/** One connection to an sFTP server. */
export class SftpConnection {
  readonly #address: SftpAddress;
  readonly #link: SftpLink;
  readonly #sftp: SFTPWrapper;

  private constructor(address: SftpAddress, link: SftpLink, sftp: SFTPWrapper) {
    this.#address = address;
    this.#link = link;
    this.#sftp = sftp;
  }

  /**
   * @param onNotice called with the fingerprint when the server is contacted for the first time.
   * @throws SourceError if the server's key or the login is wrong; SftpLostError otherwise.
   */
  static async open(address: SftpAddress, onNotice: (text: string) => void): Promise<SftpConnection> {
    // Loaded only here: other commands need not wait for it.
    const { default: ssh2 } = await import('ssh2');
    const link = new SftpLink(address, new ssh2.Client());
    try {
      return new SftpConnection(address, link, await link.connect(onNotice));
    } catch (error) {
      link.drop();
      throw error;
    }
  }

  /**
   * What is in the folder under names that can be names of files and that `isWanted` takes; links are followed.
   * @throws SourceError if there is no such folder or it may not be listed; SftpLostError.
   */
  async list(isWanted: (fileName: string) => boolean): Promise<readonly RemoteFile[]> {
    const entries = await this.#entries();
    // A name from the server becomes part of a path here.
    const wanted = entries.filter(({ filename }) => isFileName(filename) && isWanted(filename));
    const found: RemoteFile[] = [];
    await atOnce(wanted, statsAtOnce, async (entry) => {
      found.push(await this.#judge(entry));
    });
    return found;
  }

  async #entries(): Promise<readonly FileEntryWithStats[]> {
    const { folder, host } = this.#address;
    const entries: FileEntryWithStats[] = [];
    try {
      const handle = await this.#link.ask<Buffer>((done) => this.#sftp.opendir(folder, done));
      // Part by part, since a server that sends a long list slowly is not silent.
      for (;;) {
        const part = await this.#link
          .ask<FileEntryWithStats[]>((done) => this.#sftp.readdir(handle, done))
          .catch(endOfFile);
        if (part === undefined) break;
        entries.push(...part);
      }
      await this.#link.ask<void>((done) => this.#sftp.close(handle, done));
      return entries;
    } catch (error) {
      const code = statusOf(error);
      if (code === status.noSuchFile || /No such file|does not exist|Bad path/i.test(messageOf(error))) {
        throw new SourceError({
          what: `SFTP_PATH names the folder ${folder}, which does not exist on ${host}`,
          hint: 'Correct SFTP_PATH (environment or .env).',
        });
      }
      if (code === status.permissionDenied) {
        throw new SourceError({
          what: `SFTP_PATH names the folder ${folder} on ${host}, which ${this.#address.user} may not list`,
          hint: 'Correct SFTP_PATH or SFTP_USER (environment or .env), or the permissions on the server.',
        });
      }
      throw this.#link.lost(`cannot list ${folder}`, error);
    }
  }

  /** Asks about the file itself where the list has a link or says nothing of its kind or size. Of attributes a server may leave out any. */
  async #judge({ filename: fileName, attrs }: FileEntryWithStats): Promise<RemoteFile> {
    const listed = kindOf(attrs.mode);
    if (listed === 'other') return { fileName, kind: 'other' };
    const file = ({ size, mtime: modified }: Partial<Stats>) => ({ fileName, kind: 'file' as const, size, modified });
    if (listed === 'file' && (attrs as Partial<Stats>).size !== undefined) return file(attrs);
    try {
      const found = await this.#link.ask<Stats>((done) => this.#sftp.stat(this.#pathOf(fileName), done));
      // Where the server says nothing at all, reading it tells.
      return kindOf(found.mode) === 'other' ? { fileName, kind: 'other' } : file(found);
    } catch (error) {
      if (this.#link.isOver) throw this.#link.lost(`cannot list ${this.#address.folder}`, error);
      const leadsNowhere = listed === 'link' && statusOf(error) === status.noSuchFile;
      const reason = leadsNowhere
        ? 'it is a link that leads to no file'
        : `the server does not say what it is: ${explained(error)}`;
      return { fileName, kind: 'unknown', reason };
    }
  }

  /**
   * Copies a file to `target` on this machine, many blocks at once: over a connection of 20 ms a block after the other
   * would be ten times slower.
   * @returns the size that the server gives when the copy is complete, in bytes; undefined if it gives none.
   * @throws RemoteFileError if it is this file's fault; LoadFailedError if it cannot be written here; SftpLostError.
   */
  async download(fileName: string, target: string): Promise<number | undefined> {
    const remote = this.#pathOf(fileName);
    try {
      await this.#link.ask<void>((done, alive) => fetchFile(this.#sftp, remote, target, alive, done));
      return (await this.#link.ask<Stats>((done) => this.#sftp.stat(remote, done))).size as number | undefined;
    } catch (error) {
      const local = /^(?:ENOSPC|EDQUOT|EROFS|EMFILE|ENFILE|EFBIG|EIO)$/.exec(systemCode(error))?.[0];
      if (local !== undefined) {
        throw new LoadFailedError({
          what: `cannot write ${fileName} into Bronze: ${systemReason(local)}`,
          hint: 'Check BRONZE_ROOT: the free space and the permissions.',
          cause: error,
        });
      }
      if (!(await this.#answers())) throw this.#link.lost(`cannot fetch ${fileName}`, error);
      throw new RemoteFileError({ what: `the server does not give it: ${explained(error)}`, cause: error });
    }
  }

  #pathOf(fileName: string): string {
    return `${this.#address.folder.replace(/\/+$/, '')}/${fileName}`;
  }

  /** Whether the server still answers. */
  async #answers(): Promise<boolean> {
    if (this.#link.isOver) return false;
    return this.#link
      .ask<Stats>((done) => this.#sftp.stat(this.#address.folder, done))
      .then(
        () => true,
        () => !this.#link.isOver,
      );
  }

  /** Ends the connection. Never throws. */
  close(): Promise<void> {
    return this.#link.close();
  }

  /** Ends the connection at once: running calls fail. */
  drop(): void {
    this.#link.drop();
  }
}

/** A part of a list after its end: none. */
function endOfFile(error: unknown): undefined {
  if (statusOf(error) !== 1) throw error;
}

/** The status code with which the server answered; undefined if it did not. */
function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}
