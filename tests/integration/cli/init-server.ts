import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Outcome, ProjectCopy } from './command.ts';

/** The test server, or '' where there is none. */
export const server = process.env.TEST_DB_URL ?? '';

/** For each test of a `describe` a user and a database that are not there yet, and `init` for them. */
export class InitServer {
  /** The password of each user. */
  readonly password = `Hush-hush/${randomBytes(6).toString('hex')}@é`;
  readonly id = randomBytes(4).toString('hex');
  readonly project: ProjectCopy;
  /** The names of the roles that read: the login of Power BI, the administrators, Jimmy and Jérémie. */
  readonly readers: readonly string[];
  readonly admin = new pg.Client({ connectionString: server });
  user = '';
  database = '';
  #count = 0;

  /** @param files of the project, if it is not to be the whole one. */
  constructor(files?: Readonly<Record<string, string>>) {
    this.project = new ProjectCopy(files);
    this.readers = this.project.nameRoles(`init_${this.id}_role`);
    beforeAll(() => this.#open());
    afterAll(async () => {
      await this.admin.end();
      this.project.dispose();
    });
    beforeEach(() => {
      this.user = `init_${this.id}_${this.#count}`;
      this.database = `init_${this.id}_db_${this.#count}`;
      this.#count += 1;
    });
    afterEach(() => this.#drop());
  }

  /** The URL of this test's database for a user. */
  urlOf(name: string, secret = '', at = this.database): string {
    const parts = { username: name, password: encodeURIComponent(secret), pathname: `/${at}` };
    return Object.assign(new URL(server), parts).href;
  }

  init(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Outcome> {
    const known = { DB_ADMIN_URL: server, BI_PASSWORD: this.password };
    return this.project.run(['init', '--log-format', 'json', ...args], { ...known, ...env });
  }

  async #open(): Promise<void> {
    await this.admin.connect();
    // The first command is not to compile the project while a test waits for what it does on the server.
    await this.project.begin();
    // The users of these tests have to give their passwords.
    const { rows } = await this.admin.query<{ file: string }>(`select current_setting('hba_file') as file`);
    const file = rows[0]?.file ?? '';
    const lines = Array.from({ length: 20 }, (_, n) => `host all init_${this.id}_${n} 127.0.0.1/32 scram-sha-256\n`);
    writeFileSync(file, lines.join('') + readFileSync(file, 'utf8'));
    await this.admin.query('select pg_reload_conf()');
  }

  async #drop(): Promise<void> {
    await this.admin.query(`drop database if exists ${this.database} with (force)`);
    for (const role of [...this.readers, this.user, ...['reader', 'boss', 'guest'].map((end) => `${this.user}_${end}`)])
      await this.admin.query(`drop role if exists ${role}`);
  }
}
