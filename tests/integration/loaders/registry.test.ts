import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pruneBronze } from '../../../loaders/housekeeping/prune-bronze.ts';
import { LoadFailedError, LoadInterruptedError, SourceError } from '../../../loaders/landing/errors.ts';
import type { LoadSummary } from '../../../loaders/landing/summary.ts';
import { loadRegistry, type RegistryOptions } from '../../../loaders/registry/load-registry.ts';
import { registryTables } from '../../../loaders/registry/tables.ts';
import type { DatacycleError } from '../../../warehouse/errors.ts';
import { forbiddenValues, otherTables, pidbStatements, readTables } from '../../fixtures/pidb.ts';
import { CuttingProxy } from '../../servers/cutting-proxy.ts';
import { type MariadbServer, startMariadb } from '../../servers/mariadb.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';

const server = await startMariadb();
const rowCount = readTables.reduce((sum, table) => sum + table.rows.length, 0);

describe.skipIf(server === undefined).each(oneDatabase)('the registry lands in $name', (kind) => {
  const mariadb = server as MariadbServer;
  let database: TestDatabase;
  let bronzeRoot: string;
  let now: Date;
  let notices: string[];

  beforeAll(async () => {
    bronzeRoot = mkdtempSync(join(tmpdir(), 'datacycle-registry-'));
  });

  beforeEach(async () => {
    database = await kind.open();
    rmSync(bronzeRoot, { recursive: true, force: true });
    now = new Date('2023-11-01T08:00:00.500Z');
    notices = [];
    await mariadb.reset();
    await mariadb.run(pidbStatements());
  });

  afterEach(async () => database.drop());

  afterAll(() => rmSync(bronzeRoot, { recursive: true, force: true }));

  function load(options: Partial<RegistryOptions> = {}, url = mariadb.url): Promise<LoadSummary> {
    return loadRegistry(
      database.warehouse,
      { url, bronzeRoot },
      { mode: 'new', clock: () => now, retryDelayMs: 1, onNotice: (text) => notices.push(text), ...options },
    );
  }

  function through(port: number): string {
    return mariadb.url.replace(`:${mariadb.port}/`, `:${port}/`);
  }

  async function staged(): Promise<string[]> {
    const { rows } = await database.warehouse.query<{ row: string }>(
      `select f.source_time || ' ' || r.table_name || ' ' || r.row_no || ' ' || r.record::text as row
       from staging.registry_row r
       join staging.file f on f.load_id = r.load_id and split_part(f.name, '/', 2) = r.table_name || '.json'
       order by 1`,
    );
    return rows.map(({ row }) => row);
  }

  async function record(table: string, rowNo: number): Promise<string> {
    const { rows } = await database.warehouse.query<{ record: string }>(
      `select record::text as record from staging.registry_row where table_name = $1 and row_no = $2
       order by load_id desc limit 1`,
      [table, rowNo],
    );
    return rows[0]?.record ?? '';
  }

  async function ledger(): Promise<readonly Record<string, unknown>[]> {
    const { rows } = await database.warehouse.query(
      `select name, bronze_path, bytes, status, reason, source_time::text as source_time
       from staging.file where source = 'registry' order by name`,
    );
    return rows;
  }

  /** The files of tables. */
  function bronzeFiles(): string[] {
    return allOfBronze().filter((path) => !path.endsWith('snapshot.json'));
  }

  function allOfBronze(): string[] {
    return readdirSync(bronzeRoot, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }

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
    await load();
    expect(JSON.parse(await record('rooms', 1))).toEqual({
      idRoom: 20,
      idBuilding: 2,
      roomName: 'Livingroom',
      nbMotions: 1,
      nbDoors: 0,
      nbPlugs: 1,
      orientation: 'south',
      m2: 31.5,
      plan: '0x00ff10',
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
    now = new Date('2022-01-01T00:00:00Z');
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
      expect(error).toBeInstanceOf(LoadFailedError);
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
      expect(error).toBeInstanceOf(LoadFailedError);
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
        loadRegistry(database.warehouse, { url: address, bronzeRoot }, { mode: 'new', clock: () => now }),
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

  it('from Bronze: the same rows, oldest first; what is there stays', async () => {
    await load();
    await mariadb.run([`update rooms set m2 = 99 where idRoom = 20`, 'drop table profile', 'delete from devices']);
    now = new Date('2023-11-02T08:00:00Z');
    await load();
    const before = await staged();
    const compressed = bronzeFiles().find((path) => path.endsWith('rooms.json')) ?? '';
    writeFileSync(`${compressed}.gz`, gzipSync(readFileSync(compressed)));
    rmSync(compressed);

    const nothing = await load({ mode: 'from-bronze' }, '');
    expect(nothing).toMatchObject({ listed: 'bronze', landed: 0, loads: [], rejected: { count: 0 } });

    await database.warehouse.query('delete from staging.registry_row');
    await database.warehouse.query(`delete from staging.file where name like '20231102%'`);
    const replayed = await load({ mode: 'from-bronze' }, '');
    expect(replayed.landed).toBe(19);
    expect(replayed.loads).toHaveLength(2);
    expect(await staged()).toEqual(before);
    const { rows } = await database.warehouse.query<{ name: string }>(
      `select split_part(min(name), '/', 1) as name from staging.file group by load_id order by load_id`,
    );
    expect(rows.map(({ name }) => name)).toEqual(['20231101T080000Z', '20231102T080000Z']);
    expect((await load({ mode: 'from-bronze' }, '')).loads).toEqual([]);
  });

  it('from Bronze: what is no table is rejected with a reason, and judged again when it was replaced', async () => {
    await load();
    await database.warehouse.query('delete from staging.registry_row');
    const pathOf = (table: string) => bronzeFiles().find((path) => path.endsWith(`${table}.json`)) ?? '';
    const good = readFileSync(pathOf('rooms'));
    writeFileSync(pathOf('rooms'), good.subarray(0, good.length - 20));
    writeFileSync(pathOf('sensors'), '{"idSensor": 1}');
    writeFileSync(join(pathOf('rooms'), '..', 'users.json'), '[{"email": "zacharias.planted@example.org"}]');
    const summary = await load({ mode: 'from-bronze' }, '');
    expect(summary.landed).toBe(8);
    expect(summary.rejected.first).toEqual([
      { name: '20231101T080000Z/rooms.json', reason: 'not valid JSON' },
      { name: '20231101T080000Z/sensors.json', reason: 'not a JSON array of objects' },
    ]);
    expect(summary.skipped.first).toEqual([
      { name: 'registry/2023/11/01/20231101T080000Z/users.json', reason: 'it is none of the tables that are read' },
    ]);
    const again = await load({ mode: 'from-bronze' }, '');
    expect([again.rejected.count, again.loads.length]).toEqual([2, 0]);
    writeFileSync(pathOf('rooms'), good);
    const repaired = await load({ mode: 'from-bronze' }, '');
    expect([repaired.landed, repaired.rejected.count]).toEqual([9, 1]);
    expect((await staged()).filter((row) => row.includes(' rooms '))).toHaveLength(8);
    expect((await staged()).join()).not.toContain('zacharias');
  });

  function inBronze(stamp: string, ...file: string[]): string {
    return join(bronzeRoot, 'registry', stamp.slice(0, 4), stamp.slice(4, 6), stamp.slice(6, 8), stamp, ...file);
  }

  /** Makes of a landed snapshot what a kill between its files and its commit leaves. */
  async function asIfKilled(stamp: string): Promise<void> {
    renameSync(inBronze(stamp, 'snapshot.json'), inBronze(stamp, '.4194305-11.part'));
    await database.warehouse.query('delete from staging.registry_row');
    await database.warehouse.query(`delete from staging.file where source = 'registry' and name like $1`, [
      `${stamp}/%`,
    ]);
  }

  const nextDay = () => {
    now = new Date(now.getTime() + 86_400_000);
  };

  it('drafts that killed loads left go with the next load, of whichever mode; those of a load at work stay', async () => {
    const killed = inBronze('20231031T080000Z');
    for (const mode of ['new', 'full', 'from-bronze'] as const) {
      mkdirSync(killed, { recursive: true });
      writeFileSync(join(killed, '.4194305-1.part'), '[{"address":"Ruelle du Secret 12"}');
      expect((await load({ mode })).skipped.count).toBe(0);
      expect(existsSync(killed), mode).toBe(false);
    }
    mkdirSync(killed, { recursive: true });
    const draftAtWork = join(killed, `.${process.ppid}-1.part`);
    writeFileSync(draftAtWork, '[');
    await load();
    expect(existsSync(draftAtWork)).toBe(true);
  });

  it('a snapshot whose load was killed before the commit goes with the next one', async () => {
    await load();
    await asIfKilled('20231101T080000Z');
    const foreign = inBronze('20231101T080000Z', 'notes.txt');
    writeFileSync(foreign, 'not ours');
    nextDay();
    expect((await load()).landed).toBe(10);
    expect(readdirSync(inBronze('20231101T080000Z'))).toEqual(['notes.txt']);
    expect(notices).toEqual([expect.stringMatching(/^Removed registry\/2023\/11\/01\/20231101T080000Z: .*killed/)]);
    rmSync(foreign);
    expect(allOfBronze()).toHaveLength(11);
    expect(new Set((await ledger()).map(({ source_time }) => source_time))).toEqual(
      new Set(['2023-11-02 08:00:00+00']),
    );
  });

  it('from Bronze such a snapshot is landed if it is whole, and goes if it is not', async () => {
    await load();
    const before = await staged();
    await asIfKilled('20231101T080000Z');
    expect(await load({ mode: 'from-bronze' }, '')).toMatchObject({ landed: 10, warnings: { count: 1 } });
    expect(await staged()).toEqual(before);
    expect(allOfBronze()).toHaveLength(11);
    expect(existsSync(inBronze('20231101T080000Z', 'snapshot.json'))).toBe(true);

    await asIfKilled('20231101T080000Z');
    rmSync(inBronze('20231101T080000Z', 'rooms.json'));
    expect(await load({ mode: 'from-bronze' }, '')).toMatchObject({ landed: 0, loads: [], skipped: { count: 0 } });
    expect(allOfBronze()).toEqual([]);
  });

  it('a load that was killed just after the commit keeps its snapshot', async () => {
    await load();
    renameSync(inBronze('20231101T080000Z', 'snapshot.json'), inBronze('20231101T080000Z', '.4194305-11.part'));
    nextDay();
    await load();
    expect(allOfBronze()).toHaveLength(22);
    expect(existsSync(inBronze('20231101T080000Z', 'snapshot.json'))).toBe(true);
    expect(notices).toEqual([]);
  });

  it('a snapshot that the database refused leaves nothing once the next one is there', async () => {
    await load();
    await database.warehouse.query(
      `alter table staging.file add constraint not_now check (source_time < '2023-11-02') not valid`,
    );
    nextDay();
    expect(await failure(load())).toBeInstanceOf(LoadFailedError);
    await database.warehouse.query('alter table staging.file drop constraint not_now');
    nextDay();
    await load();
    expect(existsSync(inBronze('20231102T080000Z'))).toBe(false);
    expect(allOfBronze()).toHaveLength(22);
  });

  it('from Bronze: half a snapshot that the ledger does not know is told and not landed', async () => {
    await load();
    nextDay();
    await load();
    const rooms = readFileSync(inBronze('20231102T080000Z', 'rooms.json'));
    const half = (stamp: string, manifest?: string) => {
      mkdirSync(inBronze(stamp), { recursive: true });
      writeFileSync(inBronze(stamp, 'rooms.json'), rooms);
      if (manifest !== undefined) writeFileSync(inBronze(stamp, 'snapshot.json'), manifest);
    };
    half('20231103T080000Z');
    half('20231104T080000Z', '{"tables":["rooms","buildings","devices"]}');
    half('20231105T080000Z', 'no manifest');
    const summary = await load({ mode: 'from-bronze' }, '');
    expect(summary).toMatchObject({ landed: 0, loads: [], warnings: { count: 0 } });
    expect(summary.skipped.first).toEqual([
      {
        name: 'registry/2023/11/03/20231103T080000Z',
        reason: expect.stringMatching(/no snapshot\.json.*half a snapshot: not landed/),
      },
      {
        name: 'registry/2023/11/04/20231104T080000Z',
        reason: 'it is not whole, buildings, devices are missing: not landed',
      },
      { name: 'registry/2023/11/05/20231105T080000Z', reason: expect.stringMatching(/cannot be read: not landed/) },
    ]);
    expect(new Set((await ledger()).map(({ source_time }) => source_time)).size).toBe(2);
    // Once it says so itself, it is a snapshot of one table.
    writeFileSync(inBronze('20231103T080000Z', 'snapshot.json'), '{"tables":["rooms"]}');
    expect(await load({ mode: 'from-bronze' }, '')).toMatchObject({ landed: 1, skipped: { count: 2 } });
  });

  it('from Bronze: snapshots without a manifest, as older versions wrote them', async () => {
    await load();
    nextDay();
    await load();
    const before = await staged();
    const emptied = async () => {
      await database.warehouse.query('delete from staging.registry_row');
      await database.warehouse.query('delete from staging.file');
    };
    // The first one is from before the update; the database is a new one, and the first try was killed half-way.
    rmSync(inBronze('20231101T080000Z', 'snapshot.json'));
    await emptied();
    await load({ mode: 'from-bronze' }, '');
    await database.warehouse.query('delete from staging.registry_row');
    await database.warehouse.query(`delete from staging.file where name like '20231101%'`);
    const summary = await load({ mode: 'from-bronze' }, '');
    expect(summary).toMatchObject({ landed: 20, skipped: { count: 0 } });
    expect(summary.warnings.first).toContainEqual({
      name: 'registry/2023/11/01/20231101T080000Z',
      reason: expect.stringMatching(/no snapshot\.json.*landed as it is/),
    });
    expect(await staged()).toEqual(before);

    rmSync(inBronze('20231102T080000Z', 'snapshot.json'));
    await emptied();
    expect((await load({ mode: 'from-bronze' }, '')).landed).toBe(20);
    expect(await staged()).toEqual(before);
    // The ledger knows them now.
    await database.warehouse.query('delete from staging.registry_row');
    const again = await load({ mode: 'from-bronze' }, '');
    expect(again.landed).toBe(20);
    expect(again.warnings.first.map(({ reason }) => reason).join()).not.toContain('snapshot.json');
  });

  it('a snapshot of the future is told with every later one', async () => {
    const future =
      /^the snapshot is dated 2030-01-01 00:00:01 UTC although the clock says 2023-11-01 08:00:00 UTC.*docs\/registry\.md/;
    now = new Date('2030-01-01T00:00:00Z');
    expect((await load()).warnings.first.map(({ name }) => name)).toEqual(['dierrors']);
    now = new Date('2023-11-01T08:00:00.500Z');
    const summary = await load();
    expect(summary.warnings.first).toContainEqual({ name: '20300101T000001Z', reason: expect.stringMatching(future) });
    // A clock that is less than a day behind is not worth a word.
    now = new Date('2029-12-31T01:00:00Z');
    expect((await load()).warnings.first.map(({ name }) => name)).toEqual(['dierrors']);
  });

  it('from Bronze: of a file that was compressed since, the ledger keeps size and SHA-256 of what was landed', async () => {
    await load();
    const inLedger = async () =>
      (await database.warehouse.query('select name, bytes, sha256 from staging.file order by name')).rows;
    const before = await inLedger();
    for (const path of bronzeFiles()) {
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
      rmSync(path);
    }
    await database.warehouse.query('delete from staging.registry_row');
    expect((await load({ mode: 'from-bronze' }, '')).landed).toBe(10);
    expect(await inLedger()).toEqual(before);
    await database.warehouse.query('delete from staging.file');
    expect((await load({ mode: 'from-bronze' }, '')).landed).toBe(10);
    expect(await inLedger()).toEqual(before);

    const damaged = inBronze('20231101T080000Z', 'rooms.json.gz');
    writeFileSync(damaged, readFileSync(damaged).subarray(0, 30));
    await database.warehouse.query('delete from staging.registry_row');
    const summary = await load({ mode: 'from-bronze' }, '');
    expect(summary.rejected.first).toEqual([{ name: '20231101T080000Z/rooms.json', reason: 'not a whole gzip file' }]);
    expect(await load({ mode: 'from-bronze' }, '')).toMatchObject({ loads: [], rejected: { count: 1 } });
  });

  it('pruning takes the manifest with the last table', async () => {
    await load();
    nextDay();
    await load();
    const report = await pruneBronze(database.warehouse, {
      source: 'registry',
      bronzeRoot,
      before: new Date('2024-01-01T00:00:00Z'),
      askSafety: async () => ({ kind: 'up to', loadId: 1_000, reason: 'too new' }),
      dryRun: false,
    });
    expect(report.files).toBe(10);
    expect(existsSync(inBronze('20231101T080000Z'))).toBe(false);
    expect(allOfBronze()).toHaveLength(11);
  });

  function expectNoPassword(error: DatacycleError): void {
    for (const text of [shown(error), ...notices]) {
      expect(text).not.toContain(mariadb.password);
      expect(text).not.toContain(encodeURIComponent(mariadb.password));
    }
  }
});

afterAll(() => server?.stop());

async function failure(work: Promise<unknown>): Promise<DatacycleError> {
  try {
    await work;
  } catch (error) {
    return error as DatacycleError;
  }
  throw new Error('it did not fail');
}

/** All an error says, its causes included. */
function shown(error: Error): string {
  const parts = [error.message, error.stack ?? '', JSON.stringify(error, Object.getOwnPropertyNames(error))];
  if (error.cause instanceof Error) parts.push(shown(error.cause));
  return parts.join('\n');
}
