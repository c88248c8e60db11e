import Client from 'ssh2-sftp-client';
import { LoadFailedError, SourceError } from '../errors.ts';
import { type HostKeyPolicy, judgeHostKey } from './host-key.ts';

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
}

/** A file on the server. `modified` is in milliseconds since 1970. */
export interface RemoteFile {
  readonly fileName: string;
  readonly size: number;
  readonly modified: number;
}

/** The server could not be reached or the connection broke: another try may go better. */
export class SftpLostError extends LoadFailedError {}

const connectTimeoutMs = 30_000;

/** A peer that answers nothing for this long is gone; without, a cable pulled out would be waited for for ever. */
const keepAlive = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };

/** One connection to an sFTP server. */
export class SftpConnection {
  // Every call reports its own failure; without these the client would print what happens to the connection.
  readonly #client = new Client('datacycle', { error: ignore, end: ignore, close: ignore });
  readonly #address: SftpAddress;
  #closed = false;

  private constructor(address: SftpAddress) {
    this.#address = address;
  }

  /**
   * @param onNotice told of the fingerprint when the server is met for the first time.
   * @throws SourceError if the server is not who it should be or does not let us in; SftpLostError otherwise.
   */
  static async open(address: SftpAddress, onNotice: (text: string) => void): Promise<SftpConnection> {
    const connection = new SftpConnection(address);
    await connection.#connect(onNotice);
    return connection;
  }

  async #connect(onNotice: (text: string) => void): Promise<void> {
    const { host, port, user, password, privateKey, passphrase, hostKey } = this.#address;
    let wrong: SourceError | undefined;
    const verify = (key: Buffer): boolean => {
      const verdict = judgeHostKey(hostKey, `${host}:${port}`, key);
      if (verdict.kind === 'first contact') {
        onNotice(
          `First contact with ${host}:${port}: its key ${verdict.fingerprint} is remembered in ${hostKey.knownHosts}. Compare it with what the server's owner says, or set SFTP_HOST_KEY.`,
        );
      }
      if (verdict.kind !== 'wrong') return true;
      wrong = new SourceError({
        what: `${host}:${port} shows the key ${verdict.fingerprint}, which is not the known one (${verdict.expected.join(', ')}): somebody may be listening in`,
        hint: `Ask the server's owner. If it really has a new key, set SFTP_HOST_KEY to it${hostKey.expected.length > 0 ? '' : ` or delete its line in ${hostKey.knownHosts}`}.`,
      });
      return false;
    };
    try {
      await this.#client.connect({
        host,
        port,
        username: user,
        ...(password === undefined ? {} : { password }),
        ...(privateKey === undefined ? {} : { privateKey }),
        ...(passphrase === undefined ? {} : { passphrase }),
        hostVerifier: verify,
        readyTimeout: connectTimeoutMs,
        ...keepAlive,
      });
    } catch (error) {
      throw wrong ?? this.#refusal(error) ?? this.#lost('cannot connect', error);
    }
  }

  /** The files in the folder; folders and links aside. */
  async list(): Promise<readonly RemoteFile[]> {
    const { folder } = this.#address;
    try {
      const entries = await this.#client.list(folder);
      return entries.flatMap((entry) =>
        entry.type === '-' ? [{ fileName: entry.name, size: entry.size, modified: entry.modifyTime }] : [],
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
   * @returns the file as it was when the copy was complete.
   * @throws SftpLostError, also if the copy has not the size that the server says.
   */
  async download(fileName: string, target: string): Promise<RemoteFile> {
    const remote = `${this.#address.folder.replace(/\/+$/, '')}/${fileName}`;
    try {
      await this.#client.fastGet(remote, target);
      const { size, modifyTime } = await this.#client.stat(remote);
      return { fileName, size, modified: modifyTime };
    } catch (error) {
      const local = /\b(ENOSPC|EDQUOT|EROFS|EMFILE|EFBIG)\b/.exec(messageOf(error))?.[1];
      if (local === undefined) throw this.#lost(`cannot fetch ${fileName}`, error);
      throw new LoadFailedError({
        what: `cannot write ${fileName} into Bronze: ${local}`,
        hint: 'Check BRONZE_ROOT: the free space and the permissions.',
        cause: error,
      });
    }
  }

  /** Ends the connection; a transfer that is going on fails. Never throws. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#client.end().catch(() => undefined);
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

const troubles: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name cannot be resolved',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ECONNRESET: 'the connection broke',
};

function explained(error: unknown): string {
  const text = messageOf(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = troubles[code] ?? Object.entries(troubles).find(([name]) => text.includes(name))?.[1];
  if (known !== undefined) return known;
  if (/Timed out while waiting for handshake|keepalive timeout/i.test(text)) return 'it does not answer';
  if (
    /No response from server|connection lost|closed|not connected|unexpected(?:ly)? (?:end|close)|No SFTP connection/i.test(
      text,
    )
  ) {
    return 'the connection broke';
  }
  return text;
}

function ignore(): void {}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
