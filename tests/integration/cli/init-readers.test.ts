import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { type Report, reportOf } from './init-report.ts';
import { InitServer, server } from './init-server.ts';
import { readersProject } from './small-files.ts';

describe.skipIf(server === '')('the roles that read, which init creates on a server', () => {
  const on = new InitServer(readersProject);
  it('makes roles that read, and leaves the login of Power BI out while it has no password', async () => {
    const env = { DB_URL: on.urlOf(on.user, on.password), BI_PASSWORD: '' };
    const [login = '', boss = '', jimmy = '', jeremie = ''] = on.readers;
    const first = reportOf(await on.init(env));
    expect(first.done).toEqual(
      expect.arrayContaining(
        [jimmy, jeremie, boss].flatMap((role) => [`group ${role}`, `${role} in ${on.user}_reader`]),
      ),
    );
    expect(first.notices).toEqual([
      `There is no user ${login} for Power BI yet: put a password for it into BI_PASSWORD and run init again.`,
    ]);
    const second = reportOf(await on.init({ ...env, BI_PASSWORD: on.password }));
    expect(second.done).toEqual([
      `user ${login}`,
      `${login} in ${boss}`,
      `default_transaction_read_only for ${login}`,
      `statement_timeout for ${login}`,
    ]);
    const bi = new pg.Client({ connectionString: on.urlOf(login, on.password) });
    await bi.connect();
    expect((await bi.query('show default_transaction_read_only')).rows).toEqual([
      { default_transaction_read_only: 'on' },
    ]);
    expect((await bi.query('select rolconnlimit from pg_roles where rolname = current_user')).rows).toEqual([
      { rolconnlimit: 20 },
    ]);
    await bi.end();
    // What was set by hand stays.
    await on.admin.query(`alter role ${login} connection limit 50`);
    await on.admin.query(`alter role ${login} set statement_timeout = '1h'`);
    expect(reportOf(await on.init({ ...env, BI_PASSWORD: on.password })).done).toEqual([]);
  });

  it.each([
    ['a superuser', 'superuser', 'has rights over the server (superuser)'],
    ['who passes row security', 'bypassrls', 'has rights over the server (bypassrls)'],
    ['that logs in', 'login', 'can log in, though it should be a group'],
    ['that reads all data', 'in role pg_read_all_data', 'is a member of pg_read_all_data'],
  ])('refuses a role for reading %s', async (_name, right, shown) => {
    await on.admin.query(`create role ${on.readers[2]} ${right}`);
    const { code, stderr } = await on.project.run(['init'], {
      DB_URL: on.urlOf(on.user, on.password),
      DB_ADMIN_URL: server,
    });
    expect(code).toBe(2);
    expect(stderr).toContain(`the role ${on.readers[2]}, which is to read and do nothing else, is there and ${shown}`);
    expect(stderr).toContain('choose other names in vars.access');
  });

  it('says whom a role that was there already lets in, once', async () => {
    const jimmy = on.readers[2] ?? '';
    await on.admin.query(`create role ${on.user}_guest`);
    await on.admin.query(`create role ${jimmy}`);
    await on.admin.query(`grant ${jimmy} to ${on.user}_guest`);
    const told = (report: Report) => report.notices.filter((notice) => notice.includes('has members'));
    const [notice, ...others] = told(reportOf(await on.init({ DB_URL: on.urlOf(on.user, on.password) })));
    expect(notice).toContain(`The role ${jimmy} was there already and has members`);
    expect(notice).toContain(`: ${on.user}_guest. If`);
    expect(others).toEqual([]);
    expect(told(reportOf(await on.init({ DB_URL: on.urlOf(on.user, on.password) })))).toEqual([]);
  });

  it('refuses a role for reading that is a member of the application or of another apartment', async () => {
    reportOf(await on.init({ DB_URL: on.urlOf(on.user, on.password) }));
    const [login, boss, jimmy, jeremie] = on.readers;
    await on.admin.query(`grant ${jeremie} to ${jimmy}`);
    await on.admin.query(`grant ${on.user} to ${login}`);
    const refused = async () => (await on.init({ DB_URL: on.urlOf(on.user, on.password) })).stdout;
    expect(await refused()).toContain(`is a member of ${jeremie}`);
    await on.admin.query(`revoke ${jeremie} from ${jimmy}`);
    expect(await refused()).toContain(`is a member of ${on.user}`);
    await on.admin.query(`revoke ${on.user} from ${login}`);
    await on.admin.query(`alter role ${boss} createdb`);
    expect(await refused()).toContain('has rights over the server (createdb)');
  });
});
