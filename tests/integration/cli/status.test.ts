import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judge } from '../../../cli/status/freshness.ts';
import type { Status } from '../../../cli/status/status.ts';
import { recordFailure, recordSuccess } from '../../../loaders/landing/attempt.ts';
import { startSsh2Server } from '../../servers/ssh2-server.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { document, fileName } from '../loaders/sensor-share.ts';
import { forecastFile, WeatherShare } from '../loaders/weather-share.ts';
import { writeSettled } from '../settled-file.ts';
import { ProjectCopy } from './command.ts';
import { smallProject } from './small-files.ts';

/** A file's minute is in its name: 24.08.2023 0010_JimmyLoup_received.json. */
const minute = `to_timestamp(left(name, 15), 'DD.MM.YYYY HH24MI')::timestamp at time zone 'UTC'`;
const files = {
  ...smallProject,
  'models/minutes.sql': `{{config materialized="table"}}
select name, max(${minute}) as read_at from {{ref "readings"}} group by name
`,
};

describe.each(databases.filter(({ name }) => name === 'PostgreSQL'))('datacycle status, on $name', ({ open }) => {
  let db: TestDatabase;
  let project: ProjectCopy;
  let env: Record<string, string>;
  beforeEach(async () => {
    db = await open();
    project = new ProjectCopy(files);
    env = { DB_URL: db.url ?? '', SMB_PATH: join(project.root, 'share'), BRONZE_ROOT: join(project.root, 'bronze') };
    mkdirSync(join(project.root, 'share'));
  });
  afterEach(async () => {
    project.dispose();
    await db.drop();
  });

  const status = async () => {
    const outcome = await project.run(['status', '--log-format', 'json'], env);
    expect(outcome.stdout.trim().split('\n'), outcome.stderr).toHaveLength(1);
    return { code: outcome.code, found: JSON.parse(outcome.stdout) as Status & { type: string } };
  };
  const setFreshness = (text: string) => {
    appendFileSync(join(project.root, 'project.yml'), `freshness:\n${text}`);
  };

  it('of a database with nothing in it: nothing needs a person', async () => {
    setFreshness('  sensors: { warn_after: 15 minutes }\n  total: { error_after: 1 hour }\n');
    const { code, found } = await status();
    expect(code).toBe(0);
    expect(found).toMatchObject({ type: 'status', sources: [], runs: [], watcher: null, problems: [] });
    expect(found.freshness.map(({ level }) => level)).toEqual(['unused', 'unused']);
    expect(found.tables.find(({ name }) => name === 'readings')).toMatchObject({ rows: null });
    const text = await project.run(['status'], env);
    expect(text.stdout).toContain('Nothing has been loaded yet: datacycle load');
    expect(text.stdout).toContain('Nothing needs a person.');
    expect(found.settings).toEqual([]);
  });

  it('names settings of another program and what replaces them', async () => {
    env = { ...env, DELETE_BRONZE: 'false', PREDICTIONS_DAY: '1' };
    const { code, found } = await status();
    expect(code).toBe(0);
    expect(found.settings.map(({ name }) => name)).toEqual(['PREDICTIONS_DAY', 'DELETE_BRONZE']);
    expect((await project.run(['status'], env)).stdout).toMatch(/DELETE_BRONZE +.*BRONZE_RETENTION_DAYS/);
  });

  it('names what could not be read at a source, until it can', async () => {
    const server = await startSsh2Server('tiger', { asks: ['Password: '] });
    const share = new WeatherShare(server);
    env = {
      ...env,
      SFTP_HOST: '127.0.0.1',
      SFTP_PORT: String(server.port),
      SFTP_USER: server.user,
      SFTP_PASSWORD: 'tiger',
      SFTP_PATH: share.folder,
      SFTP_HOST_KEY: server.fingerprint,
    };
    setFreshness('  total: { error_after: 1 hour }\n');
    try {
      share.put('Pred_2023-10-01.csv', forecastFile('2023-10-01'));
      symlinkSync('later', join(share.folder, 'Pred_2023-10-02.csv'));
      expect((await project.run(['load', 'weather'], env)).code).toBe(0);
      const { code, found } = await status();
      const problem = 'could not be read: Pred_2023-10-02.csv: it is a link that leads to no file';
      expect([code, found.problems]).toEqual([1, [{ kind: 'source', name: 'weather', problem }]]);
      share.put('later', forecastFile('2023-10-02'));
      expect((await project.run(['load', 'weather'], env)).code).toBe(0);
      expect((await status()).code).toBe(0);
    } finally {
      share.dispose();
      await server.stop();
    }
  });

  it('lists data tests that warn, which need nobody', async () => {
    const test = join(project.root, 'tests', 'data', 'many_files.sql');
    writeFileSync(test, `{{config severity="warn"}}\nselect * from {{ref "total"}} where files = 2\n`);
    for (const owner of ['JimmyLoup', 'JeremieVianin'])
      writeFileSync(join(project.root, 'share', fileName(owner, 10)), document(owner, 10));
    expect((await project.run(['load'], env)).code).toBe(0);
    expect((await project.run(['build'], env)).code).toBe(0);
    const { code, found } = await status();
    expect([code, found.warnings]).toEqual([0, [{ node: 'many_files', status: 'warn', message: '1 bad row' }]]);
    const text = (await project.run(['status'], env)).stdout;
    expect(text).toMatch(/Data tests that warn\n.*\n.*\nmany_files \| 1 bad row\n/);
    expect(text).toContain('See the rows with: datacycle show --limit -1 --select many_files');
    writeFileSync(test, `{{config severity="warn"}}\nselect * from {{ref "total"}} where files > 2\n`);
    expect((await project.run(['build'], env)).code).toBe(0);
    expect((await status()).found.warnings).toEqual([]);
  });

  it('tells rows, sources, rejected files with reasons, disk, runs and what is too old', async () => {
    for (const owner of ['JimmyLoup', 'JeremieVianin']) {
      for (let at = 10; at < 15; at += 1)
        writeFileSync(join(project.root, 'share', fileName(owner, at)), document(owner, at));
    }
    writeSettled(join(project.root, 'share', '24.08.2023 1006_JimmyLoup_received.json'), '{');
    writeSettled(join(project.root, 'share', '24.08.2023 1007_Nobody_received.json'), '{}');
    expect((await project.run(['load'], env)).code).toBe(0);
    expect((await project.run(['build'], env)).code).toBe(0);
    setFreshness(`  sensors: { warn_after: 2 weeks, error_after: 5000 weeks }
  minutes: { newest: max(read_at), error_after: 1 day }
  total: { error_after: 1 hour }
  readings: { newest: max(no_such_column), error_after: 1 day }
`);
    const { code, found } = await status();
    expect(code).toBe(1);
    expect(found.sources).toMatchObject([
      { source: 'sensors', files: 12, rejected: 2, newest: '2023-08-24T00:14:00Z', failures: 0 },
    ]);
    expect(found.freshness).toMatchObject([
      { name: 'sensors', level: 'warn', newest: '2023-08-24T00:14:00Z', warnAfterSeconds: 1_209_600 },
      { name: 'minutes', level: 'error', newest: '2023-08-24T00:14:00.000Z', errorAfterSeconds: 86_400 },
      { name: 'total', level: 'ok' },
      { name: 'readings', level: 'unreadable', message: expect.stringContaining('no_such_column') },
    ]);
    expect(found.problems).toMatchObject([
      { kind: 'freshness', name: 'minutes', problem: expect.stringMatching(/^its newest data are \d+ d/) },
      { kind: 'freshness', name: 'readings' },
    ]);
    expect(found.rejected.counts.map(({ reason, files }) => [reason, files]).sort()).toEqual(
      [
        [expect.stringContaining('not valid JSON'), 1],
        ['the owner in the name is unknown', 1],
      ].sort(),
    );
    expect(found.rejected.newest.map(({ name }) => name)).toContain('24.08.2023 1007_Nobody_received.json');
    const events = found.tables.find(({ name }) => name === 'readings');
    expect(events).toMatchObject({ estimated: false, builtAt: expect.stringMatching(/^\d{4}-/) });
    expect(events?.rows).toBe((await db.warehouse.query('select count(*) as n from readings')).rows[0]?.n);
    expect(found.disk.bronze).toMatchObject([{ source: 'sensors', files: 12 }]);
    expect(found.disk.freeBytes).toBeGreaterThan(0);
    expect(found.disk.databaseBytes).toBeGreaterThan(1_000_000);
    expect(found.runs).toMatchObject([{ command: 'build', status: 'success', failed: 0 }]);

    expect(found.fullTests).toBeNull();
    // A large table is not counted.
    await db.warehouse.query(`update pg_class set reltuples = 15000000 where oid = 'readings'::regclass`);
    const at = new Date('2023-10-15T00:00:00Z');
    await recordSuccess(db.warehouse, 'full_tests', at);
    await recordFailure(db.warehouse, 'full_tests', at, 'failed: few_files');
    const later = (await status()).found;
    expect(later.tables.find(({ name }) => name === 'readings')).toMatchObject({
      rows: 15_000_000,
      estimated: true,
    });
    // Whether a test still fails is said by its own last result.
    expect(later.fullTests).toEqual({ at: '2023-10-15T00:00:00Z', failed: 'failed: few_files' });
    expect([later.problems, later.sources.map(({ source }) => source)]).toEqual([found.problems, ['sensors']]);
    const { stdout } = await project.run(['status'], env);
    expect(stdout).toMatch(/readings +\| ~15,000,000 /);
    expect(stdout).toContain('last run on all rows at 2023-10-15 00:00 UTC: failed: few_files.');
  });

  it('wants a person for a source that fails and a model that failed, until they work', async () => {
    setFreshness('  sensors: { warn_after: 15 minutes }\n');
    expect((await project.run(['load'], env)).code).toBe(0);
    const away = { ...env, SMB_PATH: join(project.root, 'nowhere') };
    expect((await project.run(['load'], away)).code).toBe(2);
    writeFileSync(join(project.root, 'models', 'broken.sql'), '{{config materialized="table"}}\nselect 1 / 0 as x\n');
    expect((await project.run(['run', '--select', 'broken'], env)).code).toBe(1);
    const { code, found } = await status();
    expect(code).toBe(1);
    expect(found.problems).toMatchObject([
      { kind: 'source', name: 'sensors', problem: expect.stringMatching(/nowhere, which does not exist \(1 failed/) },
      { kind: 'node', name: 'broken', problem: expect.stringContaining('division by zero') },
    ]);
    expect((await project.run(['load'], env)).code).toBe(0);
    writeFileSync(join(project.root, 'models', 'broken.sql'), '{{config materialized="table"}}\nselect 1 as x\n');
    expect((await project.run(['run', '--select', 'broken'], env)).code).toBe(0);
    expect((await status()).code).toBe(0);
  });

  it('refuses a freshness of something that is neither a source nor a model', async () => {
    setFreshness('  minuts: { warn_after: 1 hour }\n');
    const outcome = await project.run(['status'], env);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(/freshness names "minuts"[\s\S]*project\.yml:\d+[\s\S]*Did you mean "minutes"/);
  });
});

it.each([
  ['  sensors: { warn_after: soon }', '"soon" is no length of time; write e.g. 15 minutes'],
  ['  sensors: { warn_after: 0 days }', '"0 days" is no length of time'],
  ['  sensors: { warn_after: 3 days, error_after: 1 hour }', 'warn_after is longer than error_after'],
  ['  sensors: { warn_affter: 3 days }', 'Did you mean "warn_after"?'],
])('a freshness that makes no sense is an error with its place: %s', async (line, message) => {
  const project = new ProjectCopy({ 'project.yml': `name: small\nfreshness:\n${line}\n` });
  const outcome = await project.run(['compile']);
  project.dispose();
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toContain('project.yml:3:');
  expect(outcome.stderr).toContain(message);
});

it('judges by both thresholds, their ends excluded', () => {
  const now = new Date('2023-10-12T12:00:00Z');
  const level = (newest: string | undefined, used = true) =>
    judge('x', { warn_after: 60, error_after: 120 }, used, newest, now).level;
  expect(level('2023-10-12T11:59:00Z')).toBe('ok');
  expect(level('2023-10-12T11:58:59Z')).toBe('warn');
  expect(level('2023-10-12T11:58:00Z')).toBe('warn');
  expect(level('2023-10-12T11:57:59Z')).toBe('error');
  // A forecast lies ahead.
  expect(level('2023-10-13T00:00:00Z')).toBe('ok');
  expect(level(undefined)).toBe('absent');
  expect(level('2020-01-01T00:00:00Z', false)).toBe('unused');
});
