import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, SFTPWrapper } from 'ssh2';
import { SourceError, SourceLostError, systemCode } from '../landing/errors.ts';
import { type HostKeyPolicy, judgeHostKey } from './host-key.ts';
import { explained, messageOf } from './sftp-fault.ts';
import { type SftpLogin, SftpLoginAttempt } from './sftp-login.ts';

/** The address of the sFTP server, and the login. */
export interface SftpAddress extends SftpLogin {
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  readonly hostKey: HostKeyPolicy;
  /** After how many milliseconds without any answer the connection counts as broken; default 60,000. */
  readonly silentMs?: number | undefined;
  /** What to do when the connection is lost, if not what a load does. */
  readonly lostHint?: string | undefined;
}

/** The server could not be reached or the connection broke: another try may go better. */
export class SftpLostError extends SourceLostError {}

const usualSilentMs = 60_000;

/** How long a server may take to end the connection. */
const endMs = 2000;

/** The link to an sFTP server: its socket, the login, and the limit of time for each answer. */
export class SftpLink {
  readonly #client: Client;
  readonly #address: SftpAddress;
  /** Of our own, since only a socket can be dropped at once: the client's end waits for the server's answer. */
  readonly #socket = new Socket();
  /** Aborted, with the reason, when the connection is over. */
  readonly #over = new AbortController();

  /** @param client not connected yet: {@link connect} comes first. */
  constructor(address: SftpAddress, client: Client) {
    this.#client = client;
    this.#address = address;
    const over = (error: unknown) => this.#over.abort(error);
    this.#socket.on('error', over);
    client.on('error', over);
    client.on('close', () => over(new Error('the connection broke')));
  }

  /**
   * Connects, checks the server's key and logs in.
   * @param onNotice called with the fingerprint when the server is contacted for the first time.
   * @throws SourceError if the server's key or the login is wrong; SftpLostError otherwise.
   */
  async connect(onNotice: (text: string) => void): Promise<SFTPWrapper> {
    const login = new SftpLoginAttempt(this.#address, this.#peer);
    login.attach(this.#client, () => this.drop());
    let refused: SourceError | undefined;
    const verify = (key: Buffer): boolean => {
      refused = this.#judgeKey(key, onNotice);
      return refused === undefined;
    };
    try {
      await this.ask<void>((done) => {
        this.#socket.connect(this.#address.port, this.#address.host, () => done(undefined));
      });
      await this.ask<void>((done) => {
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
      return await this.ask<SFTPWrapper>((done) => this.#client.sftp(done));
    } catch (error) {
      throw refused ?? login.refused ?? this.#refusal(error, login) ?? this.lost('cannot connect', error);
    }
  }

  /** Why the server's key is refused; undefined if it is the expected one. */
  #judgeKey(key: Buffer, onNotice: (text: string) => void): SourceError | undefined {
    const { hostKey } = this.#address;
    try {
      const verdict = judgeHostKey(hostKey, this.#peer, key);
      if (verdict.kind === 'known') return undefined;
      if (verdict.kind === 'first contact') {
        onNotice(
          `First contact with ${this.#peer}: its key ${verdict.fingerprint} is recorded in ${hostKey.knownHosts}. Compare it with what the server's owner says, or set ${this.#settings}_HOST_KEY.`,
        );
        return undefined;
      }
      return new SourceError({
        what: `${this.#peer} shows the key ${verdict.fingerprint}, which is not the known one (${verdict.expected.join(', ')}): the connection may be intercepted`,
        hint: `Ask the server's owner. If it really has a new key, set ${this.#settings}_HOST_KEY to it${hostKey.expected.length > 0 ? '' : ` or delete its line in ${hostKey.knownHosts}`}.`,
      });
    } catch (error) {
      return new SourceError({
        what: `the known host keys in ${hostKey.knownHosts} cannot be read or written (${systemCode(error) || messageOf(error)})`,
        hint: `Correct the file or its permissions, or set ${this.#settings}_HOST_KEY.`,
        cause: error,
      });
    }
  }

  /** Ends the connection. Never throws. */
  async close(): Promise<void> {
    if (!this.#over.signal.aborted) {
      const closed = new Promise<void>((resolve) => {
        this.#over.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      this.#client.end();
      await Promise.race([closed, sleep(endMs, undefined, { ref: false })]);
    }
    this.drop();
  }

  /** Ends the connection at once: running calls fail. */
  drop(): void {
    this.#over.abort(new Error('the connection was broken off'));
    this.#socket.destroy();
  }

  /** Whether the connection has ended. */
  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  get #peer(): string {
    return `${this.#address.host}:${this.#address.port}`;
  }

  /** What the names of its settings begin with. */
  get #settings(): string {
    return this.#address.settings ?? 'SFTP';
  }

  get #silentMs(): number {
    return this.#address.silentMs ?? usualSilentMs;
  }

  get #silence(): string {
    return `it has not answered for ${this.#silentMs / 1000} s`;
  }

  /**
   * The answer to a call. Fails when the connection is over, and ends the connection if the server gives no sign of life for too
   * long: `alive` begins the time anew.
   */
  ask<T>(call: (done: (error: Error | null | undefined, value: T) => void, alive: () => void) => void): Promise<T> {
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

  /** The error of a connection that is over. @param what failed, without the reason. */
  lost(what: string, error: unknown): SftpLostError {
    // The client's own limits are as long.
    const isSilence = /Timed out while waiting for handshake|keepalive timeout/i.test(messageOf(error));
    return new SftpLostError({
      what: `${what} (sFTP server ${this.#peer}): ${isSilence ? this.#silence : explained(error)}`,
      hint:
        this.#address.lostHint ??
        `Check ${this.#settings}_HOST, ${this.#settings}_PORT and the network; files that were fetched whole stay, the others come with the next load.`,
      cause: error,
    });
  }

  /** What another try would not change: the login. */
  #refusal(error: unknown, login: SftpLoginAttempt): SourceError | undefined {
    const text = messageOf(error);
    if (/authentication methods failed/i.test(text)) return login.wrong;
    if (/passphrase|Cannot parse privateKey|Unsupported key format|bad decrypt|integrity check/i.test(text)) {
      return new SourceError({
        what: `the private key in ${this.#settings}_PRIVATE_KEY cannot be read`,
        hint: `It must be in PEM or OpenSSH format; if it is locked, set ${this.#settings}_PASSPHRASE.`,
      });
    }
    return undefined;
  }
}
