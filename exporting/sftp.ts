import type { SFTPWrapper, Stats } from 'ssh2';
import { explained } from '../loaders/weather/sftp-fault.ts';
import { type SftpAddress, SftpLink } from '../loaders/weather/sftp-link.ts';
import { DatacycleError } from '../warehouse/errors.ts';
import { type Destination, foldersOf, stagingFolder } from './destination.ts';

/** The sFTP server refuses something of an export. */
export class SftpExportError extends DatacycleError {}

/** The status codes of the protocol that are no faults here (draft-ietf-secsh-filexfer-02, 7). */
const status = { noSuchFile: 2, unsupported: 8 };

/** A folder on an sFTP server. */
export class SftpDestination implements Destination {
  readonly address: string;
  readonly #folder: string;
  readonly #link: SftpLink;
  readonly #sftp: SFTPWrapper;
  readonly #staged: { readonly from: string; readonly to: string }[] = [];
  /** Folders that are known to be there. */
  readonly #there = new Set<string>();

  private constructor(address: SftpAddress, link: SftpLink, sftp: SFTPWrapper) {
    this.#folder = address.folder.replace(/\/+$/, '') || '/';
    this.#link = link;
    this.#sftp = sftp;
    this.address = `${address.host}:${this.#folder}`;
  }

  /**
   * @param onNotice called with the fingerprint when the server is contacted for the first time.
   * @throws SourceError if the server's key or the login is wrong; SftpLostError if it cannot be reached.
   */
  static async open(address: SftpAddress, onNotice: (text: string) => void): Promise<SftpDestination> {
    const { default: ssh2 } = await import('ssh2');
    const link = new SftpLink(address, new ssh2.Client());
    try {
      return new SftpDestination(address, link, await link.connect(onNotice));
    } catch (error) {
      link.drop();
      throw error;
    }
  }

  async clean(): Promise<void> {
    const folder = this.#at(stagingFolder);
    const names = await this.#ask<{ filename: string }[]>('list', stagingFolder, (done) =>
      this.#sftp.readdir(folder, done),
    ).catch(unlessMissing);
    for (const { filename } of names ?? []) await this.#unlink(`${stagingFolder}/${filename}`);
    if (names !== undefined) await this.#rmdir(stagingFolder);
    this.#there.delete(folder);
  }

  async read(path: string): Promise<string | undefined> {
    const bytes = await this.#ask<Buffer>('read', path, (done) => this.#sftp.readFile(this.#at(path), done)).catch(
      unlessMissing,
    );
    return bytes?.toString('utf8');
  }

  async has(path: string, bytes: number): Promise<boolean> {
    const found = await this.#ask<Partial<Stats>>('look at', path, (done) =>
      this.#sftp.stat(this.#at(path), done as never),
    ).catch(unlessMissing);
    return found !== undefined && (found.size ?? bytes) === bytes;
  }

  async stage(local: string, path: string): Promise<void> {
    const from = await this.#temporary();
    await this.#ask<void>('write', from, (done, alive) =>
      this.#sftp.fastPut(local, this.#at(from), { step: alive }, done),
    );
    this.#staged.push({ from, to: path });
  }

  async publish(): Promise<void> {
    for (const { to } of this.#staged) for (const folder of [...foldersOf(to)].reverse()) await this.#mkdir(folder);
    for (const { from, to } of this.#staged.splice(0)) await this.#rename(from, to);
  }

  async write(path: string, text: string): Promise<void> {
    const from = await this.#temporary();
    await this.#ask<void>('write', from, (done) => this.#sftp.writeFile(this.#at(from), text, done));
    await this.#rename(from, path);
  }

  async remove(path: string): Promise<void> {
    await this.#unlink(path);
    for (const folder of foldersOf(path)) if (!(await this.#rmdir(folder))) return;
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** A name for a file that is not complete. */
  async #temporary(): Promise<string> {
    await this.#mkdir(stagingFolder);
    return `${stagingFolder}/${this.#staged.length}`;
  }

  /** Creates a folder of the export, and those above it that are missing. */
  async #mkdir(folder: string): Promise<void> {
    const path = this.#at(folder);
    const parts = path.split('/');
    for (let end = path.startsWith('/') ? 2 : 1; end <= parts.length; end += 1) {
      const one = parts.slice(0, end).join('/');
      if (one === '.' || this.#there.has(one)) continue;
      const isThere = await this.#ask<Stats>('look at', one, (done) => this.#sftp.stat(one, done)).catch(unlessMissing);
      if (isThere === undefined) await this.#ask<void>('create the folder', one, (done) => this.#sftp.mkdir(one, done));
      this.#there.add(one);
    }
  }

  /**
   * In one step where the server can (OpenSSH's extension). Where it has no such step, and for no other reason, the old file goes
   * first, since the protocol's rename replaces none.
   */
  async #rename(from: string, to: string): Promise<void> {
    const [a, b] = [this.#at(from), this.#at(to)];
    try {
      await this.#ask<void>('rename', to, (done) => this.#sftp.ext_openssh_rename(a, b, done));
    } catch (error) {
      if (this.#link.isOver || !isUnsupported(error)) throw error;
      await this.#unlink(to);
      await this.#ask<void>('rename', to, (done) => this.#sftp.rename(a, b, done));
    }
  }

  async #unlink(path: string): Promise<void> {
    await this.#ask<void>('delete', path, (done) => this.#sftp.unlink(this.#at(path), done)).catch(unlessMissing);
  }

  /** @returns whether it is gone; it is not if it has files. */
  async #rmdir(folder: string): Promise<boolean> {
    return this.#ask<void>('delete', folder, (done) => this.#sftp.rmdir(this.#at(folder), done)).then(
      () => true,
      () => false,
    );
  }

  #at(path: string): string {
    return this.#folder === '/' ? `/${path}` : `${this.#folder}/${path}`;
  }

  async #ask<T>(
    what: string,
    path: string,
    call: (done: (error: Error | null | undefined, value: T) => void, alive: () => void) => void,
  ): Promise<T> {
    try {
      return await this.#link.ask<T>((done, alive) => call(done as never, alive));
    } catch (error) {
      if (this.#link.isOver) throw this.#link.lost(`cannot ${what} ${path}`, error);
      throw new SftpExportError({
        what: `${this.address}: the server does not let us ${what} ${path} (${explained(error)})`,
        hint: 'Check the folder in project.yml, its permissions and the space on the server.',
        cause: error,
      });
    }
  }
}

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) === status.noSuchFile) return undefined;
  throw error;
}

/** Whether the server does not know what it is asked for: it says so, or ssh2 knows from its greeting and does not ask. */
function isUnsupported(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (
    codeOf(error) === status.unsupported ||
    (cause instanceof Error && cause.message === 'Server does not support this extended request')
  );
}

/** The status code of the server's answer that an error comes from. */
function codeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
