import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import { LoadFailedError, SourceError, SourceLostError, systemCode, systemReason } from '../landing/errors.ts';
import { atOnce } from '../landing/in-order.ts';
import { type HostKeyPolicy, judgeHostKey } from './host-key.ts';
import { isFileName, kindOf, type RemoteFile } from './remote-file.ts';
import { explained, messageOf } from './sftp-fault.ts';
import { type SftpLogin, SftpLoginAttempt } from './sftp-login.ts';
import { fetchFile } from './sftp-transfer.ts';

/** Where the sFTP server is and who we are. */
export interface SftpAddress extends SftpLogin {
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  readonly hostKey: HostKeyPolicy;
  /** After how many milliseconds without any answer the connection counts as broken; default 60,000. */
  readonly silentMs?: number | undefined;
}

/** The server could not be reached or the connection broke: another try may go better. */
export class SftpLostError extends SourceLostError {}

/** A file could not be fetched although the connection is fine: a matter of this file, another may do. */
export class RemoteFileError extends LoadFailedError {}

const usualSilentMs = 60_000;

/** So long a server may take to answer our goodbye. */
const goodbyeMs = 2000;

/** How many questions about files the server gets at once. */
const statsAtOnce = 16;

/** What the status codes of the protocol say (3.2 of draft-ietf-secsh-filexfer-02). */
const status = { noSuchFile: 2, permissionDenied: 3 };

/** One connection to an sFTP server. */
export class SftpConnection {
  readonly #client: Client;
  readonly #address: SftpAddress;
  /** Of our own, since only a socket can be dropped at once: the client's end waits for the server's answer. */
  readonly #socket = new Socket();
  /** Aborted, with the reason, when the connection is over. */
  readonly #over = new AbortController();
  #files: SFTPWrapper | undefined;

  private constructor(address: SftpAddress, client: Client) {
    this.#client = client;
    this.#address = address;
    const over = (error: unknown) => this.#over.abort(error);
    this.#socket.on('error', over);
    client.on('error', over);
    client.on('close', () => over(new Error('the connection broke')));
  }

  /**
   * @param onNotice called with the fingerprint when the server is contacted for the first time.
   * @throws SourceError if the server is not who it should be or does not let us in; SftpLostError otherwise.
   */
  static async open(address: SftpAddress, onNotice: (text: string) => void): Promise<SftpConnection> {
    // Loaded only here: other commands need not wait for it.
    const { default: ssh2 } = await import('ssh2');
    const connection = new SftpConnection(address, new ssh2.Client());
    try {
      await connection.#connect(onNotice);
      return connection;
    } catch (error) {
      connection.drop();
      throw error;
    }
  }

  async #connect(onNotice: (text: string) => void): Promise<void> {
    const login = new SftpLoginAttempt(this.#address, this.#peer);
    login.attach(this.#client, () => this.drop());
    let refused: SourceError | undefined;
    const verify = (key: Buffer): boolean => {
      refused = this.#judgeKey(key, onNotice);
      return refused === undefined;
    };
    try {
      await this.#ask<void>((done) => {
        this.#socket.connect(this.#address.port, this.#address.host, () => done(undefined));
      });
      await this.#ask<void>((done) => {
        this.#client.once('ready', () => done(undefined));
        this.#client.connect({
          sock: this.#socket,
          ...login.config,
          hostVerifier: verify,
          readyTimeout: this.#silentMs,
          // A cable that was pulled out is noticed by this, also where nothing is asked of the server.
          keepaliveInterval: Math.ceil(this.#silentMs / 4),
          keepaliveCountMax: 3,
        });
      });
      this.#files = await this.#ask<SFTPWrapper>((done) => this.#client.sftp(done));
    } catch (error) {
      throw refused ?? login.refused ?? this.#refusal(error, login) ?? this.#lost('cannot connect', error);
    }
  }

  /** Why the server is not to be talked to; undefined if it is who it should be. */
  #judgeKey(key: Buffer, onNotice: (text: string) => void): SourceError | undefined {
    const { hostKey } = this.#address;
    try {
      const verdict = judgeHostKey(hostKey, this.#peer, key);
      if (verdict.kind === 'known') return undefined;
      if (verdict.kind === 'first contact') {
        onNotice(
          `First contact with ${this.#peer}: its key ${verdict.fingerprint} is recorded in ${hostKey.knownHosts}. Compare it with what the server's owner says, or set SFTP_HOST_KEY.`,
        );
        return undefined;
      }
      return new SourceError({
        what: `${this.#peer} shows the key ${verdict.fingerprint}, which is not the known one (${verdict.expected.join(', ')}): the connection may be intercepted`,
        hint: `Ask the server's owner. If it really has a new key, set SFTP_HOST_KEY to it${hostKey.expected.length > 0 ? '' : ` or delete its line in ${hostKey.knownHosts}`}.`,
      });
    } catch (error) {
      return new SourceError({
        what: `the known host keys in ${hostKey.knownHosts} cannot be read or written (${systemCode(error) || messageOf(error)})`,
        hint: 'Correct the file or its permissions, or set SFTP_HOST_KEY.',
        cause: error,
      });
    }
  }

  /**
   * What is in the folder under names that can be names of files and that `isWanted` takes; links are followed.
   * @throws SourceError if there is no such folder or it may not be listed; SftpLostError.
   */
  async list(isWanted: (fileName: string) => boolean): Promise<readonly RemoteFile[]> {
    const entries = await this.#entries();
    // What the server calls a name becomes part of a path here.
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
      const handle = await this.#ask<Buffer>((done) => this.#sftp.opendir(folder, done));
      // Part by part, since a server that sends a long list slowly is not silent.
      for (;;) {
        const part = await this.#ask<FileEntryWithStats[]>((done) => this.#sftp.readdir(handle, done)).catch(endOfFile);
        if (part === undefined) break;
        entries.push(...part);
      }
      await this.#ask<void>((done) => this.#sftp.close(handle, done));
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
      throw this.#lost(`cannot list ${folder}`, error);
    }
  }

  /** Asks about the file itself where the list has a link or says nothing of its kind or size. Of attributes a server may leave out any. */
  async #judge({ filename: fileName, attrs }: FileEntryWithStats): Promise<RemoteFile> {
    const listed = kindOf(attrs.mode);
    if (listed === 'other') return { fileName, kind: 'other' };
    const file = ({ size, mtime: modified }: Partial<Stats>) => ({ fileName, kind: 'file' as const, size, modified });
    if (listed === 'file' && (attrs as Partial<Stats>).size !== undefined) return file(attrs);
    try {
      const found = await this.#ask<Stats>((done) => this.#sftp.stat(this.#pathOf(fileName), done));
      // Where the server says nothing at all, reading it tells.
      return kindOf(found.mode) === 'other' ? { fileName, kind: 'other' } : file(found);
    } catch (error) {
      if (this.#over.signal.aborted) throw this.#lost(`cannot list ${this.#address.folder}`, error);
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
      await this.#ask<void>((done, alive) => fetchFile(this.#sftp, remote, target, alive, done));
      return (await this.#ask<Stats>((done) => this.#sftp.stat(remote, done))).size as number | undefined;
    } catch (error) {
      const local = /^(?:ENOSPC|EDQUOT|EROFS|EMFILE|ENFILE|EFBIG|EIO)$/.exec(systemCode(error))?.[0];
      if (local !== undefined) {
        throw new LoadFailedError({
          what: `cannot write ${fileName} into Bronze: ${systemReason(local)}`,
          hint: 'Check BRONZE_ROOT: the free space and the permissions.',
          cause: error,
        });
      }
      if (!(await this.#answers())) throw this.#lost(`cannot fetch ${fileName}`, error);
      throw new RemoteFileError({ what: `the server does not give it: ${explained(error)}`, cause: error });
    }
  }

  #pathOf(fileName: string): string {
    return `${this.#address.folder.replace(/\/+$/, '')}/${fileName}`;
  }

  /** Whether the server still talks to us. */
  async #answers(): Promise<boolean> {
    if (this.#over.signal.aborted) return false;
    return this.#ask<Stats>((done) => this.#sftp.stat(this.#address.folder, done)).then(
      () => true,
      () => !this.#over.signal.aborted,
    );
  }

  /** Ends the connection. Never throws. */
  async close(): Promise<void> {
    if (!this.#over.signal.aborted) {
      const closed = new Promise<void>((resolve) => {
        this.#over.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      this.#client.end();
      await Promise.race([closed, sleep(goodbyeMs, undefined, { ref: false })]);
    }
    this.drop();
  }

  /** Ends the connection at once: running calls fail. */
  drop(): void {
    this.#over.abort(new Error('the connection was broken off'));
    this.#socket.destroy();
  }

  get #peer(): string {
    return `${this.#address.host}:${this.#address.port}`;
  }

  get #silentMs(): number {
    return this.#address.silentMs ?? usualSilentMs;
  }

  get #silence(): string {
    return `it has not answered for ${this.#silentMs / 1000} s`;
  }

  get #sftp(): SFTPWrapper {
    if (this.#files === undefined) throw new Error('the connection is not open');
    return this.#files;
  }

  /**
   * The answer to a call. Fails when the connection is over, and ends the connection if the server gives no sign of life for too
   * long: `alive` begins the time anew.
   */
  #ask<T>(call: (done: (error: Error | null | undefined, value: T) => void, alive: () => void) => void): Promise<T> {
    const over = this.#over.signal;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#over.abort(new Error(this.#silence));
        this.#socket.destroy();
      }, this.#silentMs);
      const end = () => {
        clearTimeout(timer);
        over.removeEventListener('abort', onOver);
      };
      const onOver = () => {
        end();
        reject(over.reason);
      };
      over.addEventListener('abort', onOver);
      if (over.aborted) return onOver();
      const done = (error: Error | null | undefined, value: T) => {
        end();
        if (error === undefined || error === null) resolve(value);
        else reject(error);
      };
      try {
        call(done, () => timer.refresh());
      } catch (error) {
        end();
        reject(error);
      }
    });
  }

  #lost(what: string, error: unknown): SftpLostError {
    // The client's own limits are as long.
    const isSilence = /Timed out while waiting for handshake|keepalive timeout/i.test(messageOf(error));
    return new SftpLostError({
      what: `${what} (sFTP server ${this.#peer}): ${isSilence ? this.#silence : explained(error)}`,
      hint: 'Check SFTP_HOST, SFTP_PORT and the network; files that were fetched whole stay, the others come with the next load.',
      cause: error,
    });
  }

  /** What another try would not change: the login. */
  #refusal(error: unknown, login: SftpLoginAttempt): SourceError | undefined {
    const text = messageOf(error);
    if (/authentication methods failed/i.test(text)) return login.wrong;
    if (/passphrase|Cannot parse privateKey|Unsupported key format|bad decrypt|integrity check/i.test(text)) {
      return new SourceError({
        what: 'the private key in SFTP_PRIVATE_KEY cannot be read',
        hint: 'It must be in PEM or OpenSSH format; if it is locked, set SFTP_PASSPHRASE.',
      });
    }
    return undefined;
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
