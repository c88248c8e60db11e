import { networkInterfaces } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { LoadFailedError, SourceError } from '../../../loaders/landing/errors.ts';
import { type MariadbServer, startMariadb } from '../../servers/mariadb.ts';
import { startRogueMysql } from '../../servers/rogue-mysql.ts';
import { oneDatabase } from '../databases.ts';
import { failure, landedRegistry, shown } from './landed-registry.ts';

const server = await startMariadb();
afterAll(() => server?.stop());

/** An address of this machine that is not its loopback. */
const outer = Object.values(networkInterfaces())
  .flat()
  .find((one) => one !== undefined && !one.internal && one.family === 'IPv4')?.address;

describe.skipIf(server === undefined).each(oneDatabase)('what goes wrong with the registry, in $name', (kind) => {
  const mariadb = server as MariadbServer;
  const { database, load, staged, bronzeFiles, allOfBronze } = landedRegistry(kind, mariadb);

  it.each([
    ['22P05', /a snapshot of the registry could not be landed: .*\(SQLSTATE 22P05\)$/],
    ['53100', /a snapshot of the registry could not be landed: no space .*\(SQLSTATE 53100\)$/],
    ['57014', /a snapshot of the registry could not be landed: no space .*\(SQLSTATE 57014\)$/],
  ])('what PostgreSQL refuses is no fault of Bronze: %s', async (code, message) => {
    await load();
    await database.warehouse.query(
      `create or replace function staging.refuse() returns trigger language plpgsql as
       $body$ begin raise exception 'no space for this' using errcode = '${code}'; end $body$`,
    );
    await database.warehouse.query(
      'create trigger refuse before insert on staging.registry_row for each row execute function staging.refuse()',
    );
    const before = allOfBronze();
    const error = await failure(load());
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error.message).toMatch(message);
    expect(`${error.message} ${error.hint}`).not.toContain('BRONZE_ROOT');
    expect(allOfBronze()).toEqual(before);
  });

  it('one bad table does not keep the others: a broken view, one that fails in mid-read, a value that is too large', async () => {
    await mariadb.run([
      'create table gone (idDevice int)',
      'drop table devices',
      'create view devices as select * from gone',
      'drop table gone',
      'drop table profile',
      `create view profile as
       select seq as idProfile, if(seq < 3000, seq, (select 1 union select 2)) as power from seq_1_to_3000`,
      'alter table dierrors modify errorMessage longtext',
      `insert into dierrors (idBuilding, errorMessage) values (2, repeat(char(1), 12000000)), (2, 'after it')`,
    ]);
    const summary = await load({ attempts: 1 });
    expect(summary).toMatchObject({ landed: 7, skipped: { count: 0 } });
    expect(summary.warnings.first.map(({ name }) => name)).toEqual(['devices', 'profile', 'dierrors']);
    expect(summary.unread).toEqual({
      count: 3,
      first: [
        {
          name: 'devices',
          reason: expect.stringMatching(/^the server cannot read it: .*pidb\.devices.*last snapshot/),
        },
        { name: 'profile', reason: expect.stringMatching(/^the server cannot read it: Subquery returns more/) },
        {
          name: 'dierrors',
          reason: expect.stringMatching(/^column errorMessage holds a value of more than 1,048,576/),
        },
      ],
    });
    expect(bronzeFiles().map((path) => path.replace(/^.*[\\/]/, ''))).toEqual([
      'buildings.json',
      'buildingtype.json',
      'parameters.json',
      'parameterstype.json',
      'profilereference.json',
      'rooms.json',
      'sensors.json',
    ]);
    expect((await staged()).filter((row) => / (?:devices|profile|dierrors) /.test(row))).toEqual([]);
    await load({ mode: 'from-bronze' }, '').then((again) =>
      expect(again).toMatchObject({ landed: 0, skipped: { count: 0 } }),
    );
  });

  it('no table at all that can be read is a failure', async () => {
    await mariadb.reset();
    await mariadb.run(['create table gone (idRoom int)', 'create view rooms as select * from gone', 'drop table gone']);
    const error = await failure(load({ attempts: 1 }));
    expect(error.message).toMatch(/none of the registry's tables .* could be read: rooms: the server cannot read it/);
    expect(await staged()).toEqual([]);
  });

  it.each([
    [
      'a plugin that is not supported',
      `identified via ed25519 using password('tiger')`,
      /log in by client_ed25519, which/,
    ],
    ['an expired password', `identified by 'tiger' password expire`, /the password has expired/],
    ['a locked account', `identified by 'tiger' account lock`, /the account is locked/],
    ['TLS that is required', `identified by 'tiger' require ssl`, /refuses this user or the password|without TLS/],
    ['another password', `identified by 'lion'`, /refuses this user or the password/],
  ])('a login that no further try mends fails at once: %s', async (_, how, message) => {
    await mariadb.run([
      `install plugin if not exists ed25519 soname 'auth_ed25519'`,
      `create or replace user 'odd'@'127.0.0.1' ${how}`,
      `grant select on pidb.* to 'odd'@'127.0.0.1'`,
    ]);
    const notices: string[] = [];
    const url = `mysql://odd:tiger@127.0.0.1:${mariadb.port}/pidb`;
    const error = await failure(load({ onNotice: (text) => notices.push(text) }, url));
    expect(error.message).toMatch(message);
    expect(error).toBeInstanceOf(SourceError);
    expect(error.hint).toMatch(/MYSQL_URL/);
    expect(shown(error)).not.toContain('tiger');
    expect(notices).toEqual([]);
  });

  it('TLS off where the address says so, and where it is only preferred', async () => {
    for (const query of ['ssl_disabled=True', 'ssl_mode=DISABLED', 'ssl_mode=PREFERRED'])
      expect(await load({}, `${mariadb.url}?${query}`), query).toMatchObject({ landed: 10 });
    const error = await failure(load({ attempts: 1 }, `${mariadb.url}?ssl_mode=REQUIRED`));
    expect(error.message).toMatch(/the server does not offer TLS, which MYSQL_URL asks for/);
  });

  it.skipIf(outer === undefined).each(['mysql_clear_password', 'sha256_password', 'caching_sha2_password'])(
    'a server without TLS that asks for the password by %s does not get it',
    async (plugin) => {
      const rogue = await startRogueMysql(plugin);
      try {
        const url = `mysql://me:tiger@${outer}:${rogue.port}/pidb`;
        for (const query of ['', '?ssl_mode=PREFERRED']) {
          const error = await failure(load({ timeouts: { connectMs: 5000, silentMs: 5000 } }, `${url}${query}`));
          expect(error).toBeInstanceOf(SourceError);
          expect(error.message).toMatch(/asks for the password itself, and the connection is not encrypted/);
          expect(error.hint).toMatch(/ssl_mode=DISABLED says so/);
        }
        expect(rogue.taken).toEqual([]);
        await failure(load({ attempts: 1, timeouts: { connectMs: 500, silentMs: 500 } }, `${url}?ssl_mode=DISABLED`));
        expect(rogue.taken).not.toEqual([]);
      } finally {
        await rogue.stop();
      }
    },
  );

  it('addresses are read where the project asks for them, and leave staging when it no longer does', async () => {
    const records = async () => {
      const { rows } = await database.warehouse.query<{ record: Record<string, unknown> }>(
        `select record from staging.registry_row where table_name = 'buildings' and record ->> 'idBuilding' = '2' order by load_id`,
      );
      return rows.map(({ record }) => record.city);
    };
    await mariadb.run(['alter table buildings add column telephone varchar(20) default "079 555 01 77"']);
    await load({}, mariadb.url, { locations: true });
    expect(await records()).toEqual(['Ayent-le-Planté']);
    const summary = await load();
    expect(summary.warnings.first.map(({ name }) => name)).toEqual(['dierrors']);
    expect(await records()).toEqual([undefined, undefined]);
    // What an older version wrote into Bronze stays there, and there alone.
    await database.warehouse.query('truncate staging.registry_row, staging.file, staging.load cascade');
    expect(await load({ mode: 'from-bronze' }, '')).toMatchObject({ landed: 20 });
    expect(await records()).toEqual([undefined, undefined]);
    expect((await staged()).join()).not.toContain('079 555');
  });
});
