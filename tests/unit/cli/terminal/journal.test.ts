import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Journal } from '../../../../cli/terminal/journal.ts';

let folder: string;
const troubles: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'datacycle-journal-'));
  troubles.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const journal = (path: string, size?: string) =>
  new Journal(path, 'some.log', {
    redact: (text) => text.replaceAll('hush', '***'),
    clock: () => new Date('2023-10-12T00:00:00Z'),
    onTrouble: (message) => troubles.push(message),
    ...(size === undefined ? {} : { size }),
  });

it('writes one JSON object a line, without secrets, after what is there', async () => {
  for (const round of [1, 2]) {
    const log = journal(join(folder, 'deeply', 'nested'));
    log.write('info', 'loaded', { round, text: 'a hush\nb', nested: { list: ['hush'] } });
    await log.close();
  }
  const lines = readFileSync(join(folder, 'deeply', 'nested', 'some.log'), 'utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    [1, 2].map((round) => ({
      time: '2023-10-12T00:00:00.000Z',
      level: 'info',
      event: 'loaded',
      round,
      text: 'a ***\nb',
      nested: { list: ['***'] },
    })),
  );
  expect(troubles).toEqual([]);
});

it('begins a new file when one is full, keeps fourteen and loses no line on the way', async () => {
  const log = journal(folder, '1K');
  // Fourteen files of eleven lines, and a few lines more.
  for (let number = 0; number < 160; number += 1) log.write('info', 'numbered', { number, fill: 'x'.repeat(20) });
  await log.close();
  const kept = readdirSync(folder).sort();
  expect(kept).toHaveLength(15);
  const texts = kept.map((name) => {
    const bytes = readFileSync(join(folder, name));
    return name.endsWith('.gz') ? gunzipSync(bytes).toString() : bytes.toString();
  });
  const numbers = texts
    .flatMap((text) => text.trim().split('\n'))
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { number: number }).number)
    .sort((a, b) => a - b);
  expect(numbers.at(-1)).toBe(159);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 160 - numbers.length + index));
});

it('says once that it cannot write, and lets the work go on', async () => {
  writeFileSync(join(folder, 'file'), '');
  const log = journal(join(folder, 'file'));
  for (let number = 0; number < 5; number += 1) log.write('info', 'lost', { number });
  await log.close();
  expect(troubles).toHaveLength(1);
  expect(troubles[0]).toMatch(/^The log in .* \(LOG_DIR\) cannot be written: .*The work goes on without\.$/);
});

it('begins a line of its own after one that a full disk cut short', async () => {
  writeFileSync(join(folder, 'some.log'), '{"whole":1}\n{"cut":');
  const log = journal(folder);
  log.write('info', 'again');
  await log.close();
  const lines = readFileSync(join(folder, 'some.log'), 'utf8').split('\n');
  expect(lines.slice(0, 2)).toEqual(['{"whole":1}', '{"cut":']);
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({ event: 'again' });
  expect(lines.slice(3)).toEqual(['']);
});

it.runIf(process.platform === 'linux')('says so where no folder can be made, instead of trying for ever', async () => {
  const log = journal('/proc/no/such/folder');
  log.write('info', 'lost');
  await log.close();
  expect(troubles).toEqual([expect.stringContaining('/proc/no/such/folder')]);
});
