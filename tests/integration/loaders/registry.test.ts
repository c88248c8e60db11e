import { readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  LoadFailedError,
  LoadInterruptedError,
  SourceError,
  SourceLostError,
} from '../../../loaders/landing/errors.ts';
import { loadRegistry } from '../../../loaders/registry/load-registry.ts';
import { registryTables } from '../../../loaders/registry/mysql/tables.ts';
import { forbiddenValues, otherTables, pidbStatements } from '../../fixtures/pidb.ts';
import { CuttingProxy } from '../../servers/cutting-proxy.ts';
import { type MariadbServer, startMariadb } from '../../servers/mariadb.ts';
import { oneDatabase } from '../databases.ts';
import { failure, landedRegistry, rowCount, shown } from './landed-registry.ts';

const server = await startMariadb();
afterAll(() => server?.stop());

describe.skipIf(server === undefined).each(oneDatabase)('the registry lands in $name', (kind) => {
  const mariadb = server as MariadbServer;
  const {
    database,
    bronzeRoot,
    clock,
    notices,
    load,
    through,
    staged,
    record,
    ledger,
    bronzeFiles,
    allOfBronze,
    inBronze,
    expectNoPassword,
  } = landedRegistry(kind, mariadb);

  it('all ten tables of one moment: Bronze, ledger and staging', async () => {
    const summary = await load();
    expect(summary).toMatchObject({ source: 'registry', listed: 'listing', landed: 10, rejected: { count: 0 } });
    expect(summary.warnings.first).toEqual([
      { name: 'dierrors', reason: expect.stringMatching(/column errorMessage holds the character U\+0000/) },
    ]);
    expect(summary.loads).toHaveLength(1);
    const { rows } = await database.warehouse.query('select source, files, records, rejected from staging.load');
    expect(rows).toEqual([{ source: 'registry', files: 10, records: rowCount, rejected: 0 }]);
    const files = await ledger();
    expect(files.map(({ name }) => name)).toEqual([...registryTables].sort().map((t) => `20231101T080000Z/${t}.json`));
    expect(files[0]).toMatchObject({
      bronze_path: 'registry/2023/11/01/20231101T080000Z/buildings.json',
      status: 'landed',
      source_time: '2023-11-01 08:00:00+00',
    });
    expect(summary.bytes).toBe(files.reduce((sum, { bytes }) => sum + Number(bytes), 0));
    expect(bronzeFiles()).toHaveLength(10);
    expect(allOfBronze()).toHaveLength(11);
    expect(JSON.parse(readFileSync(inBronze('20231101T080000Z', 'snapshot.json'), 'utf8'))).toEqual({
      taken_at: '2023-11-01T08:00:00.000Z',
      tables: registryTables,
    });
    const buildings = readFileSync(join(bronzeRoot, String(files[0]?.bronze_path)), 'utf8');
    expect(JSON.parse(buildings)).toHaveLength(4);
    expect(buildings.length).toBeLessThanOrEqual(Number(files[0]?.bytes));
    expect(await staged()).toHaveLength(rowCount);
  });

  it('values of every type without loss', async () => {
    await load({}, mariadb.url, { locations: true });
    expect(JSON.parse(await record('rooms', 1))).toEqual({
      idRoom: 20,
      idBuilding: 2,
      roomName: 'Livingroom',
      nbMotions: 1,
      nbDoors: 0,
      nbPlugs: 1,
      orientation: 'south',
      m2: 31.5,
    });
    expect(await record('rooms', 1)).toContain('"m2": 31.50');
    // A TIMESTAMP is an instant and comes with its offset: 12:00 in the server's +02:00 is 10:00 UTC. Digits stay.
    const profile = await record('profile', 2);
    expect(profile).toContain('"idProfile": 9007199254740993');
    expect(profile).toContain('"power": -0.000000000000001');
    expect(profile).toContain('"date": "2023-10-12 08:15:00+00:00"');
    expect(await record('profile', 1)).toContain('"total": 18446744073709551615');
    const building = JSON.parse(await record('buildings', 2)) as Record<string, unknown>;
    expect(building).toMatchObject({ isHeatingOn: 1, buildingYear: 1987, city: 'Ayent-le-Planté', idUser: 901 });
    expect(JSON.parse(await record('buildings', 1))).toMatchObject({
      latitude: null,
      isHeatingOn: 0,
      buildingYear: null,
    });
    expect(JSON.parse(await record('parameters', 1))).toMatchObject({ idParameter: 1, value: 21.5 });
    expect(JSON.parse(await record('parameterstype', 1))).toMatchObject({ name: 'température minimale 🌡' });
    // A DATETIME has no zone; it stays as it was written.
    expect(JSON.parse(await record('dierrors', 1))).toMatchObject({
      creationDate: '2023-10-12 08:15:00',
      file: 'a\\b\t"c".json',
    });
    expect(JSON.parse(await record('dierrors', 6))).toMatchObject({ errorMessage: 'whenever', creationDate: null });
    const bronze = bronzeFiles().find((path) => path.endsWith('dierrors.json')) ?? '';
    expect(readFileSync(bronze, 'utf8')).toContain('when\\u0000ever');
  });

  it('nothing of the tables that are not listed, and no password anywhere', async () => {
    await load();
    const { rows } = await database.warehouse.query<{ name: string }>(
      `select table_schema || '.' || table_name as name from information_schema.tables where table_schema = 'staging'`,
    );
    expect(rows.length).toBeGreaterThan(3);
    const texts: string[] = [];
    for (const { name } of rows) {
      const content = await database.warehouse.query<{ text: string }>(`select t::text as text from ${name} t`);
      texts.push(...content.rows.map(({ text }) => text));
    }
    texts.push(...bronzeFiles().flatMap((path) => [path, readFileSync(path, 'utf8')]));
    const all = texts.join('\n');
    for (const value of [...forbiddenValues, mariadb.password, encodeURIComponent(mariadb.password)]) {
      expect(all).not.toContain(value);
    }
    for (const table of otherTables) expect(all).not.toMatch(new RegExp(`\\b${table.name}\\b`, 'i'));
  });

  it('another snapshot each time, always later than the one before, even if the clock is set back', async () => {
    await load();
    await load();
    clock.now = new Date('2022-01-01T00:00:00Z');
    const third = await load();
    expect(third.landed).toBe(10);
    const stamps = [...new Set((await ledger()).map(({ name }) => String(name).slice(0, 16)))];
    expect(stamps).toEqual(['20231101T080000Z', '20231101T080001Z', '20231101T080002Z']);
    expect(await staged()).toHaveLength(3 * rowCount);
    expect(bronzeFiles()).toHaveLength(30);
  });

  it('tables and columns in another letter case', async () => {
    await mariadb.reset();
    await mariadb.run(pidbStatements('other case'));
    const summary = await load();
    expect(summary.landed).toBe(10);
    expect(JSON.parse(await record('sensors', 1))).toEqual({
      IDSENSOR: 200,
      idroom: 20,
      IP: '192.168.77.41',
      type: 'motion',
    });
    // The other spelling of what was there before is no column that has gone.
    await mariadb.reset();
    await mariadb.run(pidbStatements('usual'));
    expect((await load()).warnings.first.map(({ reason }) => reason)).toEqual([expect.stringContaining('U+0000')]);
  });

  it('what is there, with a warning for a missing table and for a column that has gone', async () => {
    await load();
    await mariadb.run(['drop table profile', 'alter table rooms drop column orientation, add column floor int']);
    const summary = await load();
    expect(summary.landed).toBe(9);
    expect(summary.warnings.first).toContainEqual({
      name: 'profile',
      reason: expect.stringContaining('not in the database'),
    });
    expect(summary.warnings.first).toContainEqual({
      name: 'rooms',
      reason: expect.stringContaining('column orientation was there in the last snapshot and is gone'),
    });
    expect(summary.warnings.count).toBe(3);
    const again = await load();
    expect(again.warnings.first.map(({ name }) => name).sort()).toEqual(['dierrors', 'profile']);
  });

  it('a table that this user may not read is a warning, an empty table is a snapshot', async () => {
    await mariadb.run([
      'delete from devices',
      `create or replace user 'limited'@'127.0.0.1' identified by 'secret-of-limited'`,
      `grant select on pidb.devices to 'limited'@'127.0.0.1'`,
      `grant insert on pidb.rooms to 'limited'@'127.0.0.1'`,
    ]);
    const summary = await load(
      {},
      `mariadb+pymysql://limited:secret-of-limited@127.0.0.1:${mariadb.port}/pidb?charset=utf8mb4`,
    );
    expect(summary.landed).toBe(1);
    expect(summary.warnings.count).toBe(9);
    expect(summary.warnings.first).toContainEqual({
      name: 'rooms',
      reason: expect.stringContaining('may not read it'),
    });
    expect(readFileSync(bronzeFiles()[0] ?? '', 'utf8')).toBe('[]\n');
    await mariadb.run([
      `revoke all privileges, grant option from 'limited'@'127.0.0.1'`,
      `grant select on pidb.users to 'limited'@'127.0.0.1'`,
    ]);
    const error = await failure(load({}, `mysql://limited:secret-of-limited@127.0.0.1:${mariadb.port}/pidb`));
    expect(error).toBeInstanceOf(SourceError);
    expect(error.message).toMatch(/none of the registry's tables/);
  });

  it('a connection that is lost in mid-read: rolled back, said, tried again', async () => {
    await mariadb.run([
      `insert into dierrors (idBuilding, errorMessage, creationDate)
       select 2, repeat('long ', 200), '2023-10-01 00:00:00' from seq_1_to_3000`,
    ]);
    const proxy = await CuttingProxy.to(mariadb.port);
    try {
      proxy.plan = [40_000, 1_500_000];
      const summary = await load({}, through(proxy.port));
      expect(proxy.cuts).toBe(2);
      expect(summary.landed).toBe(10);
      expect(notices).toHaveLength(2);
      expect(notices[0]).toMatch(/^Try 1 of 3: .*connection was lost.*Next try in 0 s\.$/);
      expect(await staged()).toHaveLength(rowCount + 3000);
      expect(bronzeFiles()).toHaveLength(10);
      const { rows } = await database.warehouse.query('select count(*) as n from staging.load');
      expect(rows).toEqual([{ n: 1 }]);

      proxy.plan = [40_000, 40_000, 40_000];
      const error = await failure(load({}, through(proxy.port)));
      expect(error).toBeInstanceOf(LoadFailedError);
      expect(error.message).toMatch(/the connection was lost; tried 3 times/);
      expect(error.hint).toMatch(/last snapshot stays/);
      expect(await staged()).toHaveLength(rowCount + 3000);
      expect(bronzeFiles()).toHaveLength(10);
      expectNoPassword(error);
    } finally {
      await proxy.stop();
    }
  });

  it('a server that says nothing is not waited for for ever; waiting can be interrupted', async () => {
    const silent: Server = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const url = through(typeof address === 'object' && address !== null ? address.port : 0);
    try {
      const timeouts = { connectMs: 200, silentMs: 200 };
      const error = await failure(load({ attempts: 2, timeouts }, url));
      expect(error).toBeInstanceOf(SourceLostError);
      expect(error.message).toMatch(/does not answer|has not answered/);
      expect(notices).toHaveLength(1);
      expectNoPassword(error);
      const stop = new AbortController();
      const interrupted = failure(
        load({ timeouts, retryDelayMs: 600_000, signal: stop.signal, onNotice: () => stop.abort() }, url),
      );
      expect(await interrupted).toBeInstanceOf(LoadInterruptedError);
    } finally {
      silent.close();
    }
  });

  it('a server that falls silent in mid-read is given up, with nothing left behind', async () => {
    await mariadb.run([
      `insert into dierrors (idBuilding, errorMessage, creationDate)
       select 2, repeat('long ', 200), '2023-10-01 00:00:00' from seq_1_to_3000`,
    ]);
    const stalling = createServer((client) => {
      const upstream = connect(mariadb.port, '127.0.0.1');
      let seen = 0;
      client.pipe(upstream);
      upstream.on('data', (piece: Buffer) => {
        seen += piece.length;
        if (seen < 500_000) client.write(piece);
      });
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
      client.on('close', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => stalling.listen(0, '127.0.0.1', resolve));
    const address = stalling.address();
    const url = through(typeof address === 'object' && address !== null ? address.port : 0);
    try {
      const error = await failure(load({ attempts: 1, timeouts: { connectMs: 5000, silentMs: 500 } }, url));
      expect(error).toBeInstanceOf(SourceLostError);
      expect(error.message).toMatch(/has not answered for 0.5 s/);
      expect(await staged()).toEqual([]);
      expect(allOfBronze()).toEqual([]);
    } finally {
      stalling.close();
    }
  });

  it('an interrupt in mid-read leaves nothing behind', async () => {
    const stop = new AbortController();
    const error = await failure(
      load({ signal: stop.signal, onProgress: ({ files }) => (files === 5 ? stop.abort() : undefined) }),
    );
    expect(error).toBeInstanceOf(LoadInterruptedError);
    expect(await staged()).toEqual([]);
    expect(allOfBronze()).toEqual([]);
  });

  it('addresses and accesses that cannot work: clear errors at once, without the password', async () => {
    const url = new URL(mariadb.url);
    const cases: readonly [string | undefined, RegExp][] = [
      [undefined, /MYSQL_URL is not set/],
      ['', /MYSQL_URL is not set/],
      ['postgres://user:the-password@host/db', /MYSQL_URL is not the address/],
      ['mysql://user:the-password@host', /MYSQL_URL is not the address/],
      ['mysql://user:the-password@host:99999/db', /MYSQL_URL is not the address/],
      [`mysql://${url.username}:the-password@127.0.0.1:${url.port}/pidb`, /refuses this user or the password/],
      [mariadb.url.replace(/pidb$/, 'nowhere'), /the database does not exist/],
    ];
    for (const [address, message] of cases) {
      const error = await failure(
        loadRegistry(database.warehouse, { url: address, bronzeRoot }, { mode: 'new', clock: () => clock.now }),
      );
      expect(error, address).toBeInstanceOf(SourceError);
      expect(error.message).toMatch(message);
      expect(error.hint).toBeTruthy();
      expectNoPassword(error);
      expect(shown(error)).not.toContain('the-password');
    }
    const refused = await failure(load({ attempts: 2 }, 'mysql://user:the-password@127.0.0.1:1/pidb'));
    expect(refused).toBeInstanceOf(LoadFailedError);
    expect(refused.message).toMatch(/nothing listens there.*tried 2 times/);
    expect(shown(refused)).not.toContain('the-password');
    // As SQLAlchemy takes it: the password as it is, with its special characters.
    const user = decodeURIComponent(url.username);
    expect(
      (await load({}, `mysql+pymysql://${user}:${mariadb.password.replaceAll('%', '%25')}@127.0.0.1:${url.port}/pidb`))
        .landed,
    ).toBe(10);
  });
});
