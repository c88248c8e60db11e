import { execFileSync, spawn } from 'node:child_process';
import type { S3Settings } from '../../objects/settings.ts';
import { freePort } from './free-port.ts';

/** Whether moto, a stand-in for AWS, is installed (`pip install 'moto[server]'`). Says aloud if not. */
export function hasMoto(): boolean {
  try {
    execFileSync('moto_server', ['--help'], { stdio: 'ignore', shell: process.platform === 'win32' });
    return true;
  } catch {
    process.stderr.write('\nMOTO IS NOT TESTED: there is no moto_server.\n');
    return false;
  }
}

/** Starts it with an empty bucket `lake`. @throws Error if it does not come up within two minutes. */
export async function startMoto(): Promise<{ readonly settings: S3Settings; stop(): Promise<void> }> {
  const port = await freePort();
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const endpoint = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + 120_000; ; ) {
    const made = await fetch(`${endpoint}/lake`, { method: 'PUT' }).catch(() => undefined);
    if (made?.ok === true) break;
    if (Date.now() > until || child.exitCode !== null) throw new Error('moto does not come up');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const key = { accessKeyId: 'test', secretAccessKey: 'test', sessionToken: undefined };
  return {
    settings: { endpoint, region: 'us-east-1', ...key, pathStyle: true },
    async stop() {
      child.kill();
      await ended;
    },
  };
}
