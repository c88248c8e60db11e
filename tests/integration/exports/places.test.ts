import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDestination } from '../../../cli/exports/destination.ts';
import type { Destination } from '../../../exporting/destination.ts';
import { runExport } from '../../../exporting/export.ts';
import { S3Double } from '../../servers/s3.ts';
import type { SftpServer } from '../../servers/sftp.ts';
import { startSftp } from '../../servers/sftp-server.ts';
import { startSsh2Server } from '../../servers/ssh2-server.ts';
import { oneDatabase } from '../databases.ts';
import { projectOn } from '../project-on.ts';
import { checkedManifest, exporting, filesBelow } from './export-place.ts';

const home = mkdtempSync(join(tmpdir(), 'datacycle-places-'));
const keyFile = join(home, 'key');
let sftp: SftpServer;
let plain: SftpServer;
let s3: S3Double;

beforeAll(async () => {
  [sftp, plain, s3] = await Promise.all([
    startSftp(),
    startSsh2Server('tiger & dragon 7', { isWritable: true }),
    S3Double.start(),
  ]);
  writeFileSync(keyFile, sftp.privateKey, { mode: 0o600 });
});
afterAll(async () => {
  await Promise.all([sftp.stop(), plain.stop(), s3.stop()]);
  rmSync(home, { recursive: true, force: true });
});

/** What others do with what they find: they take it away, or write something into it. */
function changeFile(path: string, text: string | undefined): void {
  if (text === undefined) rmSync(path);
  else writeFileSync(path, text);
}

/** A place of each kind: how project.yml names it, its settings, and what is there. */
const places = [
  {
    name: 'a folder',
    to: () => `folder: ${join(home, 'folder', 'deep')}`,
    env: () => ({}),
    files: () => filesBelow(join(home, 'folder', 'deep')),
    put: (path: string, text?: string) => changeFile(join(home, 'folder', 'deep', path), text),
  },
  {
    name: 'an sFTP server',
    to: () => `sftp: ${join(home, 'sftp', 'deep')}, server: SAC`,
    env: () => ({
      SAC_SFTP_HOST: '127.0.0.1',
      SAC_SFTP_PORT: String(sftp.port),
      SAC_SFTP_USER: sftp.user,
      SAC_SFTP_PRIVATE_KEY: keyFile,
      SAC_SFTP_HOST_KEY: sftp.fingerprint,
    }),
    files: () => filesBelow(join(home, 'sftp', 'deep')),
    put: (path: string, text?: string) => changeFile(join(home, 'sftp', 'deep', path), text),
  },
  {
    name: 'a bucket',
    to: () => 's3: lake/exports/daily',
    env: () => s3.env,
    files: () =>
      new Map([...s3.objects].map(([key, bytes]) => [key.replace('exports/daily/', ''), bytes] as const).sort()),
    put: (path: string, text?: string) =>
      void (text === undefined
        ? s3.objects.delete(`exports/daily/${path}`)
        : s3.objects.set(`exports/daily/${path}`, Buffer.from(text))),
  },
];

describe.each(oneDatabase)('places of exports, on $name', (kind) => {
  const { database, project } = projectOn(kind, {}, [
    `create table raw.reading as select n as id, date '2023-10-12' + n % 3 as day, repeat('x', 40) as text from generate_series(1, 30) as n`,
  ]);
  beforeEach(() => s3.objects.clear());

  describe.each(places)('$name', ({ to, env, files, put }) => {
    beforeEach(() => {
      for (const folder of ['folder', 'sftp']) rmSync(join(home, folder), { recursive: true, force: true });
      project.write({
        'project.yml': `name: test
exports:
  daily: { query: "select id, day, text from raw.reading order by id", to: { ${to()} }, partition_by: day }
`,
      });
    });
    const run = () => exporting(project, database.warehouse, 'daily', { env: env() });

    it('gets what has changed, under its names, and the manifest', async () => {
      expect(await run()).toMatchObject({ written: 3, rows: 30 });
      expect(checkedManifest(files()).files.map(({ path, rows }) => [path, rows])).toEqual([
        ['day=2023-10-12/daily.csv', 10],
        ['day=2023-10-13/daily.csv', 10],
        ['day=2023-10-14/daily.csv', 10],
      ]);
      await database.warehouse.query(`delete from raw.reading where day = '2023-10-13' or id = 2`);
      expect(await run()).toMatchObject({ written: 1, unchanged: 1, removed: 1, rows: 19 });
      expect([...files().keys()]).toEqual(['day=2023-10-12/daily.csv', 'day=2023-10-14/daily.csv', 'manifest.json']);
      expect(checkedManifest(files()).rows).toBe(19);
      expect(await run()).toMatchObject({ written: 0, unchanged: 2 });
      // What somebody has taken away or cut is written again, though its rows are those of the last export.
      put('day=2023-10-12/daily.csv');
      put('day=2023-10-14/daily.csv', 'id,text\n');
      expect(await run()).toMatchObject({ written: 2, unchanged: 0, rows: 19 });
      expect(checkedManifest(files()).files.map(({ path, rows }) => [path, rows])).toEqual([
        ['day=2023-10-12/daily.csv', 10],
        ['day=2023-10-14/daily.csv', 9],
      ]);
    });

    it('has old files or new ones, wherever an export is killed, and the next one goes on', async () => {
      await run();
      const old = files();
      await database.warehouse.query(`update raw.reading set text = 'y' where day <> '2023-10-13'`);
      await database.warehouse.query(`delete from raw.reading where day = '2023-10-13'`);
      const compiled = project.compile(env());
      const [spec] = compiled.exports;
      if (spec === undefined) throw new Error('there is an export');
      let died = 0;
      for (let allowed = 0; ; allowed += 1) {
        const signal = new AbortController().signal;
        const destination = await openDestination(compiled.project, spec, signal, () => undefined);
        const workFolder = mkdtempSync(join(home, 'work-'));
        const options = { clock: () => new Date(), signal, workFolder, full: false, notes: new Map() };
        let isDone = true;
        try {
          await runExport(database.warehouse, spec, dying(destination, allowed), options);
        } catch (error) {
          expect((error as Error).message).toBe('killed');
          isDone = false;
          died += 1;
        }
        await destination.close();
        const shown = [...files()].filter(([path]) => !path.startsWith('.datacycle-staging/'));
        for (const [path, bytes] of shown)
          if (path.endsWith('.csv'))
            expect(
              bytes.equals(old.get(path) ?? Buffer.alloc(0)) || /^id,text\n(\d+,y\n){10}$/.test(String(bytes)),
            ).toBe(true);
        expect(() => JSON.parse(String(files().get('manifest.json')))).not.toThrow();
        if (isDone) break;
      }
      expect(died).toBeGreaterThan(6);
      // What was published before the manifest could not be written is written once more, and is the same.
      await run();
      expect(checkedManifest(files()).files.map(({ path }) => path)).toEqual([
        'day=2023-10-12/daily.csv',
        'day=2023-10-14/daily.csv',
      ]);
      expect(s3.uploads.size).toBe(0);
    });
  });

  it('keeps the old file on a server that has the extension and refuses a rename', async () => {
    const folder = join(home, 'refused');
    project.write({
      'project.yml': `name: test\nexports:\n  daily: { query: "select 1 as one", to: { sftp: ${folder}, server: SAC } }\n`,
    });
    const compiled = project.compile(places[1]?.env() ?? {});
    const [spec] = compiled.exports;
    if (spec === undefined) throw new Error('there is an export');
    writeFileSync(join(home, 'new'), 'new');
    const destination = await openDestination(compiled.project, spec, new AbortController().signal, () => undefined);
    try {
      await destination.stage(join(home, 'new'), 'daily.csv');
      writeFileSync(join(folder, 'daily.csv'), 'old');
      // Another program cleans up: there is nothing to rename any more.
      rmSync(join(folder, '.datacycle-staging', '0'));
      await expect(destination.publish()).rejects.toThrow(/does not let us rename daily\.csv/);
    } finally {
      await destination.close();
    }
    expect(readFileSync(join(folder, 'daily.csv'), 'utf8')).toBe('old');
  });

  it('a server without the extension of OpenSSH gets the same, and its key is recorded at the first contact', async () => {
    const folder = join(home, 'plain');
    project.write({
      'project.yml': `name: test\nexports:\n  daily: { query: "select 1 as one", to: { sftp: ${folder} } }\n`,
    });
    const settings = {
      EXPORT_SFTP_HOST: '127.0.0.1',
      EXPORT_SFTP_PORT: String(plain.port),
      EXPORT_SFTP_USER: plain.user,
      EXPORT_SFTP_PASSWORD: 'tiger & dragon 7',
    };
    const notices: string[] = [];
    const run = (more = {}, full = false) =>
      exporting(project, database.warehouse, 'daily', {
        env: { ...settings, ...more },
        full,
        onNotice: (text) => notices.push(text),
      });
    expect(await run()).toMatchObject({ written: 1 });
    expect(await run({}, true)).toMatchObject({ written: 1 });
    expect(checkedManifest(filesBelow(folder)).rows).toBe(1);
    expect(notices).toEqual([expect.stringMatching(/^First contact with .* or set EXPORT_SFTP_HOST_KEY\.$/)]);
    const refusal = (await run({ EXPORT_SFTP_PASSWORD: 'wrong' }).catch((error: unknown) => error)) as Error & {
      hint: string;
    };
    expect(refusal.message).toMatch(/does not let \w+ in with the password given/);
    expect(refusal.hint).toMatch(/^Check EXPORT_SFTP_USER and EXPORT_SFTP_PASSWORD/);
    const { rows } = await database.warehouse.query('select message from datacycle.export');
    expect(JSON.stringify(rows)).not.toContain('tiger');
    await expect(run({ EXPORT_SFTP_HOST: undefined })).rejects.toMatchObject({
      message: 'the export daily goes to an sFTP server, but EXPORT_SFTP_HOST is not set',
    });
    expect(readFileSync(join(folder, 'daily.csv'), 'utf8')).toBe('one\n1\n');
  });
});

/** A destination whose process is killed at a call: neither that call nor any later one happens. */
function dying(destination: Destination, allowed: number): Destination {
  let left = allowed;
  return new Proxy(destination, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        left -= 1;
        if (left < 0) throw new Error('killed');
        return (value as (...given: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}
