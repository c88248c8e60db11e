import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProjectCopy } from '../cli/command.ts';
import { sampleMinutes } from '../main-job/household.ts';
import { attempts } from './attempts.ts';
import { tablesOfGold } from './tables-of-gold.ts';
import { unprotected } from './unprotected.ts';

const server = process.env.TEST_DB_URL ?? '';

/** The whole project as its user sets it up: init, load and build by the command line, then logins of several kinds. */
describe.skipIf(server === '')('who sees what in gold', () => {
  const id = randomBytes(4).toString('hex');
  const app = `rows_${id}`;
  const database = `rows_db_${id}`;
  const password = 'a p4ssword of this test';
  const share = mkdtempSync(join(tmpdir(), 'datacycle-share-'));
  const project = new ProjectCopy();
  const [bi = '', boss = '', jimmy = '', jeremie = ''] = project.nameRoles(`rows_role_${id}`);
  /** Its address in the seed is written in small letters. */
  const address = `Jimmy.${id}@Example.com`;
  const logins = {
    jimmy: `${app}_jimmy`,
    both: `${app}_both`,
    none: `${app}_none`,
    stranger: `${app}_stranger`,
    address,
  };
  const env = () => ({
    DB_URL: urlOf(app),
    SMB_PATH: share,
    BRONZE_ROOT: join(share, 'bronze'),
    BI_PASSWORD: password,
  });
  const keys = { own: 0, other: 0 };
  let admin: pg.Client;

  function urlOf(user: string, at = database): string {
    const parts = { username: encodeURIComponent(user), password: encodeURIComponent(password), pathname: `/${at}` };
    return Object.assign(new URL(server), parts).href;
  }

  async function as<T>(user: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: urlOf(user) });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  async function cli(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { code, stdout, stderr } = await project.run(args, { ...env(), ...more });
    if (code !== 0) throw new Error(stdout + stderr);
  }

  const init = () => cli(['init'], { DB_ADMIN_URL: server });

  /** How many rows of each protected table a login sees, by table and apartment. */
  async function rowsSeenBy(user: string, key: 'all' | number = 'all'): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    await as(user, async (client) => {
      for (const table of tables()) {
        const where = key === 'all' ? '' : ` where apartment_key = ${key}`;
        const { rows } = await client.query<{ n: number }>(`select count(*)::int as n from gold.${table}${where}`);
        counts[table] = rows[0]?.n ?? -1;
      }
    });
    return counts;
  }

  /** Compiled once: no test changes the tables. */
  let known: ReturnType<typeof tablesOfGold> | undefined;
  const gold = () => (known ??= tablesOfGold(project.root));
  const tables = () => gold().flatMap(({ name, guarded }) => (guarded ? [name] : []));

  beforeAll(async () => {
    for (const { name, content } of sampleMinutes('12.10.2023', (minute) => minute < 20))
      writeFileSync(join(share, name), content);
    writeFileSync(
      join(project.root, 'seeds', 'user_apartments.csv'),
      `user_email,apartment_id\n${address.toLowerCase()},jimmy\nJeremie.${id}@example.com,jeremie\n`,
    );
    mkdirSync(join(project.root, 'models', 'bi'));
    writeFileSync(
      join(project.root, 'models', 'bi', 'energy.sql'),
      '{{config materialized="view" schema="bi"}}\nselect * from {{ref "fact_energy_minute"}}\n',
    );
    await init();
    await cli(['load', 'sensors', '--full']);
    await cli(['build']);
    admin = new pg.Client({ connectionString: Object.assign(new URL(server), { pathname: `/${database}` }).href });
    await admin.connect();
    await admin.query(`create role ${logins.jimmy} login in role ${jimmy}`);
    await admin.query(`create role ${logins.both} login noinherit in role ${jimmy}, ${jeremie}`);
    await admin.query(`grant connect on database ${database} to ${logins.both}`);
    await admin.query(`create role ${logins.none} login in role ${app}_reader`);
    await admin.query(`create role ${logins.stranger} login`);
    await admin.query(`create role "${address}" login in role ${app}_reader`);
    // A role gets its policies from the next build on.
    await cli(['build']);
    await as(app, async (client) => {
      await client.query('create view gold.by_hand as select * from gold.fact_energy_minute');
      await client.query(
        'create view gold.names_by_hand with (security_barrier) as select name from gold.dim_apartment',
      );
    });
    const { rows } = await admin.query<{ apartment_id: string; apartment_key: number }>(
      'select * from gold.dim_apartment',
    );
    keys.own = rows.find((row) => row.apartment_id === 'jimmy')?.apartment_key ?? 0;
    keys.other = rows.find((row) => row.apartment_id === 'jeremie')?.apartment_key ?? 0;
  });

  afterAll(async () => {
    await admin?.end();
    const cleaner = new pg.Client({ connectionString: server });
    await cleaner.connect();
    await cleaner.query(`drop database if exists ${database} with (force)`);
    const roles = [
      ...Object.values(logins),
      bi,
      boss,
      jimmy,
      jeremie,
      jimmy.replace('jimmy', 'third'),
      `${app}_reader`,
      app,
    ];
    for (const role of roles) await cleaner.query(`drop role if exists "${role}"`);
    await cleaner.end();
    project.dispose();
    rmSync(share, { recursive: true, force: true });
  });

  it('is all rows of both apartments for who builds and for the administrators', async () => {
    const all = await rowsSeenBy(app);
    expect(all).toMatchObject({ dim_apartment: 2, dim_user_apartment_map: 2 });
    expect(all.fact_energy_minute).toBeGreaterThan(100);
    const { rows } = await admin.query('select count(*)::int as n from gold.fact_energy_minute');
    expect(rows).toEqual([{ n: all.fact_energy_minute }]);
    expect(await rowsSeenBy(bi)).toEqual(all);
  });

  it('is exactly the own rows for the role of an apartment and for a login whose name is an address', async () => {
    const own = await rowsSeenBy(app, keys.own);
    const other = await rowsSeenBy(app, keys.other);
    for (const table of tables()) {
      // Nothing is predicted here, and no day is over.
      if (!/^(outlook_day|fact_prediction|fact_model_)/.test(table))
        expect([table, own[table], other[table]]).not.toContain(0);
    }
    expect(await rowsSeenBy(logins.jimmy)).toEqual(own);
    expect(await rowsSeenBy(address)).toEqual(own);
    const shown = async (view: string) =>
      (await as(logins.jimmy, (client) => client.query(`select count(*)::int as n from ${view}`))).rows[0]?.n;
    expect(await shown('bi.energy')).toBe(own.fact_energy_minute);
    // With its owner's rights a view shows nobody else anything.
    expect(await shown('gold.by_hand')).toBe(0);
  });

  it('is nothing for who reads without a role, and no entrance for anybody else', async () => {
    const seen = await rowsSeenBy(logins.none);
    expect(Object.values(seen)).toEqual(tables().map(() => 0));
    await expect(as(logins.stranger, (client) => client.query('select 1'))).rejects.toMatchObject({ code: '42501' });
  });

  it.each(attempts)('does not grow by trying: $name', async ({ sql, sees, refused }) => {
    const names: Readonly<Record<string, string | number>> = { ...keys, app, jimmy, jeremie, admin: boss };
    const statement = sql.replace(/\{(\w+)\}/g, (_match, name: string) => String(names[name]));
    const outcome = await as(logins.jimmy, (client) =>
      client.query<Record<string, unknown>>(statement).then(
        (result) => {
          const last = Array.isArray(result) ? (result as pg.QueryResult[]).at(-1) : result;
          return { sees: Object.values(last?.rows[0] ?? {})[0] };
        },
        (error: pg.DatabaseError) => ({ refused: error.code, said: error.message }),
      ),
    );
    expect(outcome).toEqual(
      refused === undefined ? { sees } : { refused, said: expect.not.stringContaining('Jérémie') },
    );
  });

  it('is not shown by a plan', async () => {
    const sql = `explain (analyze, verbose, format json) select * from gold.dim_apartment where apartment_key = ${keys.other}`;
    const { rows } = await as(logins.jimmy, (client) => client.query(sql));
    expect(JSON.stringify(rows)).toContain('dim_apartment');
    expect(JSON.stringify(rows)).not.toContain('Jérémie');
  });

  it('is not shown by what a guess makes the database read', async () => {
    const { rows: known } = await admin.query<{ minute: string; device: number; room: number }>(
      `select e.datetime_key as minute, e.device_key as device, p.room_key as room
       from gold.fact_energy_minute as e
       inner join gold.fact_presence_minute as p on p.datetime_key = e.datetime_key and p.apartment_key = e.apartment_key
       where e.apartment_key = ${keys.other} and e.power_w > 0
       limit 1`,
    );
    const { minute, device, room } = known[0] ?? { minute: '', device: 0, room: 0 };
    const guesses: readonly (readonly [string, readonly [string, string]])[] = [
      [
        `gold.fact_energy_minute where datetime_key = ${minute} and device_key = ${device}`,
        ['power_w > -1', 'power_w > 1e9'],
      ],
      [
        `gold.fact_presence_minute where datetime_key = ${minute} and room_key = ${room}`,
        ['presence_flag', 'not presence_flag'],
      ],
      [`gold.dim_apartment where apartment_id = 'jeremie'`, [`name >= ''`, `name < ''`]],
    ];
    await as(logins.jimmy, async (client) => {
      await client.query('set enable_seqscan = off; set enable_bitmapscan = off');
      const read = async (sql: string) => {
        // The first time catalogs are read as well.
        for (let time = 0; time < 3; time += 1) await client.query(sql);
        const plan = await client.query(`explain (analyze, buffers, timing off, summary off, format json) ${sql}`);
        // Counted anew from here on.
        await client.query('select pg_stat_force_next_flush()');
        await client.query('begin');
        await client.query(sql);
        const { rows: scans } = await client.query(
          'select relname, seq_scan, idx_scan from pg_stat_xact_user_tables where seq_scan + coalesce(idx_scan, 0) > 0 order by 1',
        );
        await client.query('commit');
        const { 'Shared Hit Blocks': hits, 'Rows Removed by Filter': removed } = plan.rows[0]['QUERY PLAN'][0].Plan;
        return { hits, removed, scans };
      };
      for (const [from, [one, other]] of guesses) {
        const said = await read(`select 1 from ${from} and ${one}`);
        expect(said.hits).toBeGreaterThan(0);
        expect(await read(`select 1 from ${from} and ${other}`), from).toEqual(said);
      }
    });
  });

  it('is the same for COPY', async () => {
    const copied = await as(logins.jimmy, (client) =>
      text(client.query(copyTo('copy gold.dim_room (apartment_key) to stdout'))),
    );
    expect(new Set(copied.trim().split('\n'))).toEqual(new Set([String(keys.own)]));
  });

  it('follows the role of the moment, also in statements that were prepared before', async () => {
    const seen = await as(logins.both, async (client) => {
      const counts: unknown[] = [];
      const ask = async (sql: string) => counts.push((await client.query(sql)).rows[0]?.keys);
      await client.query(`set role ${jeremie}`);
      await client.query('prepare p as select array_agg(distinct apartment_key) as keys from gold.dim_room');
      for (let time = 0; time < 7; time += 1) await client.query('execute p');
      await ask('execute p');
      await client.query(`set role ${jimmy}`);
      await ask('execute p');
      await ask('select array_agg(distinct apartment_key) as keys from gold.by_hand');
      await client.query('reset role');
      await expect(client.query('execute p')).rejects.toMatchObject({ code: '42501' });
      return counts;
    });
    expect(seen).toEqual([[keys.other], [keys.own], null]);
  });

  it('follows the login of the moment, also in statements that were prepared before', async () => {
    const client = new pg.Client({
      connectionString: Object.assign(new URL(server), { pathname: `/${database}` }).href,
    });
    await client.connect();
    const seen: unknown[] = [];
    for (const [index, login] of [app, logins.jimmy, bi, logins.none, logins.jimmy, app].entries()) {
      await client.query(`set session authorization ${login}`);
      if (index === 0) {
        await client.query('prepare t as select count(distinct apartment_key)::int as n from gold.dim_room');
        await client.query('prepare v as select count(distinct apartment_key)::int as n from gold.by_hand');
        await client.query('set plan_cache_mode = force_generic_plan');
      }
      for (const name of ['t', 'v'])
        seen.push(
          await client.query(`execute ${name}`).then(
            ({ rows }) => rows[0]?.n,
            (error: pg.DatabaseError) => error.code,
          ),
        );
    }
    await client.end();
    // Through a view with the owner's rights nobody but the owner sees anything.
    expect(seen).toEqual([2, 2, 1, 0, 2, 0, 0, 0, 1, 0, 2, 2]);
  });

  it('is guarded in every table of gold that has an apartment, and the others are known', async () => {
    const withKey = gold().flatMap(({ name, hasApartment }) => (hasApartment ? [name] : []));
    expect(tables()).toEqual(withKey);
    expect(
      gold()
        .map(({ name }) => name)
        .filter((name) => !withKey.includes(name))
        .sort(),
    ).toEqual(Object.keys(unprotected).sort());
    const { rows } = await admin.query<{ name: string }>(
      `select c.relname as name from pg_class as c
       where c.relnamespace = 'gold'::regnamespace and c.relkind = 'r' and c.relrowsecurity and c.relforcerowsecurity
           and (select count(*) from pg_policy as p where p.polrelid = c.oid and p.polname like 'datacycle\\_%') >= 4
       order by 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual([...withKey].sort());
  });

  it('is the same after further builds, which find nothing to change', async () => {
    const before = await rowsSeenBy(app);
    const policies = () => admin.query('select oid, polname from pg_policy order by oid').then(({ rows }) => rows);
    const made = await policies();
    await cli(['build']);
    await cli(['build', '--full-refresh']);
    expect(await rowsSeenBy(app)).toEqual(before);
    expect(await rowsSeenBy(logins.jimmy)).toEqual(await rowsSeenBy(app, keys.own));
    expect(await policies()).toEqual(made);
  });

  it('has a third apartment after one line, one row, init and a build', async () => {
    const file = join(project.root, 'project.yml');
    const second = /( +- \{ id: jeremie, .*\n)/;
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(
        second,
        '$1    - { id: third, owner: ThirdOwner, name: Third, weather_site: Sion }\n',
      ),
    );
    const seed = join(project.root, 'seeds', 'user_apartments.csv');
    writeFileSync(seed, `${readFileSync(seed, 'utf8')}${address},third\n`);
    await init();
    await cli(['build']);
    const third = jimmy.replace('jimmy', 'third');
    await admin.query(`grant ${third} to ${logins.none}`);
    const names = (user: string) =>
      as(user, (client) => client.query('select name from gold.dim_apartment order by name')).then(({ rows }) =>
        rows.map(({ name }) => name as string),
      );
    expect(await names(logins.none)).toEqual(['Third']);
    expect(await names(address)).toEqual(['Jimmy', 'Third']);
    expect(await names(logins.jimmy)).toEqual(['Jimmy']);
    expect(await names(bi)).toEqual(['Jimmy', 'Jérémie', 'Third']);
  });
});
