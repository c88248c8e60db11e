import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compressAllBronze, type Keeping, pruneAllBronze } from '../../../cli/housekeeping/housekeeping.ts';
import { oneDatabase } from '../databases.ts';
import { follower, prunedSensors, sensorsOf, sources } from '../promises/pruned-sensors.ts';

describe.each(oneDatabase)('pruning Bronze on $name', (kind) => {
  const { database, share, project, keeping, manifest, prune, pruneRows, load, build, rows, names, staged, errorOf } =
    prunedSensors(kind);

  describe('Bronze', () => {
    it('deletes what silver has, keeps the ledger, and nothing is landed again', async () => {
      const landed = await share().add(0, 1, 61);
      await load();
      await build();
      const sizes = [...(await share().bronze()).values()].reduce((sum, { length }) => sum + length, 0);
      const before = await share().bronze();
      const looked = await prune(true);
      expect(await share().bronze()).toEqual(before);
      expect(looked).toMatchObject({ files: 6, bytes: sizes, months: [{ month: '2023-08', files: 6, bytes: sizes }] });
      expect(await rows('select 1 from staging.file where bronze_path is null')).toEqual([]);

      expect(await prune()).toEqual(looked);
      expect(await share().bronze()).toEqual(new Map());
      expect(existsSync(join(share().source.bronzeRoot, 'jimmy'))).toBe(false);
      expect(await rows('select name from staging.file where bronze_path is null')).toHaveLength(landed.length);
      expect((await load()).landed).toBe(0);
      expect(await prune()).toMatchObject({ files: 0, kept: [] });
      // Staging still has all of it: a rebuild loses nothing.
      expect(await errorOf('readings', true)).toBe('none');
      expect(await names()).toEqual([...landed].sort());
    });

    it('keeps all while a table that had rows has none, and not for one that never had any', async () => {
      project.begin({
        'models/sources.yml': sources,
        'models/readings.sql': follower('name, load_id'),
        'models/faults.sql': follower('name, load_id').replace(
          '{{#incremental}}where',
          'where false {{#incremental}}and',
        ),
      });
      await share().add(0, 1);
      await load();
      await build();
      await database.warehouse.query('truncate public.readings');
      expect(await prune()).toMatchObject({ files: 0 });
      expect(JSON.stringify(await prune())).toContain('readings had rows and has none any more');
      await build(true);
      expect(await prune()).toMatchObject({ files: 4 });
    });

    it('keeps what silver has not taken in, what is young, and what was rejected', async () => {
      await share().add(0);
      const bad = '24.08.2023 0001_JimmyLoup_received.json';
      await writeFile(share().path(bad), '{');
      await load();
      await build();
      await share().add(2);
      await load();
      const report = await prune();
      expect(report).toMatchObject({ files: 2 });
      expect(report.kept).toEqual([
        { reason: 'rejected files always stay', files: 1 },
        { reason: 'readings has not taken them in yet', files: 2 },
      ]);
      expect(await share().bronze()).toHaveProperty('size', 3);
      expect(sensorsOf(await pruneAllBronze(keeping(), manifest(), 3650, false)).files).toBe(0);
      await build();
      expect(await prune()).toMatchObject({ files: 2, kept: [{ reason: 'rejected files always stay', files: 1 }] });
      expect([...(await share().bronze()).keys()].map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual([bad]);
    });

    it.each([
      ['is not built yet', async () => undefined],
      [
        'waits to be rebuilt (its SQL changed)',
        async () => {
          await build();
          project.write({ 'models/readings.sql': follower('name, load_id, 1 as one') });
        },
      ],
      [
        'waits to be rebuilt (rooms was rebuilt or changed)',
        async () => {
          project.write({
            'seeds/rooms.csv': 'id\n1\n',
            'models/readings.sql': follower('name, load_id, (select max(id) from {{ref "rooms"}}) as room'),
          });
          await build();
          project.write({ 'seeds/rooms.csv': 'id\n2\n' });
          await project.run(database.warehouse, { command: 'seed' });
        },
      ],
      [
        'is not built yet',
        async () => {
          await build();
          project.write({ 'models/second.sql': follower('name, load_id') });
        },
      ],
      [
        'no model follows staging.sensor_file',
        async () => {
          await build();
          project.remove('models/readings.sql');
          project.write({ 'models/one.sql': 'select 1 as id' });
        },
      ],
    ])('keeps all while a model %s', async (why, prepare) => {
      await share().add(0);
      await load();
      await prepare();
      for (const report of [await prune(), await pruneRows()]) {
        expect(report.files).toBe(0);
        expect(report.kept).toEqual([{ reason: expect.stringContaining(why), files: 2 }]);
      }
      expect(await share().bronze()).toHaveProperty('size', 2);
      expect(await staged()).toBe(2);
    });

    it('deletes compressed files, and what a killed compression left beside them', async () => {
      await share().add(0);
      await load();
      await build();
      const [path, bytes] = [...(await share().bronze())][0] ?? ['', Buffer.alloc(0)];
      await compressAllBronze(keeping(), 7, false);
      await writeFile(join(share().source.bronzeRoot, path), bytes);
      expect(await prune()).toMatchObject({ files: 2, problems: { count: 0 } });
      expect(await share().bronze()).toEqual(new Map());
    });

    it('finishes what was killed between the file and the ledger', async () => {
      await share().add(0);
      await load();
      await build();
      const [path = ''] = (await share().bronze()).keys();
      await rename(join(share().source.bronzeRoot, path), join(share().folder, 'gone'));
      expect(await prune()).toMatchObject({ files: 2, problems: { count: 0 } });
      expect(await rows('select 1 from staging.file where bronze_path is not null')).toEqual([]);
    });

    it('finishes what was killed when all files were gone and the ledger named them, and can be loaded meanwhile', async () => {
      await share().add(0);
      await load();
      await build();
      const { warehouse } = keeping();
      const killed: Keeping = {
        ...keeping(),
        warehouse: {
          ...warehouse,
          query: (sql, params) =>
            sql.includes('set bronze_path = null') ? Promise.reject(new Error('killed')) : warehouse.query(sql, params),
        },
      };
      await expect(pruneAllBronze(killed, manifest(), 7, false)).rejects.toThrow('killed');
      expect([...(await share().bronze()).keys()]).toEqual(['.pruning-sensors']);
      expect((await load()).landed).toBe(0);
      expect(await prune()).toMatchObject({ files: 2, problems: { count: 0 } });
      expect(await share().bronze()).toEqual(new Map());
      expect(await rows('select 1 from staging.file where bronze_path is not null')).toEqual([]);
    });

    it('touches nothing where Bronze is not mounted', async () => {
      await share().add(0);
      await load();
      await build();
      await rename(share().source.bronzeRoot, `${share().source.bronzeRoot}-elsewhere`);
      await expect(prune()).rejects.toThrow('does not exist');
      expect(await rows('select 1 from staging.file where bronze_path is null')).toEqual([]);
    });
  });
});
