import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { ensureState } from '../../../runner/state/schema.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import { Household, sampleMinutes } from '../main-job/household.ts';
import { ProjectCopy } from './command.ts';
import { catalogOf, outcomeOf, type Report, recorder, reportOf } from './init-report.ts';

const server = process.env.TEST_DB_URL ?? '';
const password = `Hush-hush/${randomBytes(6).toString('hex')}@é`;
const project = new ProjectCopy();
afterAll(() => project.dispose());

describe.skipIf(server === '')('init on a server', () => {
  const id = randomBytes(4).toString('hex');
  const readers = project.nameRoles(`init_${id}_role`);
  let user: string;
  let database: string;
  let admin: pg.Client;
  let count = 0;

  function urlOf(name: string, secret = '', at = database): string {
    return Object.assign(new URL(server), { username: name, password: encodeURIComponent(secret), pathname: `/${at}` })
      .href;
  }
  const init = (env: Readonly<Record<string, string>>, ...args: string[]) =>
    project.run(['init', '--log-format', 'json', ...args], { DB_ADMIN_URL: server, BI_PASSWORD: password, ...env });

  beforeAll(async () => {
    admin = new pg.Client({ connectionString: server });
    await admin.connect();
    // The users of these tests have to give their passwords.
    const { rows } = await admin.query<{ file: string }>(`select current_setting('hba_file') as file`);
    const file = rows[0]?.file ?? '';
    const lines = Array.from({ length: 20 }, (_, n) => `host all init_${id}_${n} 127.0.0.1/32 scram-sha-256\n`);
    writeFileSync(file, lines.join('') + readFileSync(file, 'utf8'));
    await admin.query('select pg_reload_conf()');
  });

  afterAll(() => admin.end());

  beforeEach(() => {
    user = `init_${id}_${count}`;
    database = `init_${id}_db_${count}`;
    count += 1;
  });

  afterEach(async () => {
    await admin.query(`drop database if exists ${database} with (force)`);
    for (const role of [...readers, user, `${user}_reader`, `${user}_boss`, `${user}_guest`])
      await admin.query(`drop role if exists ${role}`);
  });

  const catalog = () => catalogOf(urlOf('postgres'), user, id, database);
  const withoutRights = (sql: string) => outcomeOf(urlOf(user, password), sql);

  it('takes what the server process of a killed init finishes in the meantime for what is there', async () => {
    const killed = new pg.Client({ connectionString: server });
    await killed.connect();
    try {
      await killed.query('begin');
      const { rows } = await killed.query<{ pid: number }>('select pg_backend_pid() as pid');
      await killed.query(`create role ${user} login password '${password}'`);
      await killed.query(`create role ${user}_reader nologin`);
      const repeated = init({ DB_URL: urlOf(user, password) });
      await expect
        .poll(
          async () => {
            const waiting = await admin.query('select from pg_stat_activity where $1 = any (pg_blocking_pids(pid))', [
              rows[0]?.pid,
            ]);
            return waiting.rowCount;
          },
          { timeout: 20_000 },
        )
        .toBe(1);
      await killed.query('commit');
      const report = reportOf(await repeated);
      expect(report.present).toEqual(expect.arrayContaining([`user ${user}`, `group ${user}_reader`]));
      expect(report.done).toContain(`database ${database}`);
    } finally {
      await killed.end();
    }
  });

  it('makes all that the whole project needs, and nothing more, and changes nothing the second time', async () => {
    const first = reportOf(await init({ DB_URL: urlOf(user, password).replace('postgres:', 'postgresql+psycopg2:') }));
    expect(first.done).toEqual(
      expect.arrayContaining([`user ${user}`, `database ${database}`, 'schema staging', 'schema gold', 'schema bi']),
    );
    expect(first.notices).toEqual([]);
    const before = await catalog();
    const second = reportOf(await init({ DB_URL: urlOf(user, password) }));
    expect(second.done).toEqual([]);
    expect([...second.present].sort()).toEqual([...first.done, ...first.present].sort());
    expect(await catalog()).toBe(before);

    const warehouse = await openWarehouse({ url: urlOf(user, password), folder: '', purpose: 'test', concurrency: 4 });
    const household = new Household(warehouse);
    try {
      household.put(sampleMinutes('12.10.2023', (minute) => minute < 5));
      expect((await household.load()).landed).toBe(10);
      const { ok } = await household.build();
      expect(ok).toBe(true);
      expect(await household.rows('select count(*)::int as n from gold.fact_energy_minute')).not.toEqual([{ n: 0 }]);
    } finally {
      household.dispose();
      await warehouse.close();
    }

    expect(await withoutRights(`create database ${database}_2`)).toBe('42501');
    expect(await withoutRights(`create role ${user}_guest`)).toBe('42501');
    expect(await withoutRights('create extension pg_trgm')).toBe('42501');
    expect(await withoutRights('create schema more')).toBe('42501');
    expect(await withoutRights('create table public.t (x int)')).toBe('42501');
    expect(await withoutRights('create table gold.t (x int)')).toBe('done');

    // Who is in the group reads gold, not silver; who is not does not even get in.
    await admin.query(`create role ${user}_guest login`);
    const guest = async (sql: string) => {
      const client = new pg.Client({ connectionString: urlOf(`${user}_guest`) });
      return client
        .connect()
        .then(() => client.query(sql))
        .then(
          () => 'done',
          (error: pg.DatabaseError) => String(error.code),
        )
        .finally(() => client.end());
    };
    expect(await guest('select 1')).toBe('42501');
    await admin.query(`grant ${user}_reader to ${user}_guest`);
    expect(await guest('select * from gold.fact_energy_minute limit 1')).toBe('done');
    expect(await guest('select * from silver.sensor_events limit 1')).toBe('42501');
    expect(await guest('select * from staging.file limit 1')).toBe('42501');
    expect(await guest('insert into gold.dim_tariff default values')).toBe('42501');
  });

  it('makes and uses a database of any name', async () => {
    const odd = `${database}a+b@c%d&e,f;g$h:i/j k"l'mé`;
    const url = urlOf(user, password, encodeURIComponent(odd).replace('%2B', '+'));
    try {
      expect(reportOf(await init({ DB_URL: url })).done).toContain(`database ${odd}`);
      expect(reportOf(await init({ DB_URL: url })).done).toEqual([]);
      const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 2 });
      const household = new Household(warehouse);
      try {
        household.put(sampleMinutes('12.10.2023', (minute) => minute < 2));
        expect((await household.load()).landed).toBe(4);
        const { rows } = await warehouse.query('select current_database() as name');
        expect(rows).toEqual([{ name: odd }]);
      } finally {
        household.dispose();
        await warehouse.close();
      }
    } finally {
      await admin.query(`drop database if exists ${admin.escapeIdentifier(odd)} with (force)`);
    }
  });

  it('does with an administrator who is no superuser', async () => {
    await admin.query(`create role ${user}_boss login createdb createrole`);
    const env = { DB_URL: urlOf(user, password), DB_ADMIN_URL: urlOf(`${user}_boss`, '', 'postgres') };
    const first = reportOf(await init(env));
    expect(first.notices).toEqual([]);
    const before = await catalog();
    expect(reportOf(await init(env)).done).toEqual([]);
    expect(await catalog()).toBe(before);
    const { rows } = await admin.query(
      `select 1 from pg_auth_members where roleid = (select oid from pg_roles where rolname = $1)`,
      [user],
    );
    expect(rows).toEqual([]);
    const warehouse = await openWarehouse({ url: env.DB_URL, folder: '', purpose: 'test', concurrency: 2 });
    await ensureStaging(warehouse);
    await warehouse.query('create table silver.t (x int)');
    await warehouse.close();
    // The owner of the database is who made it, so that cleaning up takes two steps.
    await admin.query(`drop database ${database} with (force)`);
  });

  it('never sends the password, and shows it nowhere', async () => {
    const sent: Buffer[] = [];
    const proxy = await recorder(server, sent);
    const port = (proxy.address() as { port: number }).port;
    const through = (url: string) => Object.assign(new URL(url), { port: String(port) }).href;
    const env = { DB_URL: through(urlOf(user, password)), DB_ADMIN_URL: through(server), BI_PASSWORD: password };
    const outcomes = [
      await init(env),
      await init(env, '--rotate-password'),
      await project.run(['init', '--debug'], { ...env, DB_URL: through(urlOf(user, `${password}-wrong`)) }),
    ];
    await new Promise((resolve) => proxy.close(resolve));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 2]);
    const traffic = Buffer.concat(sent).toString('latin1');
    expect(traffic).toContain('SCRAM-SHA-256$4096:');
    const forms = [password, encodeURIComponent(password), 'Hush-hush'].map((text) =>
      Buffer.from(text).toString('latin1'),
    );
    for (const form of forms) expect(traffic).not.toContain(form);
    for (const { stdout, stderr } of outcomes) expect(stdout + stderr).not.toContain('Hush-hush');
  });

  it('is what a load and a build ask for', async () => {
    await admin.query(`create role ${user}_guest login`);
    await admin.query(`create database ${database}`);
    const warehouse = await openWarehouse({ url: urlOf(`${user}_guest`), folder: '', purpose: 'test', concurrency: 1 });
    for (const [schema, ensure] of [
      ['staging', () => ensureStaging(warehouse)],
      ['datacycle', () => ensureState(warehouse)],
    ] as const) {
      await expect(ensure()).rejects.toThrow(
        expect.objectContaining({
          message: `the schema ${schema} does not exist, and this user may not create it`,
          hint: expect.stringContaining('datacycle init'),
        }),
      );
    }
    await warehouse.close();
  });

  it('makes roles that read, and leaves the login of Power BI out while it has no password', async () => {
    const env = { DB_URL: urlOf(user, password), BI_PASSWORD: '' };
    const [login = '', boss = '', jimmy = '', jeremie = ''] = readers;
    const first = reportOf(await init(env));
    expect(first.done).toEqual(
      expect.arrayContaining([jimmy, jeremie, boss].flatMap((role) => [`group ${role}`, `${role} in ${user}_reader`])),
    );
    expect(first.notices).toEqual([
      `There is no user ${login} for Power BI yet: put a password for it into BI_PASSWORD and run init again.`,
    ]);
    const second = reportOf(await init({ ...env, BI_PASSWORD: password }));
    expect(second.done).toEqual([
      `user ${login}`,
      `${login} in ${boss}`,
      `default_transaction_read_only for ${login}`,
      `statement_timeout for ${login}`,
    ]);
    const bi = new pg.Client({ connectionString: urlOf(login, password) });
    await bi.connect();
    expect((await bi.query('show default_transaction_read_only')).rows).toEqual([
      { default_transaction_read_only: 'on' },
    ]);
    expect((await bi.query('select rolconnlimit from pg_roles where rolname = current_user')).rows).toEqual([
      { rolconnlimit: 20 },
    ]);
    await bi.end();
    // What somebody set otherwise stays.
    await admin.query(`alter role ${login} connection limit 50`);
    await admin.query(`alter role ${login} set statement_timeout = '1h'`);
    expect(reportOf(await init({ ...env, BI_PASSWORD: password })).done).toEqual([]);
  });

  it.each([
    ['a superuser', 'superuser', 'has rights over the server (superuser)'],
    ['who passes row security', 'bypassrls', 'has rights over the server (bypassrls)'],
    ['that logs in', 'login', 'can log in, though it should be a group'],
    ['that reads all data', 'in role pg_read_all_data', 'is a member of pg_read_all_data'],
  ])('refuses a role for reading %s', async (_name, right, shown) => {
    await admin.query(`create role ${readers[2]} ${right}`);
    const { code, stderr } = await project.run(['init'], { DB_URL: urlOf(user, password), DB_ADMIN_URL: server });
    expect(code).toBe(2);
    expect(stderr).toContain(`the role ${readers[2]}, which is to read and do nothing else, is there and ${shown}`);
    expect(stderr).toContain('choose other names in vars.access');
  });

  it('says whom a role that was there already lets in, once', async () => {
    const jimmy = readers[2] ?? '';
    await admin.query(`create role ${user}_guest`);
    await admin.query(`create role ${jimmy}`);
    await admin.query(`grant ${jimmy} to ${user}_guest`);
    const told = (report: Report) => report.notices.filter((notice) => notice.includes('has members'));
    const [notice, ...others] = told(reportOf(await init({ DB_URL: urlOf(user, password) })));
    expect(notice).toContain(`The role ${jimmy} was there already and has members`);
    expect(notice).toContain(`: ${user}_guest. If`);
    expect(others).toEqual([]);
    expect(told(reportOf(await init({ DB_URL: urlOf(user, password) })))).toEqual([]);
  });

  it('refuses a role for reading that is a member of the application or of another apartment', async () => {
    reportOf(await init({ DB_URL: urlOf(user, password) }));
    const [login, boss, jimmy, jeremie] = readers;
    await admin.query(`grant ${jeremie} to ${jimmy}`);
    await admin.query(`grant ${user} to ${login}`);
    const refused = async () => (await init({ DB_URL: urlOf(user, password) })).stdout;
    expect(await refused()).toContain(`is a member of ${jeremie}`);
    await admin.query(`revoke ${jeremie} from ${jimmy}`);
    expect(await refused()).toContain(`is a member of ${user}`);
    await admin.query(`revoke ${user} from ${login}`);
    await admin.query(`alter role ${boss} createdb`);
    expect(await refused()).toContain('has rights over the server (createdb)');
  });

  it('notices another password before it touches anything, and rotates it when asked to', async () => {
    reportOf(await init({ DB_URL: urlOf(user, 'the old one') }));
    const before = await catalog();
    const wrong = await project.run(['init'], { DB_URL: urlOf(user, password), DB_ADMIN_URL: server });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('with another password than DB_URL');
    expect(wrong.stderr).toContain('--rotate-password');
    expect(await catalog()).toBe(before);
    const rotated = reportOf(await init({ DB_URL: urlOf(user, password) }, '--rotate-password'));
    expect(rotated.done).toEqual([`password of ${user}`, `password of ${readers[0]}`]);
    expect(await withoutRights('select 1')).toBe('done');
  });

  it.each([
    ['a superuser', 'superuser', 'superuser'],
    ['who may create databases', 'createdb', 'createdb'],
    ['who may create users', 'createrole', 'createrole'],
    ['who passes row security', 'bypassrls', 'bypassrls'],
  ])('refuses a user %s', async (_name, right, shown) => {
    await admin.query(`create role ${user}_guest login ${right}`);
    const { code, stderr } = await project.run(['init'], { DB_URL: urlOf(`${user}_guest`), DB_ADMIN_URL: server });
    expect(code).toBe(2);
    expect(stderr).toContain(`more rights than an application should: ${shown}`);
    expect(stderr).toContain('Choose another user');
    const { rows } = await admin.query('select 1 from pg_database where datname = $1', [database]);
    expect(rows).toEqual([]);
  });

  it('refuses a user that can become a superuser, and a group', async () => {
    await admin.query(`create role ${user}_boss superuser`);
    await admin.query(`create role ${user}_guest login in role ${user}_boss`);
    const member = await project.run(['init'], { DB_URL: urlOf(`${user}_guest`), DB_ADMIN_URL: server });
    expect(member.code).toBe(2);
    expect(member.stderr).toContain(`is a member of ${user}_boss, which has more rights`);
    await admin.query(`alter role ${user}_boss nosuperuser`);
    const group = await project.run(['init'], { DB_URL: urlOf(`${user}_boss`), DB_ADMIN_URL: server });
    expect(group.code).toBe(2);
    expect(group.stderr).toContain('it cannot log in');
  });

  it('creates a schema that the project names later, which a build asks for', async () => {
    const env = { DB_URL: urlOf(user, password), DB_ADMIN_URL: server, BI_PASSWORD: password };
    reportOf(await init(env));
    const later = new ProjectCopy();
    later.nameRoles(`init_${id}_role`);
    try {
      mkdirSync(join(later.root, 'models', 'extra'));
      writeFileSync(
        join(later.root, 'models', 'extra', 'one.sql'),
        '{{config materialized="table" schema="later"}}\nselect 1 as id\n',
      );
      const refused = await later.run(['build', '-s', 'one'], { DB_URL: env.DB_URL });
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('the schema "later" does not exist, and this user may not create it');
      expect(refused.stderr).toContain('datacycle init');
      expect(reportOf(await later.run(['init', '--log-format', 'json'], env)).done).toEqual(['schema later']);
      expect((await later.run(['build', '-s', 'one'], { DB_URL: env.DB_URL })).code).toBe(0);
    } finally {
      later.dispose();
    }
  });
});

/** Passes bytes on to the server and keeps what is sent to it. */
