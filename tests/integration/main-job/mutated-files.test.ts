import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { householdOn } from './household.ts';
import { mutatedFiles } from './mutated-files.ts';

vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

const files = rounds({ gate: 1000, long: 20_000 });

/** Whether bytes are a JSON object, worked out in another way than the loader's. */
function isObject(bytes: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

describe.each(oneDatabase)(`${files} files that were mutated by chance, on $name`, (kind) => {
  const on = householdOn(kind);
  const mutated = mutatedFiles(files, 20_231_012);

  it('are each landed or rejected, and gold is what a build from scratch makes of them', async () => {
    let landed = 0;
    let rejected = 0;
    await on.home.build({ command: 'seed' });
    // Every third first, so that later loads bring what lies between.
    for (const part of [0, 1, 2]) {
      for (const [index, { name, bytes }] of mutated.entries())
        if (index % 3 === part) writeFileSync(join(on.home.share, name), bytes);
      const summary = await on.home.load('full', 300);
      landed += summary.landed;
      rejected += summary.rejected.count;
      expect(summary.skipped.count).toBe(0);
      if (part !== 1) await on.home.build({ command: 'run' });
    }
    expect(landed + rejected).toBe(files);
    expect(Math.min(landed, rejected)).toBeGreaterThan(files / 5);
    expect(
      await on.home.rows(
        `select (select count(*)::int from staging.sensor_file) as staged, sum(l.files)::int as files, sum(l.rejected)::int as rejected
         from staging.load as l`,
      ),
    ).toEqual([{ staged: landed, files, rejected }]);

    const ledger = await on.home.rows<{ name: string; reason: string | null }>('select name, reason from staging.file');
    const reasons = new Map(ledger.map(({ name, reason }) => [name, reason]));
    const broken = ['the file is empty', 'not valid JSON', 'not valid UTF-8', 'not a JSON object'];
    const wrong = mutated.filter(({ name, held }) => {
      const reason = reasons.get(name.replace(/\.gz$/, '')) ?? null;
      // A byte-order mark alone is tolerated, by either.
      return reason === null ? !isObject(held) : broken.includes(reason) && isObject(held);
    });
    expect(wrong.map(({ name, held }) => [name, reasons.get(name), held.toString().slice(0, 200)])).toEqual([]);

    const incremental = await on.home.contents();
    await on.home.build({ command: 'run', fullRefresh: true });
    for (const [table, rows] of await on.home.contents()) expect(incremental.get(table), table).toEqual(rows);
    expect(incremental.get('sensor_events')?.length).toBeGreaterThan(landed);
    expect(incremental.get('sensor_value_rejects')?.length).toBeGreaterThan(100);
  });
});
