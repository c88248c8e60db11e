import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StatementError } from '../../../warehouse/errors.ts';
import { HolderGone, type Visited, visitEmbedded } from '../../../warehouse/guest.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';

const { TEST_EMBEDDED_TEMPLATE: template } = process.env;

describe('an embedded database that another process holds', () => {
  const root = mkdtempSync(join(tmpdir(), 'datacycle-guests-'));
  const folder = join(root, 'db');
  let holder: Warehouse;
  let guest: Warehouse;
  let visit: Visited;
  let gone = 0;
  const door = () => JSON.parse(readFileSync(`${folder}.door`, 'utf8')) as { port: number; token: string };

  beforeAll(async () => {
    if (template !== undefined) cpSync(template, folder, { recursive: true });
    holder = await openWarehouse({ url: undefined, folder, purpose: 'watch', concurrency: 1 });
    await holder.query('create table t as select 1 as id');
    const visited = await visitEmbedded(folder, () => {
      gone += 1;
    });
    if (visited === undefined) throw new Error('nobody answers');
    visit = visited;
    guest = visited.warehouse;
  });
  afterAll(async () => {
    await holder.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('gives the same values and errors as to its holder', async () => {
    const sql = `select $1::bigint as big, 'NaN'::float8 as nothing, '-Infinity'::float8 as least, 1.50::numeric as exact,
      null as missing, array[1, 2] as list, '{"$number": 1, "a": "ü\\n"}'::jsonb as json, timestamptz '2024-01-01 00:00+00' as at`;
    for (const values of ['parsed', 'text'] as const)
      expect(await guest.query(sql, ['9007199254740993'], values)).toEqual(
        await holder.query(sql, ['9007199254740993'], values),
      );
    const failed = await guest.query('select nothing_like_it from t').catch((error: unknown) => error);
    // Of the driver's own error only what a reader is shown comes along.
    const { cause: _own, ...told } = (await holder
      .query('select nothing_like_it from t')
      .catch((error: unknown) => error)) as StatementError;
    expect(failed).toBeInstanceOf(StatementError);
    expect(failed).toMatchObject(told);
    expect(failed).toMatchObject({ code: '42703', position: 8 });
    expect(guest.address).toMatch(/^read through datacycle watch pid \d+ on .*: the embedded database in /);
    expect(await holder.exclusive('run', () => guest.holder('run'))).toMatchObject({
      value: expect.stringContaining('datacycle watch'),
    });
    expect(await guest.holder('run')).toBeUndefined();
  });

  it('is read, and not changed', async () => {
    for (const sql of ['insert into t values (2)', 'create table u ()', 'set transaction read write'])
      await expect(guest.query(sql)).rejects.toMatchObject({ code: expect.toBeOneOf(['25006', '25001']) });
    await expect(guest.exclusive('run', async () => undefined)).rejects.toThrow('in use by datacycle watch');
    const seen = guest.transaction(async (session) => {
      await session.query('set local statement_timeout to 5000');
      await session.query('insert into t values (3)').catch(() => undefined);
      return session.query('select 1');
    });
    await expect(seen).rejects.toMatchObject({ code: '25P02' });
    expect((await holder.query('select id from t')).rows).toEqual([{ id: 1 }]);
    expect((await holder.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '0' }]);
  });

  it('sees nothing of a transaction of the holder before its end', async () => {
    const asked: Promise<unknown>[] = [];
    await holder.transaction(async (session) => {
      await session.query('insert into t values (4)');
      asked.push(guest.query('select count(*)::int as n from t'));
      await session.query('delete from t where id = 4');
    });
    expect(await Promise.all(asked)).toMatchObject([{ rows: [{ n: 1 }] }]);
  });

  it('tells nothing to whoever has not the token', async () => {
    const { port, token } = door();
    const ask = '{"kind":"query","sql":"select 1","params":[]}\n';
    for (const first of ['', token.slice(1), `${token}x`, '"', 'GET / HTTP/1.1', `Bearer ${token}`]) {
      const heard = await new Promise<string>((done) => {
        let text = '';
        const socket = connect({ host: '127.0.0.1', port });
        socket.on('data', (chunk) => {
          text += chunk;
        });
        socket.on('error', () => undefined);
        socket.on('close', () => done(text));
        socket.write(`${first}\n${ask}`);
      });
      expect([first, heard]).toEqual([first, '']);
    }
    if (process.platform !== 'win32') expect(statSync(`${folder}.door`).mode & 0o077).toBe(0);
  });

  it('goes on when a guest leaves in the middle, or says what is no question', async () => {
    const { port, token } = door();
    for (const rest of ['{"kind":"begin"}\n', '{"kind":"begin"}\nno JSON\n', '{"kind":"other"}\n', '{']) {
      const socket = connect({ host: '127.0.0.1', port });
      await new Promise<void>((done) => socket.write(`${token}\n${rest}`, () => done()));
      socket.destroy();
    }
    expect((await holder.query('select id from t')).rows).toEqual([{ id: 1 }]);
    expect((await guest.query('select id from t')).rows).toEqual([{ id: 1 }]);
  });

  it('does errands for nobody unless its holder says so', async () => {
    expect(await visit.errand('anything', () => undefined, new AbortController().signal)).toBeUndefined();
    expect((await guest.query('select id from t')).rows).toEqual([{ id: 1 }]);
  });

  it('is told when the holder has left, and finds no door that leads nowhere', async () => {
    const before = readFileSync(`${folder}.door`);
    await holder.close();
    expect(existsSync(`${folder}.door`)).toBe(false);
    await expect(guest.query('select 1')).rejects.toThrow('does not answer any more');
    await expect(guest.query('select 1')).rejects.toThrow('does not answer any more');
    expect(gone).toBe(1);
    writeFileSync(`${folder}.door`, before);
    expect(await visitEmbedded(folder, () => undefined)).toBeUndefined();
    holder = await openWarehouse({ url: undefined, folder, purpose: 'watch', concurrency: 1 });
    expect(readFileSync(`${folder}.door`)).not.toEqual(before);
  });
});

describe('an embedded database whose holder does errands', () => {
  const root = mkdtempSync(join(tmpdir(), 'datacycle-errands-'));
  const folder = join(root, 'db');
  let holder: Warehouse;
  let visit: Visited;
  const never = new AbortController().signal;

  beforeAll(async () => {
    if (template !== undefined) cpSync(template, folder, { recursive: true });
    holder = await openWarehouse({
      url: undefined,
      folder,
      purpose: 'watch',
      concurrency: 1,
      doErrand: async (errand, say, left) => {
        say({ heard: errand });
        if (errand === 'bad') throw new Error('that is none');
        if (errand === 'long') await new Promise((done) => left.addEventListener('abort', done, { once: true }));
        if (errand === 'endless') await new Promise(() => undefined);
        say('\n');
        return { done: errand };
      },
    });
    const visited = await visitEmbedded(folder, () => undefined);
    if (visited === undefined) throw new Error('nobody answers');
    visit = visited;
  });
  afterAll(async () => {
    await holder.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('tells how it goes and what became of it', async () => {
    const said: unknown[] = [];
    const errand = { name: 'build', given: { select: 'ü' } };
    expect(await visit.errand(errand, (one) => said.push(one), never)).toEqual({ outcome: { done: errand } });
    expect(said).toEqual([{ heard: errand }, '\n']);
    await expect(visit.errand('bad', () => undefined, never)).rejects.toThrow('that is none');
  });

  it('waits for the end of one that is asked to stop', async () => {
    const stop = new AbortController();
    const done = visit.errand('long', () => stop.abort(), stop.signal);
    expect(await done).toEqual({ outcome: { done: 'long' } });
  });

  it('is told when the holder leaves in the middle', async () => {
    const closing: Promise<void>[] = [];
    const done = visit.errand('endless', () => closing.push(holder.close()), never);
    await expect(done).rejects.toThrow(HolderGone);
    await Promise.all(closing);
  });
});
