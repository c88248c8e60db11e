import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type Client from 'ssh2-sftp-client';
import { LoadFailedError, SourceError, systemCode, systemReason } from '../landing/errors.ts';
import { type HostKeyPolicy, judgeHostKey } from './host-key.ts';
import { explained, messageOf } from './sftp-fault.ts';

/** Where the sFTP server is and who we are. */
export interface SftpAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  /** A private key in PEM or OpenSSH's format, and what it is locked with. */
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
  readonly folder: string;
  readonly hostKey: HostKeyPolicy;
  /** After how many milliseconds without any answer the connection counts as broken; default 60,000. */
  readonly silentMs?: number | undefined;
}

/** The files in the folder on the server. `modified` is in milliseconds since 1970. */
export interface RemoteFile {
  readonly fileName: string;
  readonly isFile: boolean;
  readonly size: number;
  readonly modified: number;
}

/** The server could not be reached or the connection broke: another try may go better. */
export class SftpLostError extends LoadFailedError {}

const usualSilentMs = 60_000;

/** So long a server may take to answer our goodbye. */
const goodbyeMs = 2000;

/** A cable that was pulled out is noticed by this, also where nothing is asked of the server. */
const keepAlive = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };

/** A file could not be fetched although the connection is fine: a matter of this file, another may do. */
export class RemoteFileError extends LoadFailedError {}

/** One connection to an sFTP server. */
export class SftpConnection {
  readonly #client: Client;
  readonly #address: SftpAddress;
  /** Of our own, since only a socket can be dropped at once: the client's end waits for the server's answer. */
  readonly #socket = new Socket();

  private constructor(address: SftpAddress, client: Client) {
    this.#client = client;
    this.#address = address;
    // Each call that uses the connection gets the error itself.
    this.#socket.on('error', ignore);
  }

  /**
   * @param onNotice called with the fingerprint when the server is contacted for the first time.
   * @throws SourceError if the server is not who it should be or does not let us in; SftpLostError otherwise.
   */
  static async open(address: SftpAddress, onNotice: (text: string) => void): Promise<SftpConnection> {
    // Loaded only here: other commands need not wait for it.
    const { default: SftpClient } = await import('ssh2-sftp-client');
    // Every call reports its own failure; without these the client would print what happens to the connection.
    const client = new SftpClient('datacycle', { error: ignore, end: ignore, close: ignore });
    const connection = new SftpConnection(address, client);
    try {
      await connection.#connect(onNotice);
      return connection;
    } catch (error) {
      connection.drop();
      throw error;
    }
  }

  async #connect(onNotice: (text: string) => void): Promise<void> {
    const { user, password, privateKey, passphrase } = this.#address;
    let refused: SourceError | undefined;
    const verify = (key: Buffer): boolean => {
      refused = this.#judgeKey(key, onNotice);
      return refused === undefined;
    };
    try {
      await this.#watched(async () => {
        await this.#reach();
        await this.#client.connect({
          sock: this.#socket,
          username: user,
          ...(password === undefined ? {} : { password }),
          ...(privateKey === undefined ? {} : { privateKey }),
          ...(passphrase === undefined ? {} : { passphrase }),
          hostVerifier: verify,
          readyTimeout: this.#silentMs,
          ...keepAlive,
        });
      });
    } catch (error) {
      throw refused ?? this.#refusal(error) ?? this.#lost('cannot connect', error);
    }
  }

  #reach(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.connect(this.#address.port, this.#address.host, () => {
        this.#socket.removeListener('error', reject);
        resolve();
      });
    });
  }

  /** Why the server is not to be talked to; undefined if it is who it should be. */
  #judgeKey(key: Buffer, onNotice: (text: string) => void): SourceError | undefined {
    const { host, port, hostKey } = this.#address;
    try {
      const verdict = judgeHostKey(hostKey, `${host}:${port}`, key);
      if (verdict.kind === 'known') return undefined;
      if (verdict.kind === 'first contact') {
        onNotice(
          `First contact with ${host}:${port}: its key ${verdict.fingerprint} is remembered in ${hostKey.knownHosts}. Compare it with what the server's owner says, or set SFTP_HOST_KEY.`,
        );
        return undefined;
      }
      return new SourceError({
        what: `${host}:${port} shows the key ${verdict.fingerprint}, which is not the known one (${verdict.expected.join(', ')}): somebody may be listening in`,
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

  /** What is in the folder under names that can be names of files, links and folders included. */
  async list(): Promise<readonly RemoteFile[]> {
    const { folder } = this.#address;
    try {
      const entries = await this.#watched(() => this.#client.list(folder));
      return entries.flatMap(({ name, type, size, modifyTime }) =>
        // What the server calls a name becomes part of a path here.
        isFileName(name) ? [{ fileName: name, isFile: type === '-', size, modified: modifyTime }] : [],
      );
    } catch (error) {
      if (/No such file|ENOENT|does not exist|Bad path/i.test(messageOf(error))) {
        throw new SourceError({
          what: `SFTP_PATH names the folder ${folder}, which does not exist on ${this.#address.host}`,
          hint: 'Correct SFTP_PATH (environment or .env).',
        });
      }
      throw this.#lost(`cannot list ${folder}`, error);
    }
  }

  /**
   * Copies a file to `target` on this machine, many blocks at once: over a connection of 20 ms a block after the other
   * would be ten times slower.
   * @returns the size that the server gives when the copy is complete, in bytes.
   * @throws RemoteFileError if it is this file's fault; LoadFailedError if it cannot be written here; SftpLostError.
   */
  async download(fileName: string, target: string): Promise<number> {
    const remote = `${this.#address.folder.replace(/\/+$/, '')}/${fileName}`;
    try {
      return await this.#watched(async (alive) => {
        await this.#client.fastGet(remote, target, { step: alive });
        return (await this.#client.stat(remote)).size;
      });
    } catch (error) {
      const local = /\b(ENOSPC|EDQUOT|EROFS|EMFILE|EFBIG)\b/.exec(messageOf(error))?.[1];
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

  /** Whether the server still talks to us. */
  async #answers(): Promise<boolean> {
    if (this.#socket.destroyed) return false;
    return this.#watched(() => this.#client.stat(this.#address.folder)).then(
      () => true,
      () => false,
    );
  }

  /** Ends the connection. Never throws. */
  async close(): Promise<void> {
    if (!this.#socket.destroyed) {
      await Promise.race([this.#client.end().catch(ignore), sleep(goodbyeMs, undefined, { ref: false })]);
    }
    this.drop();
  }

  /** Ends the connection at once: running calls fail. */
  drop(): void {
    this.#socket.destroy();
  }

  get #silentMs(): number {
    return this.#address.silentMs ?? usualSilentMs;
  }

  /** Does `work`, and drops the connection if the server gives no sign of life for too long. */
  async #watched<T>(work: (alive: () => void) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error('it does not answer'));
        this.drop();
      }, this.#silentMs);
    });
    try {
      return await Promise.race([work(() => timer?.refresh()), silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  #lost(what: string, error: unknown): SftpLostError {
    return new SftpLostError({
      what: `${what} (sFTP server ${this.#address.host}:${this.#address.port}): ${explained(error)}`,
      hint: 'Check SFTP_HOST, SFTP_PORT and the network; files that were fetched whole stay, the others come with the next load.',
      cause: error,
    });
  }

  /** What another try would not change: the login. */
  #refusal(error: unknown): SourceError | undefined {
    const { host, port, user, password, privateKey } = this.#address;
    const text = messageOf(error);
    if (/authentication/i.test(text)) {
      const means = [
        password === undefined ? [] : ['password'],
        privateKey === undefined ? [] : ['private key'],
      ].flat();
      return new SourceError({
        what: `${host}:${port} does not let ${user} in with the ${means.join(' or ')} given`,
        hint: 'Check SFTP_USER and SFTP_PASSWORD or SFTP_PRIVATE_KEY (environment or .env).',
      });
    }
    if (/passphrase|Cannot parse privateKey|Unsupported key format|bad decrypt|integrity check/i.test(text)) {
      return new SourceError({
        what: 'the private key in SFTP_PRIVATE_KEY cannot be read',
        hint: 'It must be in PEM or OpenSSH format; if it is locked, set SFTP_PASSPHRASE.',
      });
    }
    return undefined;
  }
}

/** Not a path, and nothing that a file system or a terminal takes for more than a name. */
function isFileName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  return !/[/\\\u0000-\u001f]/.test(name) && name !== '.' && name !== '..';
}

function ignore(): void {}
