import { mkdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleFiles } from '../cli/demo/sample-files.ts';

const sampleDate = '12.10.2023';

/** Writes `days` days of sensor files, each the sample day under another date; returns how many files there are. */
export async function writeShare(folder: string, days: number): Promise<number> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  let count = 0;
  for (let day = 0; day < days; day += 1) {
    const date = `${String(day + 1).padStart(2, '0')}.09.2023`;
    const pending: Promise<void>[] = [];
    for (const file of sampleFiles()) {
      if (file.rejected) continue;
      const text = file.content.toString('utf8').replaceAll(sampleDate, date);
      pending.push(writeFile(join(folder, file.name.replace(sampleDate, date)), text));
      count += 1;
      if (pending.length === 64) await Promise.all(pending.splice(0));
    }
    await Promise.all(pending);
  }
  return count;
}
