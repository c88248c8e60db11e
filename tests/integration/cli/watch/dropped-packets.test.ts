import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CuttingProxy } from '../../../servers/cutting-proxy.ts';
import { servers, type TestDatabase } from '../../databases.ts';
import { document, fileName } from '../../loaders/sensor-share.ts';
import { rounds } from '../../rounds.ts';
import { ProjectCopy } from '../command.ts';
import { smallProject } from '../small-files.ts';
import { eventually, WatchProcess } from './watch-process.ts';

describe.each(servers)('a network that drops packets between the watcher and $name', ({ open }) => {
  let db: TestDatabase;
  let proxy: CuttingProxy;
  let project: ProjectCopy;
  let watcher: WatchProcess | undefined;
  beforeEach(async () => {
    db = await open();
    proxy = await CuttingProxy.to(Number(new URL(db.url ?? '').port));
    project = new ProjectCopy(smallProject);
    mkdirSync(join(project.root, 'share'));
  });
  afterEach(async () => {
    watcher?.signal('SIGKILL');
    await watcher?.ended();
    await proxy.stop();
    project.dispose();
    await db.drop();
  });

  it('is one trouble and one end of it, and the watcher lands and builds soon after', async () => {
    const url = Object.assign(new URL(db.url ?? ''), { port: String(proxy.port), search: '?tcp_user_timeout=4000' });
    const own = new WatchProcess(project.root, {
      DB_URL: url.href,
      SMB_PATH: join(project.root, 'share'),
      BRONZE_ROOT: join(project.root, 'bronze'),
    });
    watcher = own;
    const log = () => own.stdout;
    const put = (minute: number) =>
      writeFileSync(join(project.root, 'share', fileName('JimmyLoup', minute)), document('JimmyLoup', minute));
    put(10);
    await own.until('landed');
    await eventually(() => own.events('built').length > 0, 'a build', log);
    // Longer than what is taken for a loss, shorter, until nothing of before is left, and as long as a router or a server is away.
    const outages = [10, 2, 60, 300, 1800].slice(0, rounds({ gate: 1, long: 5 }));
    for (const [round, seconds] of outages.entries()) {
      const before = own.lines.length;
      proxy.silent = true;
      await sleep(seconds * 1000);
      proxy.silent = false;
      const back = performance.now();
      put(round + 11);
      await eventually(() => own.lines.slice(before).some(({ event }) => event === 'landed'), 'a landing', log);
      expect(performance.now() - back).toBeLessThan(45_000);
      await eventually(() => own.lines.slice(before).some(({ event }) => event === 'built'), 'a build', log);
      const told = own.lines.slice(before).filter(({ event }) => event.startsWith('database '));
      if (seconds >= 10) expect(told.map(({ event }) => event)).toEqual(['database failed', 'database recovered']);
    }
    expect(own.lines.filter(({ event }) => event === 'build failed')).toEqual([]);
    expect(await own.stop(), own.stderr).toBe(0);
  }, 3_600_000);
});
