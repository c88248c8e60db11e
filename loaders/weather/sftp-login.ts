import type { AuthenticationType, Client, ConnectConfig } from 'ssh2';
import { SourceError } from '../landing/errors.ts';

/** The login to an sFTP server. */
export interface SftpLogin {
  readonly user: string;
  readonly password: string | undefined;
  /** A private key in PEM or OpenSSH's format, and what it is locked with. */
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
  /** What the names of its settings begin with; `SFTP` if not given. */
  readonly settings?: string | undefined;
}

/** One attempt to log in. */
export class SftpLoginAttempt {
  readonly #login: SftpLogin;
  /** `host:port`, for messages. */
  readonly #server: string;
  /** What has not been tried yet. A server may want a key and a password, in either order. */
  readonly #untried: AuthenticationType[];
  #begun = false;
  /** The question that was answered with the password. */
  #answered: string | undefined;
  #refused: SourceError | undefined;

  constructor(login: SftpLogin, server: string) {
    this.#login = login;
    this.#server = server;
    this.#untried = [
      ...(login.privateKey === undefined ? [] : (['publickey'] as const)),
      ...(login.password === undefined ? [] : (['password', 'keyboard-interactive'] as const)),
    ];
  }

  /** Why the server refuses every login; undefined as long as it has not. */
  get refused(): SourceError | undefined {
    return this.#refused;
  }

  /** The options of the connection, with the secrets. */
  get config(): ConnectConfig {
    const { user, password, privateKey, passphrase } = this.#login;
    return {
      username: user,
      ...(password === undefined ? {} : { password, tryKeyboard: true }),
      ...(privateKey === undefined ? {} : { privateKey }),
      ...(passphrase === undefined ? {} : { passphrase }),
      authHandler: (offered) => this.#next(offered),
    };
  }

  /** What to say when everything was tried in vain. */
  get wrong(): SourceError {
    const [what, hint] = this.#wrong;
    return new SourceError({ what: `${this.#server} ${what}`, hint });
  }

  get #settings(): string {
    return this.#login.settings ?? 'SFTP';
  }

  get #wrong(): readonly [string, string] {
    const { user, password, privateKey } = this.#login;
    const means = [password === undefined ? [] : ['password'], privateKey === undefined ? [] : ['private key']].flat();
    return [
      `does not let ${user} in with the ${means.join(' or ')} given`,
      `Check ${this.#settings}_USER and ${this.#settings}_PASSWORD or ${this.#settings}_PRIVATE_KEY (environment or .env).`,
    ];
  }

  /** Answers what the server asks while logging in. @param giveUp ends the connection; `refused` says why. */
  attach(client: Client, giveUp: () => void): void {
    const refuse = (what: string, hint: string) => {
      this.#refused ??= new SourceError({ what: `${this.#server} ${what}`, hint });
      giveUp();
    };
    client.on('keyboard-interactive', (_name, _instructions, _language, prompts, finish) => {
      const [first] = prompts;
      if (first === undefined) return finish([]);
      if (first.prompt === this.#answered) return refuse(...this.#wrong);
      // Only the first question, hidden and alone, is that for the password: others want a code or a new password.
      if (this.#answered !== undefined || prompts.length > 1 || first.echo === true) {
        const last = prompts.at(-1) ?? first;
        return refuse(
          `asks ${this.#login.user} for more than a password: ${shown(last.prompt)}`,
          `Let this user in with a private key (${this.#settings}_PRIVATE_KEY) or with a password alone; if the password has expired, set a new one.`,
        );
      }
      this.#answered = first.prompt;
      finish([this.#login.password ?? '']);
    });
    client.on('change password', () =>
      refuse(
        `wants ${this.#login.user} to change the password first`,
        `Log in with another program, set a new password and then ${this.#settings}_PASSWORD.`,
      ),
    );
  }

  /** The next way to try, of those that the server offers; false when none is left. */
  #next(offered: readonly AuthenticationType[] | null): AuthenticationType | false {
    // The answer to `none` says what is offered.
    if (!this.#begun) {
      this.#begun = true;
      return 'none';
    }
    const at = this.#untried.findIndex((method) => offered === null || offered.includes(method));
    return (at === -1 ? undefined : this.#untried.splice(at, 1)[0]) ?? false;
  }
}

/** A server's text in a message: one short line. */
function shown(text: string): string {
  return JSON.stringify(
    text
      .replace(/\p{C}+/gu, ' ')
      .trim()
      .slice(0, 80),
  );
}
