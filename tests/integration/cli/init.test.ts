import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { ensureState } from '../../../runner/state/schema.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import { Household, sampleMinutes } from '../main-job/household.ts';
import { ProjectCopy } from './command.ts';
import { catalogOf, outcomeOf, recorder, reportOf } from './init-report.ts';
import { InitServer, server } from './init-server.ts';
import { readersProject } from './small-files.ts';

describe.skipIf(server === '')('init on a server', () => {
  const on = new InitServer();
  const catalog = () => catalogOf(on.urlOf('postgres'), on.user, on.id, on.database);
  const withoutRights = (sql: string) => outcomeOf(on.urlOf(on.user, on.password), sql);

  it('takes what the server process of a killed init finishes in the meantime for what is there', async () => {
    const killed = new pg.Client({ connectionString: server });
    await killed.connect();
    try {
      await killed.query('begin');
      const { rows } = await killed.query<{ pid: number }>('select pg_backend_pid() as pid');
      await killed.query(`create role ${on.user} login password '${on.password}'`);
      await killed.query(`create role ${on.user}_reader nologin`);
      const repeated = on.init({ DB_URL: on.urlOf(on.user, on.password) });
      await expect
        .poll(async () => {
          const waiting = await on.admin.query('select from pg_stat_activity where $1 = any (pg_blocking_pids(pid))', [
            rows[0]?.pid,
          ]);
          return waiting.rowCount;
        })
        .toBe(1);
      await killed.query('commit');
      const report = reportOf(await repeated);
      expect(report.present).toEqual(expect.arrayContaining([`user ${on.user}`, `group ${on.user}_reader`]));
      expect(report.done).toContain(`database ${on.database}`);
    } finally {
      await killed.end();
    }
  });

  it('makes all that the whole project needs, and nothing more, and changes nothing the second time', async () => {
    const first = reportOf(
      await on.init({ DB_URL: on.urlOf(on.user, on.password).replace('postgres:', 'postgresql+psycopg2:') }),
    );
    expect(first.done).toEqual(
      expect.arrayContaining([
        `user ${on.user}`,
        `database ${on.database}`,
        'schema staging',
        'schema gold',
        'schema bi',
      ]),
    );
    expect(first.notices).toEqual([]);
    const before = await catalog();
    const second = reportOf(await on.init({ DB_URL: on.urlOf(on.user, on.password) }));
    expect(second.done).toEqual([]);
    expect([...second.present].sort()).toEqual([...first.done, ...first.present].sort());
    expect(await catalog()).toBe(before);

    const warehouse = await openWarehouse({
      url: on.urlOf(on.user, on.password),
      folder: '',
      purpose: 'test',
      concurrency: 4,
    });
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

    expect(await withoutRights(`create database ${on.database}_2`)).toBe('42501');
    expect(await withoutRights(`create role ${on.user}_guest`)).toBe('42501');
    expect(await withoutRights('create extension pg_trgm')).toBe('42501');
    expect(await withoutRights('create schema more')).toBe('42501');
    expect(await withoutRights('create table public.t (x int)')).toBe('42501');
    expect(await withoutRights('create table gold.t (x int)')).toBe('done');

    // Who is in the group reads gold, not silver; who is not does not even get in.
    await on.admin.query(`create role ${on.user}_guest login`);
    const guest = async (sql: string) => {
      const client = new pg.Client({ connectionString: on.urlOf(`${on.user}_guest`) });
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
    await on.admin.query(`grant ${on.user}_reader to ${on.user}_guest`);
    expect(await guest('select * from gold.fact_energy_minute limit 1')).toBe('done');
    expect(await guest('select * from silver.sensor_events limit 1')).toBe('42501');
    expect(await guest('select * from staging.file limit 1')).toBe('42501');
    expect(await guest('insert into gold.dim_tariff default values')).toBe('42501');
  });

  it('makes and uses a database of any name', async () => {
    const odd = `${on.database}a+b@c%d&e,f;g$h:i/j k"l'mé`;
    const url = on.urlOf(on.user, on.password, encodeURIComponent(odd).replace('%2B', '+'));
    try {
      expect(reportOf(await on.init({ DB_URL: url })).done).toContain(`database ${odd}`);
      expect(reportOf(await on.init({ DB_URL: url })).done).toEqual([]);
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
      await on.admin.query(`drop database if exists ${on.admin.escapeIdentifier(odd)} with (force)`);
    }
  });

  it('does with an administrator who is no superuser', async () => {
    await on.admin.query(`create role ${on.user}_boss login createdb createrole`);
    const env = { DB_URL: on.urlOf(on.user, on.password), DB_ADMIN_URL: on.urlOf(`${on.user}_boss`, '', 'postgres') };
    const first = reportOf(await on.init(env));
    expect(first.notices).toEqual([]);
    const before = await catalog();
    expect(reportOf(await on.init(env)).done).toEqual([]);
    expect(await catalog()).toBe(before);
    const { rows } = await on.admin.query(
      `select 1 from pg_auth_members where roleid = (select oid from pg_roles where rolname = $1)`,
      [on.user],
    );
    expect(rows).toEqual([]);
    const warehouse = await openWarehouse({ url: env.DB_URL, folder: '', purpose: 'test', concurrency: 2 });
    await ensureStaging(warehouse);
    await warehouse.query('create table silver.t (x int)');
    await warehouse.close();
    // The owner of the database is who made it, so that cleaning up takes two steps.
    await on.admin.query(`drop database ${on.database} with (force)`);
  });

  it('never sends the password, and shows it nowhere', async () => {
    const sent: Buffer[] = [];
    const proxy = await recorder(server, sent);
    const port = (proxy.address() as { port: number }).port;
    const through = (url: string) => Object.assign(new URL(url), { port: String(port) }).href;
    const env = {
      DB_URL: through(on.urlOf(on.user, on.password)),
      DB_ADMIN_URL: through(server),
      BI_PASSWORD: on.password,
    };
    const outcomes = [
      await on.init(env),
      await on.init(env, '--rotate-password'),
      await on.project.run(['init', '--debug'], { ...env, DB_URL: through(on.urlOf(on.user, `${on.password}-wrong`)) }),
    ];
    await new Promise((resolve) => proxy.close(resolve));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 2]);
    const traffic = Buffer.concat(sent).toString('latin1');
    expect(traffic).toContain('SCRAM-SHA-256$4096:');
    const forms = [on.password, encodeURIComponent(on.password), 'Hush-hush'].map((text) =>
      Buffer.from(text).toString('latin1'),
    );
    for (const form of forms) expect(traffic).not.toContain(form);
    for (const { stdout, stderr } of outcomes) expect(stdout + stderr).not.toContain('Hush-hush');
  });

  it('is what a load and a build ask for', async () => {
    await on.admin.query(`create role ${on.user}_guest login`);
    await on.admin.query(`create database ${on.database}`);
    const warehouse = await openWarehouse({
      url: on.urlOf(`${on.user}_guest`),
      folder: '',
      purpose: 'test',
      concurrency: 1,
    });
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

  it('notices another password before it touches anything, and rotates it when asked to', async () => {
    reportOf(await on.init({ DB_URL: on.urlOf(on.user, 'the old one') }));
    const before = await catalog();
    const wrong = await on.project.run(['init'], { DB_URL: on.urlOf(on.user, on.password), DB_ADMIN_URL: server });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('with another password than DB_URL');
    expect(wrong.stderr).toContain('--rotate-password');
    expect(await catalog()).toBe(before);
    const rotated = reportOf(await on.init({ DB_URL: on.urlOf(on.user, on.password) }, '--rotate-password'));
    expect(rotated.done).toEqual([`password of ${on.user}`, `password of ${on.readers[0]}`]);
    expect(await withoutRights('select 1')).toBe('done');
  });

  it.each([
    ['a superuser', 'superuser', 'superuser'],
    ['who may create databases', 'createdb', 'createdb'],
    ['who may create users', 'createrole', 'createrole'],
    ['who passes row security', 'bypassrls', 'bypassrls'],
  ])('refuses a user %s', async (_name, right, shown) => {
    await on.admin.query(`create role ${on.user}_guest login ${right}`);
    const { code, stderr } = await on.project.run(['init'], {
      DB_URL: on.urlOf(`${on.user}_guest`),
      DB_ADMIN_URL: server,
    });
    expect(code).toBe(2);
    expect(stderr).toContain(`more rights than an application should: ${shown}`);
    expect(stderr).toContain('Choose another user');
    const { rows } = await on.admin.query('select 1 from pg_database where datname = $1', [on.database]);
    expect(rows).toEqual([]);
  });

  it('refuses a user that can become a superuser, and a group', async () => {
    await on.admin.query(`create role ${on.user}_boss superuser`);
    await on.admin.query(`create role ${on.user}_guest login in role ${on.user}_boss`);
    const member = await on.project.run(['init'], { DB_URL: on.urlOf(`${on.user}_guest`), DB_ADMIN_URL: server });
    expect(member.code).toBe(2);
    expect(member.stderr).toContain(`is a member of ${on.user}_boss, which has more rights`);
    await on.admin.query(`alter role ${on.user}_boss nosuperuser`);
    const group = await on.project.run(['init'], { DB_URL: on.urlOf(`${on.user}_boss`), DB_ADMIN_URL: server });
    expect(group.code).toBe(2);
    expect(group.stderr).toContain('it cannot log in');
  });

  it('creates a schema that the project names later, which a build asks for', async () => {
    const env = { DB_URL: on.urlOf(on.user, on.password), DB_ADMIN_URL: server, BI_PASSWORD: on.password };
    reportOf(await on.init(env));
    const later = new ProjectCopy({
      ...readersProject,
      'models/extra/one.sql': '{{config materialized="table" schema="later"}}\nselect 1 as id\n',
    });
    later.nameRoles(`init_${on.id}_role`);
    try {
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
