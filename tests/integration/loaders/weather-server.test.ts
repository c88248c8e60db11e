import { existsSync, mkdirSync, readFileSync, statfsSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BronzeWriter } from '../../../loaders/landing/bronze.ts';
import { LoadInterruptedError, SourceError, SourceLostError } from '../../../loaders/landing/errors.ts';
import { CuttingProxy } from '../../servers/cutting-proxy.ts';
import type { SftpServer } from '../../servers/sftp.ts';
import { startSsh2Server } from '../../servers/ssh2-server.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { forecastFile, WeatherShare } from './weather-share.ts';

describe('who the server is and who we are', () => {
  let db: TestDatabase;
  let share: WeatherShare;
  let known: SftpServer;
  const password = 'tiger & dragon 7';

  beforeAll(async () => {
    db = await (databases[0] as (typeof databases)[number]).open();
    known = await startSsh2Server(password);
  });
  afterAll(async () => {
    await known.stop();
    await db.drop();
  });
  beforeEach(() => {
    share = new WeatherShare(known);
    mkdirSync(join(share.root, 'x'));
  });
  afterEach(() => share.dispose());

  const failure = async (sftp: Parameters<WeatherShare['address']>[0]): Promise<Error> => {
    const error = await share
      .load(db.warehouse, 'new', { sftp: sftp ?? {}, attempts: 3 })
      .catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(SourceError);
    expect(JSON.stringify(error) + String(error)).not.toContain('tiger');
    return error as Error;
  };

  it('a password works as well as a key, with ssh2’s own server', async () => {
    share.put('Pred_2023-12-01.csv', forecastFile('2023-12-01'));
    expect(await share.load(db.warehouse, 'new', { sftp: { privateKey: undefined, password } })).toMatchObject({
      landed: 1,
    });
    share.put('Pred_2023-12-02.csv', forecastFile('2023-12-02'));
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 1 });
  });

  it('a wrong password is refused at once and not shown', async () => {
    const error = await failure({ privateKey: undefined, password: 'tiger & dragon 8' });
    expect(error.message).toMatch(/does not let weather in with the password given/);
  });

  it('a key that cannot be read', async () => {
    expect((await failure({ privateKey: 'no key at all' })).message).toMatch(/SFTP_PRIVATE_KEY cannot be read/);
  });

  it('a folder that is not there', async () => {
    expect((await failure({ folder: '/no/such/folder' })).message).toMatch(/SFTP_PATH names the folder/);
  });

  it('a host key that is not the expected one', async () => {
    const other = `SHA256:${'A'.repeat(43)}`;
    const hostKey = { expected: [other], knownHosts: join(share.root, 'known_hosts') };
    const { message } = await failure({ hostKey });
    expect(message).toContain(known.fingerprint);
    expect(message).toContain(other);
  });

  it('a first contact is said and remembered; a changed key is refused', async () => {
    const hostKey = { expected: [], knownHosts: join(share.root, 'deep', 'known_hosts') };
    const notices: string[] = [];
    await share.load(db.warehouse, 'new', { sftp: { hostKey }, onNotice: (text) => notices.push(text) });
    expect(notices.join()).toContain(known.fingerprint);
    notices.length = 0;
    await share.load(db.warehouse, 'new', { sftp: { hostKey }, onNotice: (text) => notices.push(text) });
    expect(notices).toEqual([]);
    const impostor = await startSsh2Server(password);
    const proxied = readFileSync(hostKey.knownHosts, 'utf8').replace(`:${known.port} `, `:${impostor.port} `);
    share.put('known_impostor', proxied);
    const { message } = await failure({
      port: impostor.port,
      hostKey: { expected: [], knownHosts: join(share.folder, 'known_impostor') },
    });
    expect(message).toMatch(/which is not the known one/);
    await impostor.stop();
  });

  it('known host keys that cannot be read are no fault of the network', async () => {
    mkdirSync(join(share.root, 'known'));
    const { message } = await failure({ hostKey: { expected: [], knownHosts: join(share.root, 'known') } });
    expect(message).toMatch(/known host keys in .* cannot be read or written \(EISDIR\)/);
  });

  it('a file for which Bronze has no room is not begun, and the others land', async () => {
    share.put('Pred_2023-12-11.csv', forecastFile('2023-12-11'));
    share.put('Pred_2023-12-12.csv', '');
    const { bavail, bsize } = statfsSync(share.bronze);
    // Sparse: it takes no room itself.
    truncateSync(join(share.folder, 'Pred_2023-12-12.csv'), bavail * bsize + 50_000_000_000);
    const reason = expect.stringMatching(
      /^it has [\d,]+ MB, for which Bronze lacks [\d,]+ MB: make room below BRONZE_ROOT$/,
    );
    expect(await share.load(db.warehouse)).toMatchObject({
      landed: 1,
      skipped: { count: 1, first: [{ name: 'Pred_2023-12-12.csv', reason }] },
      unread: { count: 1 },
    });
  });

  it('a name that leads out of the folder is no name', async () => {
    const hostile = await startSsh2Server(password, {
      listed: (entry) => ({ ...entry, filename: `Pred_/../../../../escaped/${entry.filename}` }),
    });
    const target = new WeatherShare(hostile);
    try {
      target.put('Pred_2023-12-05.csv', forecastFile('2023-12-05'));
      expect(await target.load(db.warehouse)).toMatchObject({
        landed: 0,
        rejected: { count: 0 },
        skipped: { count: 0 },
      });
      expect(existsSync(join(target.root, 'escaped'))).toBe(false);
      const writer = new BronzeWriter(target.bronze);
      await expect(writer.write('weather/../../escaped/x.csv', Buffer.from('x'))).rejects.toThrow(
        /leads out of Bronze/,
      );
    } finally {
      target.dispose();
      await hostile.stop();
    }
  });

  it('a key and then a password, and a password on demand only', async () => {
    const strict = await startSsh2Server(password, { keyFirst: true, asks: ['Password: '] });
    const target = new WeatherShare(strict);
    try {
      target.put('Pred_2023-12-07.csv', forecastFile('2023-12-07'));
      expect(await target.load(db.warehouse, 'new', { sftp: { password } })).toMatchObject({ landed: 1 });
    } finally {
      target.dispose();
      await strict.stop();
    }
  });

  it.each([
    ['the right password', [], undefined],
    ['a wrong password', ['x'], /does not let weather in with the password given/],
    ['a further question', ['', 'Verification code: '], /asks weather for more than a password: "Verification code:"/],
  ] as const)('a server that asks by keyboard-interactive: %s', async (_, [wrong, further], refused) => {
    const asking = await startSsh2Server(password, {
      asks: ['Passwort: ', ...(further === undefined ? [] : [further])],
    });
    const target = new WeatherShare(asking);
    try {
      const load = target.load(db.warehouse, 'new', {
        sftp: { privateKey: undefined, password: `${password}${wrong ?? ''}` },
        attempts: 3,
      });
      if (refused === undefined) expect(await load).toMatchObject({ landed: 0 });
      else await expect(load).rejects.toThrow(refused);
    } finally {
      target.dispose();
      await asking.stop();
    }
  });

  it('a server that falls silent in mid-file is given up, and an interrupt does not wait for it', async () => {
    const proxy = await CuttingProxy.to(known.port);
    try {
      share.put('Pred_2023-12-06.csv', forecastFile('2023-12-06', 1200));
      proxy.stallAfter = 20_000;
      const silent = await share
        .load(db.warehouse, 'new', { sftp: { port: proxy.port, silentMs: 1000 } })
        .catch((fault: unknown) => fault);
      expect(silent).toBeInstanceOf(SourceLostError);
      expect(String(silent)).toMatch(
        /cannot fetch Pred_2023-12-06\.csv \(sFTP server 127\.0\.0\.1:\d+\): it has not answered for 1 s$/,
      );
      const interrupt = new AbortController();
      const started = performance.now();
      const load = share.load(db.warehouse, 'new', { sftp: { port: proxy.port }, signal: interrupt.signal });
      await proxy.stalled();
      interrupt.abort();
      await expect(load).rejects.toThrow(LoadInterruptedError);
      expect(performance.now() - started).toBeLessThan(20_000);
      expect(share.inBronze()).toEqual([]);
    } finally {
      await proxy.stop();
    }
  });
});
