import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RemoteBronze } from '../../../loaders/landing/remote/remote-bronze.ts';
import { Bucket } from '../../../objects/bucket.ts';
import { hasMoto, startMoto } from '../../servers/moto.ts';

it.runIf(process.env.TEST_LONG === '1' && hasMoto())(
  'moto takes, lists, gives and removes files of Bronze',
  async () => {
    const moto = await startMoto();
    const folder = mkdtempSync(join(tmpdir(), 'datacycle-moto-'));
    try {
      const bucket = new Bucket(moto.settings, 'lake');
      const remote = new RemoteBronze(bucket, 'bronze');
      const [small, large] = [Buffer.from('small'), Buffer.alloc(20 * 1024 * 1024, 'large')];
      for (const [name, bytes] of [
        ['small', small],
        ['large', large],
      ] as const)
        writeFileSync(join(folder, name), bytes);
      const path = 'stream/event_date=2013-08-23/room=6 21+A/sensor=co2/ü.parquet';
      await remote.put(path, join(folder, 'small'));
      await remote.put(path, join(folder, 'small'));
      await remote.put('weather/large.csv', join(folder, 'large'));
      expect(await bucket.put('bronze/weather/large.csv', small, { ifAbsent: true })).toBe(false);
      const found = [];
      for await (const file of remote.list('')) {
        const pieces: Uint8Array[] = [];
        for await (const piece of remote.read(file)) pieces.push(piece);
        found.push([file.path, Buffer.compare(Buffer.concat(pieces), file.path === path ? small : large)]);
      }
      expect(found).toEqual([
        [path, 0],
        ['weather/large.csv', 0],
      ]);
      await remote.remove(path);
      expect(await remote.sizeOf(path)).toBeUndefined();
      expect(await remote.sizeOf('weather/large.csv')).toBe(large.length);
    } finally {
      await moto.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
