import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect } from 'vitest';
import { ProjectCopy } from '../cli/command.ts';
import { readersProject } from '../cli/small-files.ts';
import { CommandProcess } from './command-process.ts';
import { type KilledKind, repeated } from './killed-kind.ts';

// Read once: a command in this process has an environment of its own.
const { TEST_DB_URL: server = '' } = process.env;

/** Each round another user, and a database that is not there yet. */
export class Init implements KilledKind {
  static async create(): Promise<KilledKind> {
    const admin = new pg.Client({ connectionString: server });
    await admin.connect();
    return new Init(admin);
  }

  readonly #project = new ProjectCopy(readersProject);
  readonly #id = `killed_${randomBytes(4).toString('hex')}`;
  readonly #readers = this.#project.nameRoles(`${this.#id}_role`);
  #first: string | undefined;

  readonly #admin: pg.Client;

  private constructor(admin: pg.Client) {
    this.#admin = admin;
  }

  async prepare(): Promise<void> {
    await this.#drop();
  }

  start(): CommandProcess {
    return new CommandProcess(['init'], this.#project.root, this.#env);
  }

  async done(command: CommandProcess): Promise<void> {
    await command.ended;
    expect(command.code, command.output).toBe(0);
  }

  async repeat(): Promise<void> {
    await repeated(() => this.#project.run(['init'], this.#env));
  }

  async expectWhole(): Promise<void> {
    const made = await this.#made();
    this.#first ??= made;
    expect(made).toBe(this.#first);
    const again = await this.#project.run(['init', '--log-format', 'json'], this.#env);
    expect(JSON.parse(again.stdout)).toMatchObject({ done: [] });
  }

  async dispose(): Promise<void> {
    await this.#drop();
    await this.#admin.end();
    this.#project.dispose();
  }

  get #env() {
    const own = { username: this.#id, password: 'a-password', pathname: `/${this.#id}_db` };
    return { DB_ADMIN_URL: server, DB_URL: Object.assign(new URL(server), own).href, BI_PASSWORD: 'another-password' };
  }

  /** All that init makes, as text, passwords and numbers of objects left out. */
  async #made(): Promise<string> {
    const url = Object.assign(new URL(server), { pathname: `/${this.#id}_db` }).href;
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query(
        `select rolname::text as name, concat_ws(' ', rolcanlogin, rolconnlimit, rolpassword is null) as a, '' as b
         from pg_authid where rolname like $1
         union all select setrole::regrole::text, setconfig::text, '' from pg_db_role_setting where setrole::regrole::text like $1
         union all select datname, datacl::text, datdba::regrole::text from pg_database where datname like $1
         union all select nspname, nspacl::text, nspowner::regrole::text from pg_namespace where nspname !~ '^pg_t'
         union all select defaclnamespace::regnamespace::text, defaclacl::text, defaclobjtype::text from pg_default_acl
         union all select roleid::regrole::text, member::regrole::text, '' from pg_auth_members where member::regrole::text like $1
         order by 1, 2, 3`,
        [`${this.#id}%`],
      );
      return JSON.stringify(rows, undefined, 1);
    } finally {
      await client.end();
    }
  }

  async #drop(): Promise<void> {
    await this.#admin.query(`drop database if exists ${this.#id}_db with (force)`);
    for (const role of [...this.#readers, `${this.#id}_reader`, this.#id])
      await this.#admin.query(`drop role if exists ${role}`);
  }
}
