import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const page = readFileSync(join(resolve(import.meta.dirname, '..', '..', '..'), 'docs', 'glossary.md'), 'utf8');
const [head, line, ...rows] = page.split('\n').filter((one) => one.startsWith('|'));
const cells = (row: string) => row.split('|').slice(1, -1);

test('the glossary has 15 to 25 words, each with its meaning, in alphabetical order', () => {
  expect([cells(head ?? '').map((cell) => cell.trim()), line]).toEqual([
    ['word', 'meaning', 'rather than'],
    '|---|---|---|',
  ]);
  expect(rows.length).toBeGreaterThanOrEqual(15);
  expect(rows.length).toBeLessThanOrEqual(25);
  const words = rows.map((row) => cells(row)[0]?.trim() ?? '');
  expect(words).toEqual([...words].sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase(), 'en')));
  for (const row of rows) {
    expect(cells(row)).toHaveLength(3);
    expect(cells(row)[1]?.trim()).not.toBe('');
  }
});
