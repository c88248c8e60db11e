import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Matrix } from '../../../learning/data/matrix.ts';
import { randomOf } from '../../../learning/data/random.ts';

/** The folder of the sample and of what other implementations made of it. */
export const fixtures = resolve(import.meta.dirname, '..', '..', 'fixtures', 'learning');

/** The inputs of the sample. `presence_w1` and `co2_d` miss values. */
export const inputs = ['hour', 'weekday', 'room', 'since', 'motion', 'presence_w1', 'co2_d', 'temperature', 'power'];

/** A table whose columns have names. */
export interface Table {
  readonly rows: number;
  column(name: string): Float64Array;
  matrix(names: readonly string[]): Matrix;
}

/** A CSV text with a header; an empty cell is a missing value. */
export function tableOf(text: string): Table {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  const names = header.split(',');
  const cells = lines.map((line) => line.split(','));
  const column = (name: string) => {
    const at = names.indexOf(name);
    if (at < 0) throw new Error(`The table has no column ${name}.`);
    return Float64Array.from(cells, (row) => (row[at] === '' ? Number.NaN : Number(row[at])));
  };
  const matrix = (columns: readonly string[]) => ({ columns, rows: cells.length, values: columns.map(column) });
  return { rows: cells.length, column, matrix };
}

/** The shipped sample: 2,000 quarters of an hour of a household that `sampleText` made. */
export function readSample(): Table {
  return tableOf(readFileSync(join(fixtures, 'sample.csv'), 'utf8'));
}

/**
 * Quarters of an hour of three rooms, as CSV: who was there (`occupied`) and the mean power of the next quarter (`next_power`),
 * which hang on habits, on the quarter before and on the weather, with exceptions by chance. Values have few digits, and no
 * function is used whose last digit differs between platforms.
 */
export function sampleText(rows: number, seed: number): string {
  const random = randomOf(seed);
  const noise = () => random.next() + random.next() + random.next() - 1.5;
  const lines = [[...inputs, 'occupied', 'next_power'].join(',')];
  let since = 10;
  let temperature = 14;
  for (let row = 0; row < rows; row += 1) {
    const [hour, weekday, room] = [(row >> 2) % 24, Math.floor(row / 96) % 7, row % 3];
    const isHome = weekday >= 5 ? hour >= 8 && hour < 23 : (hour >= 6 && hour < 8) || (hour >= 17 && hour < 23);
    const motion = random.next() < (isHome ? 0.6 : 0.05) ? Math.floor(random.next() * 15) + 1 : 0;
    since = motion > 0 ? 0 : Math.min(since + 1, 96);
    temperature += noise() + (12 - temperature) / 40;
    const habit = (isHome ? 0.7 : 0.08) + noise() / 10;
    const there = 0.1 + 0.55 * habit + (since < 2 ? 0.25 : 0) + (room === 1 ? 0.05 : 0) - (since > 30 ? 0.15 : 0);
    const occupied = random.next() < there ? 1 : 0;
    const power = 60 + room * 90 + (isHome ? 150 : 0) + Math.max(0, 16 - temperature) * 18 + noise() * 80;
    const kettle = random.next() < (isHome ? 0.06 : 0.01) ? 250 : 0;
    const next = 0.6 * power + 40 + occupied * 90 + (hour === 18 ? 220 : 0) + noise() * 90 + kettle;
    lines.push(
      [
        hour,
        weekday,
        room,
        since,
        motion,
        random.next() < 0.1 ? '' : habit.toFixed(3),
        random.next() < 0.05 ? '' : (motion * 4 + noise() * 30).toFixed(1),
        temperature.toFixed(2),
        power.toFixed(1),
        occupied,
        next.toFixed(1),
      ].join(','),
    );
  }
  return `${lines.join('\n')}\n`;
}
