import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';

/** A PostgreSQL of its own on a free loopback port with its own data folder. */
export class PostgresServer {
  readonly url: string;
  readonly #command: readonly [string, readonly string[]];
  readonly #folder: string;
  readonly #account: Account | undefined;
  #process: ChildProcess | undefined;

  private constructor(
    url: string,
    command: readonly [string, readonly string[]],
    folder: string,
    account: Account | undefined,
  ) {
    this.url = url;
    this.#command = command;
    this.#folder = folder;
    this.#account = account;
  }

  /** Makes a data folder and starts a server on it; undefined where none is installed, which in CI is an error. */
  static async start(): Promise<PostgresServer | undefined> {
    const bin = findBinaries();
    if (bin === undefined) {
      // Nobody would notice that half of the tests were left out.
      if (process.env.CI) throw new Error('PostgreSQL is not installed; CI must test against a real server');
      return undefined;
    }
    const folder = mkdtempSync(join(tmpdir(), 'datacycle-postgres-'));
    const data = join(folder, 'data');
    const account = unprivilegedAccount();
    if (account !== undefined) chownSync(folder, account.uid, account.gid);
    const locale = ['--no-locale', '--encoding=UTF8', '--auth=trust', '--username=postgres', '--no-sync'];
    execFileSync(join(bin, 'initdb'), ['-D', data, ...locale], { stdio: 'pipe', ...account });
    // One role, and the members of another, have to give a password, so that a wrong one can be tried.
    const access = join(data, 'pg_hba.conf');
    writeFileSync(
      access,
      `host all datacycle_with_password,+datacycle_api_keys 127.0.0.1/32 scram-sha-256\n${readFileSync(access, 'utf8')}`,
    );
    const port = await freePort();
    const settings = {
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      // Nothing has to survive this machine. A crash of the server alone loses nothing by these.
      fsync: 'off',
      full_page_writes: 'off',
      wal_level: 'minimal',
      max_wal_senders: 0,
      max_wal_size: '4GB',
      checkpoint_timeout: '1h',
      shared_buffers: '256MB',
      max_connections: 100,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const server = new PostgresServer(url, [join(bin, 'postgres'), ['-D', data, ...args]], folder, account);
    await server.up();
    return server;
  }

  /** Starts the process and waits until it takes connections. */
  async up(): Promise<void> {
    const [program, args] = this.#command;
    this.#process = spawn(program, args, { stdio: 'ignore', ...this.#account });
    await untilReady(this.url);
  }

  /** Waits until it takes connections again, after one of its processes crashed and took the others along. */
  async recovered(): Promise<void> {
    await sleep(100);
    await untilReady(this.url);
  }

  /** Stops the process as an administrator does, breaking every connection; the data stay. */
  async down(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGINT');
    await ended;
  }

  /** Stops it and removes its folder. */
  async remove(): Promise<void> {
    await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

function findBinaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return folders.find(
    (folder) => existsSync(join(folder, `initdb${suffix}`)) && existsSync(join(folder, `postgres${suffix}`)),
  );
}

/** PostgreSQL refuses to run as root; Debian's package brings an account for it. */
function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (attempt > 1000) throw error;
      await sleep(100);
    }
  }
}
