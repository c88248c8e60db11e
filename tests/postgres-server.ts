import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/**
 * Starts a PostgreSQL of its own on a free loopback port with its own data folder, for the whole test run, and puts its
 * address in TEST_DB_URL. Where no server is installed the tests run on the embedded database only; in CI that is an
 * error, since nobody would notice.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.TEST_DB_URL) return undefined;
  const bin = findBinaries();
  if (bin === undefined) {
    if (process.env.CI) throw new Error('PostgreSQL is not installed; CI must test against a real server');
    process.stderr.write('No PostgreSQL server found: testing on the embedded database only.\n');
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'datacycle-postgres-'));
  const data = join(folder, 'data');
  const account = unprivilegedAccount();
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  const locale = ['--no-locale', '--encoding=UTF8', '--auth=trust', '--username=postgres', '--no-sync'];
  execFileSync(join(bin, 'initdb'), ['-D', data, ...locale], { stdio: 'pipe', ...account });
  // One role has to give its password, so that a wrong one can be tried.
  const access = join(data, 'pg_hba.conf');
  writeFileSync(access, `host all datacycle_with_password 127.0.0.1/32 scram-sha-256\n${readFileSync(access, 'utf8')}`);
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    shared_buffers: '256MB',
    max_connections: 100,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...args], { stdio: 'ignore', ...account });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await untilReady(url);
  process.env.TEST_DB_URL = url;
  return async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
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
function unprivilegedAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (attempt > 150) throw error;
      await sleep(100);
    }
  }
}
