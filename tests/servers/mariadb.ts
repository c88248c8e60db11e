import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { freePort } from './free-port.ts';

export interface MariadbServer {
  /** `mysql://` with user and password, of a user who may do everything in database `pidb`. */
  readonly url: string;
  readonly port: number;
  readonly password: string;
  /** Runs statements, one after the other, in `pidb`. */
  run(statements: readonly string[]): Promise<void>;
  /** Empties the server: database `pidb` is there and has no table. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

const user = 'pidb_reader';

/**
 * Starts a MariaDB of its own on a free loopback port with its own data folder and socket, and creates database `pidb`
 * with a user and a password. Undefined where none is installed; in CI that is an error, since nobody would notice.
 */
export async function startMariadb(): Promise<MariadbServer | undefined> {
  const [server, install] = [find('mariadbd'), find('mariadb-install-db')];
  if (server === undefined || install === undefined) {
    if (process.env.CI) throw new Error('MariaDB is not installed; CI must test against a real server');
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'datacycle-mariadb-'));
  const data = join(folder, 'data');
  const account = unprivilegedAccount();
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  // Its temporary files need a folder that its account may write to, which the tests' own need not be.
  const env = { ...process.env, TMPDIR: folder };
  const runAs = { env, ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }) };
  const base = ['--no-defaults', `--datadir=${data}`];
  execFileSync(install, [...base, '--auth-root-authentication-method=normal', '--skip-test-db'], {
    stdio: 'pipe',
    ...runAs,
  });
  const password = `pw ${randomBytes(9).toString('base64')}@:/#`;
  const init = join(folder, 'init.sql');
  writeFileSync(
    init,
    `create user '${user}'@'127.0.0.1' identified by '${password}';\ngrant all on *.* to '${user}'@'127.0.0.1' with grant option;\n`,
  );
  const port = await freePort();
  const child = spawn(
    server,
    [
      ...base,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 's')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--init-file=${init}`,
      '--skip-name-resolve',
      '--character-set-server=utf8mb4',
      // The server's local time, as in the house.
      '--default-time-zone=+02:00',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-buffer-pool-size=64M',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], ...runAs },
  );
  const log: string[] = [];
  child.stderr?.on('data', (piece) => log.push(String(piece)));
  // Where every test of a file is left out, nobody is asked to stop it.
  const onExit = () => child.kill('SIGKILL');
  process.once('exit', onExit);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const connect = (database?: string) =>
    createConnection({
      host: '127.0.0.1',
      port,
      user,
      password,
      charset: 'utf8mb4',
      ...(database ? { database } : {}),
    });
  for (let attempt = 0; ; attempt += 1) {
    try {
      await (await connect()).end();
      break;
    } catch (error) {
      if (attempt > 1000 || child.exitCode !== null)
        throw new Error(`MariaDB does not start: ${log.join('')}`, { cause: error });
      await sleep(100);
    }
  }
  const execute = async (statements: readonly string[], database?: string) => {
    const connection = await connect(database);
    try {
      for (const statement of statements) await connection.query(statement);
    } finally {
      await connection.end();
    }
  };
  const reset = () => execute(['drop database if exists pidb', 'create database pidb character set utf8mb4']);
  await reset();
  return {
    url: `mysql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/pidb`,
    port,
    password,
    run: (statements) => execute(statements, 'pidb'),
    reset,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      process.removeListener('exit', onExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A program of MariaDB, from where Debian and others put it. */
function find(program: string): string | undefined {
  const name = process.platform === 'win32' ? `${program}.exe` : program;
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/bin',
    '/usr/local/sbin',
    '/usr/local/bin',
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** MariaDB refuses to run as root; Debian's package brings an account for it. */
function unprivilegedAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'mysql'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
