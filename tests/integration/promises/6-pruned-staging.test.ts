import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  compressAllBronze,
  housekeep,
  pruneAllBronze,
  pruneAllStaging,
} from '../../../cli/housekeeping/housekeeping.ts';
import type { PruneReport } from '../../../loaders/housekeeping/report.ts';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { ProjectCopy } from '../cli/command.ts';
import { oneDatabase } from '../databases.ts';
import { follower, now, prunedSensors } from './pruned-sensors.ts';

describe.each(oneDatabase)('6: nothing is lost by a rebuild after pruning, on $name', (kind) => {
  const {
    database,
    share,
    project,
    env,
    keeping,
    manifest,
    prune,
    pruneRows,
    load,
    build,
    rows,
    names,
    staged,
    errorOf,
  } = prunedSensors(kind);

  describe('staging', () => {
    it('goes on with increments, refuses a rebuild, and takes it back after a load from Bronze', async () => {
      const first = await share().add(0, 1);
      await load();
      await build();
      expect(await pruneRows(true)).toMatchObject({ files: 4 });
      expect(await staged()).toBe(4);
      expect(await pruneRows()).toMatchObject({ files: 4, months: [{ month: '2023-08', files: 4 }] });
      expect(await staged()).toBe(0);

      const second = await share().add(2);
      await load();
      expect(await errorOf('readings')).toBe('none');
      const all = [...first, ...second].sort();
      expect(await names()).toEqual(all);

      const refused = await errorOf('readings', true);
      expect(refused).toContain('readings would be rebuilt (full refresh), but rows it is made of have been pruned');
      expect(refused).toContain('staging.sensor_file (up to load 1, on 2024-01-01)');
      expect(refused).toContain('load --from-bronze');
      project.write({ 'models/readings.sql': follower('name, load_id, 1 as one') });
      expect(await errorOf('readings')).toContain('(its SQL changed)');
      project.write({ 'models/second.sql': follower('name, load_id') });
      expect(await errorOf('second')).toContain('second would be made of the whole history');
      expect(await names()).toEqual(all);
      expect(await rows(`select 1 from pg_class where relname = 'second'`)).toEqual([]);

      expect((await load('from-bronze')).landed).toBe(4);
      expect(await errorOf('readings')).toBe('none');
      expect(await rows('select name, one from public.readings order by name')).toEqual(
        all.map((name) => ({ name, one: 1 })),
      );
      expect(await errorOf('second', true)).toBe('none');
      expect(await rows('select name from public.second order by name')).toEqual(all.map((name) => ({ name })));
      // And can be pruned again.
      expect(await pruneRows()).toMatchObject({ files: 6 });
      expect(await errorOf('readings', true)).toContain('have been pruned');
    });

    it('still refuses when Bronze could not give all of it back, unless the table is never rebuilt', async () => {
      await share().add(0);
      await load();
      await build();
      await prune();
      await pruneRows();
      const landed = await share().add(1);
      await load();
      await load('from-bronze');
      expect(await errorOf('readings', true)).toContain('Where Bronze has been pruned, too');
      project.write({ 'models/readings.sql': follower('name, load_id', 'full_refresh=false') });
      expect(await errorOf('readings', true)).toBe('none');
      expect(await names()).toHaveLength(2 + landed.length);
    });

    it('still refuses when a file came back damaged, until it is repaired', async () => {
      await share().add(0);
      await load();
      await build();
      await pruneRows();
      const [path = ''] = (await share().bronze()).keys();
      const file = join(share().source.bronzeRoot, path);
      const whole = await readFile(file);
      await writeFile(file, '{');
      expect(await load('from-bronze')).toMatchObject({ landed: 1, rejected: { count: 1 } });
      expect(await errorOf('readings', true)).toContain('have been pruned');
      await writeFile(file, whole);
      expect(await load('from-bronze')).toMatchObject({ landed: 1, rejected: { count: 0 } });
      expect(await errorOf('readings', true)).toBe('none');
      expect(await names()).toHaveLength(2);
    });

    it('looks through views: at who follows them, and at who is made of them', async () => {
      project.write({
        'models/shown.sql': 'select name, load_id from {{source "staging" "sensor_file"}}',
        'models/behind.sql': `{{config materialized="incremental" unique_key="name"}}
select name, load_id from {{ref "shown"}} {{#incremental}}where load_id > {{high_water "shown"}}{{/incremental}}`,
      });
      await share().add(0);
      await load();
      await build();
      expect(await pruneRows()).toMatchObject({ files: 2, kept: [] });
      expect(await errorOf('behind', true)).toContain('behind would be rebuilt');
    });

    it.each(['table', 'view'])('keeps all that a %s looks at', async (materialized) => {
      project.write({
        'models/whole.sql': `{{config materialized="${materialized}"}}select count(*) as n from {{source "staging" "sensor_file"}}`,
      });
      await share().add(0);
      await load();
      await build();
      expect(await pruneRows()).toMatchObject({
        files: 0,
        kept: [{ reason: expect.stringContaining('whole looks at all of staging.sensor_file'), files: 2 }],
      });
    });

    it('keeps the latest snapshot of every table of the registry', async () => {
      project.write({
        'models/registry.sql': `{{config materialized="table" unique_key="table_name, row_no"}}
select distinct on (table_name, row_no) table_name, row_no, load_id
from {{source "staging" "registry_row"}} order by table_name, row_no, load_id desc`,
      });
      await ensureStaging(database.warehouse);
      // Days 1 to 3, of which the last has no rooms, and then the rooms of a day before them landed again from Bronze.
      const bronze = share().source.bronzeRoot;
      for (const [load, date, tables] of [
        [1, '2023-08-01', ['rooms', 'sensors']],
        [2, '2023-08-02', ['rooms', 'sensors']],
        [3, '2023-08-03', ['sensors']],
        [4, '2023-07-31', ['rooms']],
      ] as const) {
        await database.warehouse.query(`insert into staging.load (source, started_at) values ('registry', $1)`, [date]);
        await mkdir(join(bronze, date));
        for (const table of tables) {
          await database.warehouse.query(
            `insert into staging.file (source, name, bronze_path, bytes, sha256, load_id, status, source_time)
             values ('registry', $1, $1, 2, repeat('0', 64), $2, 'landed', $3::timestamptz)`,
            [`${date}/${table}.json`, load, date],
          );
          await database.warehouse.query(`insert into staging.registry_row values ($1, $2, 1, '{}')`, [load, table]);
          await writeFile(join(bronze, date, `${table}.json`), '{}');
        }
      }
      await build();
      const registry = (reports: readonly PruneReport[]) => reports.find(({ source }) => source === 'registry');
      const latest = { reason: 'the latest snapshot of a table always stays', files: 3 };
      expect(registry(await pruneAllBronze(keeping(), manifest(), 30, false))).toMatchObject({
        files: 3,
        kept: [latest],
      });
      expect([...(await share().bronze()).keys()].sort()).toEqual([
        '2023-08-02/rooms.json',
        '2023-08-02/sensors.json',
        '2023-08-03/sensors.json',
      ]);
      expect(registry(await pruneAllStaging(keeping(), manifest(), 30, false))).toMatchObject({
        files: 3,
        kept: [latest],
      });
      expect(await rows('select load_id, table_name from staging.registry_row order by 1, 2')).toEqual([
        { load_id: 2, table_name: 'rooms' },
        { load_id: 2, table_name: 'sensors' },
        { load_id: 3, table_name: 'sensors' },
      ]);
      // A table made of the latest snapshots needs no more than those.
      expect(await errorOf('registry', true)).toBe('none');
    });
  });

  it('stops when it is asked to', async () => {
    await share().add(0);
    await load();
    await build();
    const stopped = { ...keeping(), signal: AbortSignal.abort() };
    for (const step of [
      () => pruneAllBronze(stopped, manifest(), 30, false),
      () => pruneAllStaging(stopped, manifest(), 30, false),
      () => compressAllBronze(stopped, 7, false),
    ]) {
      await expect(step()).rejects.toThrow('housekeeping was interrupted');
    }
    expect(await share().bronze()).toHaveProperty('size', 2);
    expect(await staged()).toBe(2);
  });

  it('waits for a load, and does not go beside it', async () => {
    await share().add(0);
    await load();
    await build();
    const order: string[] = [];
    let loading: Promise<unknown> = Promise.resolve();
    await new Promise<void>((begun) => {
      loading = database.warehouse.exclusive('load sensors', async () => {
        begun();
        await sleep(600);
        order.push('loaded');
      });
    });
    await prune();
    order.push('pruned');
    await loading;
    expect(order).toEqual(['loaded', 'pruned']);
    expect(await share().bronze()).toEqual(new Map());
  });

  it('is done every night as the settings say', async () => {
    await share().add(0, 1);
    await load();
    await build();
    const nightly = (settings: Record<string, string>) => {
      const compiled = project.compile({ ...env(), ...settings });
      return housekeep(database.warehouse, compiled.project, compiled, () => now);
    };
    expect(await nightly({})).toEqual([]);
    expect(await nightly({ BRONZE_RETENTION_DAYS: '-1' })).toEqual([]);
    const [compressed] = await nightly({ BRONZE_COMPRESS_DAYS: '7' });
    expect(compressed).toMatchObject({ step: 'compress', reports: [{ files: 4 }, { files: 0 }, { files: 0 }] });
    const steps = await nightly({ BRONZE_RETENTION_DAYS: '30', STAGING_RETENTION_DAYS: '30' });
    expect(steps).toMatchObject([
      { step: 'prune', reports: [{ files: 4 }, {}, {}, {}] },
      { step: 'prune-staging', reports: [{ files: 4 }, {}, {}, {}] },
    ]);
    for (const wrong of ['0', '-2', 'a week', '1.5'])
      await expect(nightly({ BRONZE_RETENTION_DAYS: wrong })).rejects.toThrow(`BRONZE_RETENTION_DAYS is "${wrong}"`);
  });
});

describe('the command bronze', () => {
  it('says what it did, and refuses days that make no sense', async () => {
    const copy = new ProjectCopy({ 'project.yml': 'name: test\n', 'models/a.sql': 'select 1 as one' });
    try {
      expect(await copy.run(['bronze', 'prune'])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Bronze is kept for ever'),
      });
      expect(await copy.run(['bronze', 'prune', '--days', '0'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--days is 0, but bronze prune takes a number from 1'),
      });
      expect(await copy.run(['bronze', 'prune'], { BRONZE_RETENTION_DAYS: '0' })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('BRONZE_RETENTION_DAYS is "0"'),
      });
      expect((await copy.run(['bronze', 'polish'])).code).toBe(2);
      expect(await copy.run(['bronze', 'compress', '--dry-run'])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('sensors: 0 files would be compressed (0.0 MB)'),
      });
    } finally {
      copy.dispose();
    }
  });
});
