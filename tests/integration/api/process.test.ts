import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { rounds } from '../rounds.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'datacycle-serve-'));
const servers: ChildProcess[] = [];
afterAll(() => {
  // Also one whose test has failed.
  for (const server of servers) server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

it.skipIf(process.platform === 'win32')(
  'datacycle serve answers until a signal ends it, and then lets go of the database',
  async () => {
    const { PATH = '', HOME = '' } = process.env;
    const token = 'a-token-of-the-test-of-serve';
    const env = { PATH, HOME, API_TOKEN: token };
    const project = join(folder, 'project');
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests'])
      cpSync(join(repository, 'projects', 'smart-building', name), join(project, name), { recursive: true });
    const begin = () =>
      spawn(
        process.execPath,
        [
          join(repository, 'bin', 'datacycle.mjs'),
          '--project-dir',
          project,
          'serve',
          '--port',
          '0',
          '--log-format',
          'json',
        ],
        { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
      );
    for (const signal of (['SIGTERM', 'SIGINT'] as const).slice(0, rounds({ gate: 1, long: 2 }))) {
      const server = begin();
      servers.push(server);
      const ended = once(server, 'close');
      let said = '';
      server.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      server.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      await expect.poll(() => said).toMatch(/"address"/);
      const [, address = ''] = /"address":"([^"]+)"/.exec(said) ?? [];
      expect((await fetch(`${address}/health`)).status).toBe(200);
      // Nothing is built yet, which is said.
      const answer = await fetch(`${address}/silver/rooms`, { headers: { authorization: `Bearer ${token}` } });
      expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('is not built yet')]);
      expect(said).not.toContain(token);
      server.kill(signal);
      const [code] = await ended;
      expect([code, said.split('\n').filter((line) => line !== '').length]).toEqual([0, 1]);
      await expect(fetch(`${address}/health`)).rejects.toThrow();
    }
  },
);
