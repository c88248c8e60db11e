import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { fingerprintOf, type SftpServer } from './sftp.ts';
import { newKeys } from './ssh-keys.ts';
import { startSsh2Server } from './ssh2-server.ts';

const sshd = '/usr/sbin/sshd';

/**
 * Starts an sFTP server of its own on a free loopback port: OpenSSH's where it is installed (in CI it must be), else
 * ssh2's.
 */
export async function startSftp(): Promise<SftpServer> {
  if (existsSync(sshd)) return startOpenSsh(await freePort());
  if (process.env.CI) throw new Error('OpenSSH is not installed; CI must test against a real server');
  return startSsh2Server();
}

/** OpenSSH's server, maybe with the keys of an earlier one, as if that had been started again. */
export async function startOpenSsh(port: number, keep?: string): Promise<SftpServer & { readonly folder: string }> {
  const folder = keep ?? mkdtempSync(join(tmpdir(), 'datacycle-sshd-'));
  const keys = join(folder, 'keys.json');
  if (!existsSync(keys)) {
    const host = newKeys();
    const client = newKeys();
    writeFileSync(keys, JSON.stringify({ host, client }), { mode: 0o600 });
    writeFileSync(join(folder, 'host_key'), host.private, { mode: 0o600 });
    writeFileSync(join(folder, 'authorized_keys'), `${client.public}\n`, { mode: 0o600 });
  }
  const { host, client } = JSON.parse(readFileSync(keys, 'utf8')) as Record<
    'host' | 'client',
    { public: string; private: string }
  >;
  const user = userInfo().username;
  const config = {
    Port: port,
    ListenAddress: '127.0.0.1',
    HostKey: join(folder, 'host_key'),
    PidFile: 'none',
    AuthorizedKeysFile: join(folder, 'authorized_keys'),
    StrictModes: 'no',
    UsePAM: 'no',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
    PermitRootLogin: 'yes',
    Subsystem: 'sftp internal-sftp',
  };
  writeFileSync(
    join(folder, 'sshd_config'),
    Object.entries(config)
      .map(([key, value]) => `${key} ${value}\n`)
      .join(''),
  );
  // Debian's sshd wants this folder for its unprivileged part, whoever starts it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const server = spawn(sshd, ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  server.stderr.on('data', (piece: Buffer) => {
    log += piece.toString();
  });
  await untilListening(port, () => log);
  return {
    kind: 'OpenSSH',
    folder,
    port,
    user,
    privateKey: client.private,
    password: undefined,
    fingerprint: fingerprintOf(host.public),
    async stop() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      // The children that serve a connection outlive their parent.
      if (server.pid !== undefined) killChildren(server.pid);
      await ended;
      if (keep === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function killChildren(pid: number): void {
  try {
    execFileSync('pkill', ['-P', String(pid)], { stdio: 'ignore' });
  } catch {
    // There are none.
  }
}

async function untilListening(port: number, log: () => string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ port, host: '127.0.0.1' });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    if (attempt > 2000) throw new Error(`sshd does not start:\n${log()}`);
    await sleep(50);
  }
}
