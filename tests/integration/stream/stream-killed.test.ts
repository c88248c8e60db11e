import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundled } from '../bundled.ts';
import { servers, type TestDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import type { LandingStep } from './landing-steps.ts';
import { StreamBronze, staged } from './stream-messages.ts';

const bundle = await bundled(new URL('blocked-stream.ts', import.meta.url));

describe.each(servers)('a load of messages that is killed, on $name', { timeout: 900_000 }, (kind) => {
  let db: TestDatabase;
  let bronze: StreamBronze;
  beforeAll(async () => {
    db = await kind.open();
    bronze = new StreamBronze();
  });
  afterAll(async () => {
    bronze.dispose();
    await db.drop();
  });

  const run = async (messages: number, stopAt?: LandingStep, batch = 1): Promise<string> => {
    const args = [bundle, db.url ?? '', bronze.root, String(messages), stopAt ?? 'never', String(batch)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('standing still')) child.kill('SIGKILL');
    });
    await ended;
    return said;
  };

  it('between plan and commit loses nothing, doubles nothing and leaves no other file', async () => {
    const kills = rounds({ gate: 6, long: 40 });
    // Some kills come after a batch of 500 has been landed: as many are left as would be stopped at.
    const messages = rounds({ gate: 3000, long: 12_000 });
    const plans: number[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      // Every sixth before a plan, every third just before the commit, some in the second batch.
      const moment = kill % 6 === 5 ? 'plan' : kill % 3 === 1 ? 'finish' : 'pass';
      const before = bronze.files();
      expect(await run(messages, moment, kill % 4 === 3 ? 2 : 1)).toBe('standing still');
      // The server ends the session of a process that is gone.
      await expect.poll(() => db.warehouse.holder('load stream')).toBeUndefined();
      const { rows } = await db.warehouse.query(
        'select topic from staging.stream_offset where planned_offset is not null',
      );
      plans.push(rows.length);
      // What an earlier process wrote for the same plan is the same, byte for byte.
      const after = bronze.files();
      for (const [path, hash] of before) if (path.endsWith('.parquet')) expect(after.get(path), path).toBe(hash);
    }
    expect(plans.filter((planned) => planned > 0).length).toBeGreaterThan(kills / 2);
    expect(await run(messages)).toBe('done');
    const rows = await staged(db.warehouse);
    expect(rows).toHaveLength(messages);
    expect(new Set(rows.map(({ topic, at }) => `${topic} ${at}`)).size).toBe(messages);
    const stored = await bronze.rows();
    expect(stored).toHaveLength(messages);
    expect(new Set(stored.map(({ topic, offset }) => `${topic} ${offset}`)).size).toBe(messages);
    const ledger = await db.warehouse.query<{ path: string; sha256: string }>(
      `select bronze_path as path, sha256 from staging.file where source = 'stream' order by 1`,
    );
    const files = [...bronze.files()].filter(([path]) => path.endsWith('.parquet'));
    expect(ledger.rows.map(({ path, sha256 }) => [path, sha256])).toEqual(files);
  });
});
