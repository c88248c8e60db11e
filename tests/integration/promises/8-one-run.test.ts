import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openWarehouse } from '../../../warehouse/open.ts';
import { bundled } from '../bundled.ts';
import { databases, servers } from '../databases.ts';
import { Gate } from '../gate.ts';
import { eventsOn } from '../project-on.ts';

describe.each(databases)('8: one run at a time, on $name', (kind) => {
  const { database, project } = eventsOn(kind);

  it('a second run at once is refused and names who runs', async () => {
    project.write({
      'models/slow.sql': '{{config materialized="table"}}select 1 as one, pg_sleep(0.5) is null as x',
    });
    const both = await Promise.allSettled([project.run(database.warehouse), project.run(database.warehouse)]);
    // Which of the two comes first is up to the server.
    const [first, second] = both.sort((a, b) => a.status.localeCompare(b.status));
    expect(first).toMatchObject({ status: 'fulfilled', value: { ok: true } });
    expect(second).toMatchObject({
      status: 'rejected',
      reason: {
        message: expect.stringMatching(
          new RegExp(`^another run is going on in this database: datacycle test pid ${process.pid} on `),
        ),
        exitCode: 1,
      },
    });
    expect((await project.run(database.warehouse)).ok).toBe(true);
  });

  it('a run that threw has given the lock back', async () => {
    await expect(database.warehouse.exclusive('run', () => Promise.reject(new Error('out of memory')))).rejects.toThrow(
      'out of memory',
    );
    expect((await project.run(database.warehouse)).ok).toBe(true);
  });
});

describe.each(servers)('8: one run at a time beside others, on $name', (kind) => {
  const { database, project } = eventsOn(kind);

  it('the lock of a process that was killed is free again', async () => {
    const script = await bundled(new URL('./holding-process.ts', import.meta.url));
    const child = spawn(process.execPath, [script, database.url ?? ''], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(child.stdout, 'data');
      await expect(project.run(database.warehouse)).rejects.toThrow(
        new RegExp(
          `^another run is going on in this database: datacycle run pid ${child.pid} on .*server process \\d+`,
        ),
      );
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      // The server notices the closed connection at once, but not before this process goes on.
      await expect
        .poll(() =>
          project.run(database.warehouse).then(
            (run) => run.ok,
            () => false,
          ),
        )
        .toBe(true);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('readers and tests of data are not locked out by a run', async () => {
    project.write({
      'models/quick.sql': '{{config materialized="table"}}select 1 as one',
      'models/slow.sql': '{{config materialized="table"}}select one, raw.gate() as x from {{ref "quick"}}',
      'tests/data/t.sql': 'select * from {{ref "quick"}} where one <> 1',
    });
    await project.run(database.warehouse, { select: ['quick'] });
    const other = await openWarehouse({ url: database.url, folder: '', purpose: 'test', concurrency: 1 });
    const gate = await Gate.make(database.url);
    await gate.shut();
    try {
      let ended = false;
      const running = project.run(database.warehouse, { command: 'run', fullRefresh: true }).finally(() => {
        ended = true;
      });
      await gate.reached();
      const tested = await project.run(other, { command: 'test', select: ['t'] });
      expect(tested.results.map((result) => result.status)).toEqual(['pass']);
      expect(ended).toBe(false);
      await gate.open();
      expect((await running).ok).toBe(true);
    } finally {
      await gate.open();
      await other.close();
    }
  });
});
