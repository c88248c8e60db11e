import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { rounds } from '../rounds.ts';
import { Export } from './export-kind.ts';
import { Init } from './init-kind.ts';
import type { KilledKind } from './killed-kind.ts';
import { Embedded, Housekeeping, Load, Watch } from './kinds.ts';

interface Row {
  readonly what: string;
  readonly kills: number;
  readonly create: () => Promise<KilledKind>;
}

const onServer: readonly Row[] = [
  { what: 'load', kills: rounds({ gate: 2, long: 40 }), create: Load.create },
  {
    what: 'bronze compress, prune and prune-staging',
    kills: rounds({ gate: 3, long: 40 }),
    create: Housekeeping.create,
  },
  { what: 'init', kills: rounds({ gate: 2, long: 40 }), create: Init.create },
  { what: 'export', kills: rounds({ gate: 5, long: 40 }), create: Export.create },
  { what: 'watch', kills: rounds({ gate: 3, long: 30 }), create: Watch.create },
];
const inMemory: readonly Row[] = [
  { what: 'load and build on the embedded database', kills: rounds({ gate: 2, long: 30 }), create: Embedded.create },
];

/** Kills at random moments; where a process has not yet begun its work or has ended, nothing is proven, but that is rare. */
describe.each(process.env.TEST_DB_URL ? [...onServer, ...inMemory] : inMemory)('$what', ({ what, kills, create }) => {
  it(`killed ${kills} times and repeated, it has done all of its work once, and leaves nothing behind`, async () => {
    const kind = await create();
    try {
      await kind.prepare(0);
      const began = performance.now();
      const first = kind.start();
      await kind.done(first);
      let whole = performance.now() - began;
      await kind.expectWhole();
      let hit = 0;
      for (let round = 1; round <= kills; round += 1) {
        await kind.prepare(round);
        const at = performance.now();
        const command = kind.start();
        await Promise.race([sleep(whole * (0.4 + 0.5 * Math.random())), command.ended]);
        if (await command.kill()) hit += 1;
        // The machine is not always as fast: the next moments are to lie within the work, too.
        else whole = Math.min(whole, performance.now() - at);
        await kind.repeat();
        await kind.expectWhole();
      }
      expect(hit, what).toBeGreaterThanOrEqual(Math.floor(kills / 3));
    } finally {
      await kind.dispose();
    }
  }, 1_800_000);
});
