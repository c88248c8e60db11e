import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { document, fileName } from '../loaders/sensor-share.ts';
import { writeSettled } from '../settled-file.ts';
import { ProjectCopy } from './command.ts';
import { smallProject } from './small-files.ts';

let project: ProjectCopy;
beforeEach(() => {
  project = new ProjectCopy({
    ...smallProject,
    'project.yml': `${smallProject['project.yml']}secrets: [PSEUDONYM_KEY]\n`,
    'seeds/rooms.csv': 'room\nKitchen\n',
  });
  mkdirSync(join(project.root, 'share'));
});
afterEach(() => project.dispose());

interface Line {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

const lines = () =>
  readFileSync(join(project.root, 'logs', 'datacycle.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

it('loads and builds leave JSON lines in LOG_DIR, errors among them, and no secret', async () => {
  for (const owner of ['JimmyLoup', 'JeremieVianin'])
    writeFileSync(join(project.root, 'share', fileName(owner, 10)), document(owner, 10));
  writeSettled(join(project.root, 'share', '24.08.2023 1001_JimmyLoup_received.json'), '{');
  const writing = join(project.root, 'share', '24.08.2023 1002_JimmyLoup_received.json');
  writeFileSync(writing, '{');
  // By the clock of another machine, which is ahead of this one: it counts as being written for as long as that and a minute more.
  const ahead = new Date(Date.now() + 55_000);
  utimesSync(writing, ahead, ahead);
  const env = { SMB_PATH: 'share', LOG_DIR: 'logs', PSEUDONYM_KEY: 'not-for-your-eyes' };
  expect((await project.run(['load'], env)).code).toBe(0);
  writeFileSync(
    join(project.root, 'models', 'broken.sql'),
    `{{config materialized="table"}}\nselect 'not-for-your-eyes'::int as x from {{ref "rooms"}}\n`,
  );
  expect((await project.run(['build', '--select', 'rooms+1'], env)).code).toBe(1);
  const nobody = { ...env, DB_URL: 'postgres://bob:hush%2Fhush@127.0.0.1:1/x' };
  expect((await project.run(['run'], nobody)).code).toBe(2);

  const modeOf = (...path: string[]) => (statSync(join(project.root, ...path)).mode & 0o777).toString(8);
  if (process.platform !== 'win32') expect([modeOf('logs'), modeOf('logs', 'datacycle.log')]).toEqual(['700', '600']);
  const found = lines();
  expect(found[0]).toMatchObject({
    level: 'warning',
    event: 'loaded',
    source: 'sensors',
    landed: 2,
    rejected: { count: 1 },
    skipped: { count: 1, first: [{ reason: 'it is still being written' }] },
  });
  expect(found.find(({ event, node }) => event === 'node-finished' && node === 'rooms')).toMatchObject({
    level: 'info',
    status: 'success',
  });
  expect(found.find(({ event, node }) => event === 'node-finished' && node === 'broken')).toMatchObject({
    level: 'error',
    status: 'error',
    where: expect.stringContaining('models/broken.sql'),
  });
  expect(found.find(({ event }) => event === 'finished')).toMatchObject({ level: 'error', ok: false });
  expect(found.at(-1)).toMatchObject({
    level: 'error',
    event: 'error',
    what: expect.stringContaining('nothing listens'),
  });
  for (const { time } of found) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const text = JSON.stringify(found);
  for (const secret of ['not-for-your-eyes', 'hush']) expect(text).not.toContain(secret);
});

it('a log that cannot be written is one warning, and the work is done', async () => {
  writeFileSync(join(project.root, 'logs'), 'a file where the folder should be');
  const outcome = await project.run(['load'], { SMB_PATH: 'share', LOG_DIR: 'logs' });
  expect(outcome.code).toBe(0);
  expect(outcome.stderr.match(/cannot be written/g)).toHaveLength(1);
  rmSync(join(project.root, 'logs'));
});
