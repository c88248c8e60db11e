import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const program = ['/usr/sbin', ...(process.env.PATH ?? '').split(delimiter)]
  .map((folder) => join(folder, 'pgbouncer'))
  .find((path) => existsSync(path));

/** PgBouncer in front of a server that asks for no password. */
export class PgBouncer {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly port: number;

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#process = child;
    this.#folder = folder;
    this.port = port;
  }

  static get isInstalled(): boolean {
    if (program === undefined && process.env.CI) throw new Error('PgBouncer is not installed; CI must test with it');
    if (program === undefined) process.stderr.write('No PgBouncer found: what it does is not tested.\n');
    return program !== undefined;
  }

  /** @param url of the server; @param mode its pool_mode. */
  static async to(url: string, mode: 'session' | 'transaction' | 'statement'): Promise<PgBouncer> {
    const { hostname, port: target, username } = new URL(url);
    const folder = mkdtempSync(join(tmpdir(), 'datacycle-pgbouncer-'));
    chmodSync(folder, 0o755);
    const port = await freePort();
    writeFileSync(
      join(folder, 'pgbouncer.ini'),
      `[databases]
* = host=${hostname} port=${target} user=${username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 5
`,
    );
    // It refuses to run as root.
    const account =
      process.getuid?.() === 0
        ? { uid: Number(execFileSync('id', ['-u', 'postgres'])), gid: Number(execFileSync('id', ['-g', 'postgres'])) }
        : {};
    const child = spawn(program ?? '', [join(folder, 'pgbouncer.ini')], { stdio: 'ignore', ...account });
    const bouncer = new PgBouncer(child, folder, port);
    for (let attempt = 0; !(await answers(port)); attempt += 1) {
      if (attempt > 1000 || child.exitCode !== null) throw new Error('PgBouncer does not start');
      await sleep(100);
    }
    return bouncer;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
