import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { visitLanded } from '../../../loaders/erasure/landed.ts';
import { compressBronze } from '../../../loaders/housekeeping/compress.ts';
import { beginErasure } from '../../../loaders/tombstones/tombstones.ts';
import { bundled } from '../bundled.ts';
import { databases } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { Household, jimmy, jimmysWords, now } from './erasure-household.ts';

const bundle = await bundled(new URL('blocked-erasure.ts', import.meta.url));

describe.each(databases.filter(({ name }) => name === 'PostgreSQL'))(
  'an erasure that is killed, on $name',
  ({ open }) => {
    const households = Array.from({ length: rounds({ gate: 1, long: 10 }) }, (_, index) => index);

    it.each(households)(
      'among the sensor files, and between two snapshots of the registry, is finished by the next (%i)',
      async () => {
        const database = await open();
        const household = await Household.land(database.warehouse);
        try {
          const others = await household.others();
          const { bronzeRoot } = household.share.source;
          await beginErasure(database.warehouse, jimmy, now);
          for (const stopAt of ['0', '1', '2']) {
            const args = [bundle, database.url ?? '', bronzeRoot, stopAt];
            const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
            const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
            expect(String(said)).toBe('standing still');
            const ended = once(child, 'exit');
            child.kill('SIGKILL');
            await ended;
          }
          // The lock of the killed process is waited for.
          await visitLanded(database.warehouse, { bronzeRoot, subject: jimmy }, { kind: 'erase' });
          expect(await household.whereabouts(jimmysWords)).toEqual([]);
          expect(await household.others()).toEqual(others);
          const rest = { source: 'registry', bronzeRoot, before: now(), dryRun: false } as const;
          expect(await compressBronze(database.warehouse, rest)).toMatchObject({ files: 10, left: { count: 0 } });
        } finally {
          await database.drop();
          await household.share.remove();
        }
      },
    );
  },
);
