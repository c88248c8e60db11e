import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBuilding } from '../../../cli/demo/building/building.ts';
import { runHere } from '../cli/in-process.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';

const source = resolve(import.meta.dirname, '..', '..', '..', 'projects', 'smart-building');
const { PATH = '', HOME = '', SystemRoot = '' } = process.env;

describe.each(oneDatabase.filter(({ name }) => name === 'PostgreSQL'))(
  'the smart building by commands, on $name',
  (kind) => {
    let db: TestDatabase;
    const folder = mkdtempSync(join(tmpdir(), 'datacycle-building-'));
    const project = join(folder, 'project');
    const recorded = join(folder, 'recorded');
    beforeAll(async () => {
      db = await kind.open();
      for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests'])
        cpSync(join(source, name), join(project, name), { recursive: true });
      await writeBuilding(recorded, { rooms: 2, days: 1, step: 300 });
    });
    afterAll(async () => {
      rmSync(folder, { recursive: true, force: true });
      await db.drop();
    });

    const run = (...args: string[]) =>
      runHere(args, project, { PATH, HOME, SystemRoot, DB_URL: db.url ?? '', BRONZE_ROOT: join(folder, 'bronze') });

    it('replays once, says how far topics are landed, and passes its unit tests and data tests', async () => {
      const first = await run('replay', recorded, '--rate', 'max');
      expect([first.code, first.stderr]).toEqual([0, '']);
      const [, messages] = /^([\d,]+) messages landed in/m.exec(first.stdout) ?? [];
      expect(messages).toMatch(/^2,\d{3}$/);
      const again = await run('replay', recorded, '--rate', 'max');
      expect([again.code, again.stdout + again.stderr]).toEqual([
        0,
        expect.stringContaining('--again replays them once more'),
      ]);

      const build = await run('build', '--event-time-start', '2013-08-23', '--event-time-end', '2013-08-24');
      expect(build.code, build.stdout + build.stderr).toBe(0);
      expect(build.stdout).toMatch(/12 of 12 tests passed/);
      expect(build.stdout).toMatch(/gold\.room_daily_metrics \.+ OK \+2 rows/);

      const status = await run('status', '--log-format', 'json');
      const { streams, sources } = JSON.parse(status.stdout);
      expect(sources).toMatchObject([{ source: 'stream', rejected: 0, failures: 0 }]);
      expect(streams).toHaveLength(6);
      expect(streams[0]).toMatchObject({ topic: 'iot.co2', log: 'queue', partitions: 1, lag: 0, planned: 0 });
      const total = streams.reduce((sum: number, { landed }: { landed: number }) => sum + landed, 0);
      expect(total).toBe(Number(messages?.replace(',', '')));
      expect((await run('status')).stdout).toMatch(/iot\.co2 +\| queue \| +1 \| +\d+ \| +0 \|/);
    });

    it('is built again for a day by the commands of the docs, which change no row', async () => {
      const docs = resolve(import.meta.dirname, '..', '..', '..', 'docs');
      const commands = ['orchestration.md', join('airflow', 'smart_building.py')].map((name) => {
        const text = readFileSync(join(docs, name), 'utf8');
        const [, found = ''] = /(?:\$PROJECT|\{DATACYCLE\}) (build --event-time-start [^"\n]*)/.exec(text) ?? [];
        return found
          .replace(/\$\(date -d yesterday \+\\%F\)|\{{4} ds \}{4}/, '2013-08-23')
          .replace(/\$\(date \+\\%F\)|\{{4} next_ds \}{4}/, '2013-08-24')
          .replace(' --log-format json', '');
      });
      expect(commands).toEqual(Array(2).fill('build --event-time-start 2013-08-23 --event-time-end 2013-08-24'));
      const again = await run(...(commands[0] ?? '').split(' '));
      expect(again.code, again.stdout + again.stderr).toBe(0);
      expect(again.stdout).not.toMatch(/[+~-]\d[\d,]* rows/);
      expect(again.stdout).toMatch(/12 of 12 tests passed/);
    });

    it('says what is wrong with its settings and flags', async () => {
      expect(await run('load', 'stream')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('KAFKA_BROKERS is not set'),
      });
      expect(await run('replay', join(folder, 'nowhere'))).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('nowhere is no folder'),
      });
      expect(await run('replay', recorded, '--rate', 'fast')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--rate is "fast", but must be a number above 0 or max'),
      });
      expect(await run('load', 'stream', '--vars', 'stream: {topics: [a b], time: ts}')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/vars\.stream\.topics\.0: a topic of letters, digits and \. _ -/),
      });
    });
  },
);
