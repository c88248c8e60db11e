import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWarehouse } from '../../../warehouse/open.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { CuttingProxy } from '../../servers/cutting-proxy.ts';
import { servers, type TestDatabase } from '../databases.ts';

/** How long the server may be silent here, in milliseconds: everything else goes by it. */
const patience = 3000;

describe.each(servers)('a connection on which nothing comes any more, on $name', ({ open }) => {
  let db: TestDatabase;
  let proxy: CuttingProxy;
  let warehouse: Warehouse;
  beforeEach(async () => {
    db = await open();
    const url = new URL(db.url ?? '');
    proxy = await CuttingProxy.to(Number(url.port));
    url.port = String(proxy.port);
    url.search = `?tcp_user_timeout=${patience}&connect_timeout=2`;
    warehouse = await openWarehouse({ url: url.href, folder: '', purpose: 'test', concurrency: 2 });
    await warehouse.query('select 1');
  });
  afterEach(async () => {
    await proxy.stop();
    await warehouse.close();
    await db.drop();
  });
  const timed = async (work: Promise<unknown>) => {
    const began = performance.now();
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    return { error, took: performance.now() - began };
  };

  it('fails a statement that nobody answers, and those that follow, within the patience', async () => {
    proxy.silent = true;
    const { error, took } = await timed(warehouse.query('select 1'));
    expect(error?.message).toMatch(/^the connection to the database was lost: .* has not answered for \d+ s$/);
    expect(took).toBeGreaterThan(patience * 0.9);
    expect(took).toBeLessThan(patience * 5);
    const next = await timed(warehouse.query('select 1'));
    expect(next.error?.message).toMatch(/no answer for 2 s$/);
    proxy.silent = false;
    expect((await timed(warehouse.query('select 1'))).error).toBeUndefined();
  });

  it('fails a statement on that connection alone, while the server answers others', async () => {
    proxy.mute();
    const { error } = await timed(warehouse.query('select 1'));
    expect(error?.message).toMatch(/answers, but for \d+ s not on this connection$/);
    expect((await timed(warehouse.query('select 1'))).error).toBeUndefined();
  });

  it('leaves a statement alone that takes long', async () => {
    expect((await timed(warehouse.query(`select pg_sleep(${(patience * 2) / 1000})`))).error).toBeUndefined();
  });

  it('gives up the lock, says why, and takes it again from the session that the server still has', async () => {
    let reason: unknown;
    await warehouse.exclusive('run', async (lost) => {
      proxy.silent = true;
      await new Promise((resolve) => lost.addEventListener('abort', resolve));
      reason = lost.reason;
    });
    expect((reason as Error).message).toMatch(
      /^the connection that holds the lock of the database was lost: .* has not answered for/,
    );
    // The server has not noticed yet.
    expect(await db.warehouse.holder('run')).toContain('datacycle test');
    proxy.silent = false;
    const again = await warehouse.exclusive('run', async () => 'mine');
    expect(again).toEqual({ held: true, value: 'mine' });
  });

  it('is not waited for once the user stops', async () => {
    proxy.silent = true;
    const stopped = new AbortController();
    const url = `postgres://postgres@127.0.0.1:${proxy.port}/d`;
    const own = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 1, signal: stopped.signal });
    setTimeout(() => stopped.abort(), 200);
    const { error, took } = await timed(own.query('select 1'));
    expect(error?.message).toContain('it was stopped while connecting');
    // A connection would be waited for ten seconds.
    expect(took).toBeLessThan(7000);
    await own.close();
  });
});
