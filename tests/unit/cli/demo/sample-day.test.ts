import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faults } from '../../../../cli/demo/faults.ts';
import type { Owner } from '../../../../cli/demo/household/apartment.ts';
import { fileName, minutesOfDay, within } from '../../../../cli/demo/household/clock.ts';
import type { Json } from '../../../../cli/demo/household/payload.ts';
import { type SampleDay, type SampleDayProgress, writeSampleDay } from '../../../../cli/demo/sample-day.ts';

const owners: readonly Owner[] = ['JeremieVianin', 'JimmyLoup'];
const sections = ['plugs', 'doorsWindows', 'motions', 'meteos', 'humidities', 'consumptions'];
/** Changes only with the day itself; the same on every platform. */
const dayHash = 'ade30883baba43e1ec42faab5c5b82aa333831531b4fd42bb20bcf1db1f50880';

const folders = [mkdtempSync(join(tmpdir(), 'sample-day-')), mkdtempSync(join(tmpdir(), 'sample-day-'))] as const;
const progress: SampleDayProgress[] = [];
let day: SampleDay;
let names: string[];

beforeAll(async () => {
  day = await writeSampleDay(folders[0], { onProgress: (step) => progress.push(step) });
  await writeSampleDay(join(folders[1], 'deep', 'folder'));
  names = readdirSync(folders[0]).sort();
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test('there is one file a minute and apartment, and the result counts them', () => {
  const expected = owners.flatMap((owner) => minutes().map((minute) => fileName(owner, minute)));
  expect(expected[0]).toBe('12.10.2023 0000_JeremieVianin_received.json');
  expect(names).toHaveLength(2880);
  expect(names).toEqual(expected.sort());
  expect(day.files).toBe(2880);
  expect(day.bytes).toBe(names.reduce((sum, name) => sum + readFileSync(join(folders[0], name)).length, 0));
});

test('progress ends with everything', () => {
  expect(progress).toHaveLength(2880);
  expect(progress.at(-1)).toEqual({ files: 2880, total: 2880, bytes: day.bytes });
});

test('every run writes the same bytes', () => {
  expect(hashOf(join(folders[1], 'deep', 'folder'))).toBe(hashOf(folders[0]));
  expect(hashOf(folders[0])).toBe(dayHash);
});

test('a folder that cannot be written is an error', async () => {
  await expect(writeSampleDay(join(folders[0], names[0] ?? ''))).rejects.toThrow();
});

test('broken names the files a loader has to reject, and no other', () => {
  expect(day.broken).toHaveLength(8);
  expect(names.filter((name) => parsed(name) === undefined)).toEqual([...day.broken].sort());
});

test('a good file is 2.5 to 5 KB and has the keys of a real one', () => {
  for (const owner of owners) {
    for (const { minute, name, contents } of goodFiles(owner)) {
      const size = readFileSync(join(folders[0], name)).length;
      expect(size).toBeGreaterThan(2500);
      expect(size).toBeLessThan(5000);
      expect(contents).toMatchObject({ user: owner, api_token: `demo-token-${owner}` });
      const planned = faults.filter((fault) => fault.owner === owner && within(minute, fault.during));
      for (const section of sections) {
        if (planned.some(({ path }) => path.join() === section)) continue;
        const rooms = at(contents, section);
        expect(
          rooms !== null && typeof rooms === 'object' && Object.keys(rooms).length > 0,
          `${section} of ${name}`,
        ).toBe(true);
      }
    }
  }
});

test('a byte-order mark, numbers as strings, null and absent sections all occur', () => {
  const texts = names.map((name) => readFileSync(join(folders[0], name), 'utf8'));
  expect(texts.filter((text) => text.startsWith('\ufeff'))).toHaveLength(2);
  expect(texts.some((text) => /"Temperature": "\d/.test(text))).toBe(true);
  expect(texts.some((text) => text.includes('"humidities": null'))).toBe(true);
  expect(texts.some((text) => text !== '' && !text.includes('"motions"'))).toBe(true);
});

test('every planned oddity is in the files', () => {
  for (const { owner, during, path, oddity } of faults) {
    const hit = goodFiles(owner).filter(({ minute }) => within(minute, during));
    expect(hit.length).toBeGreaterThan(0);
    if (oddity.kind === 'absent') for (const { contents } of hit) expect(at(contents, ...path)).toBeUndefined();
    if (oddity.kind === 'instead') for (const { contents } of hit) expect(at(contents, ...path)).toEqual(oddity.value);
  }
});

describe('the meters', () => {
  test.each([
    ['JimmyLoup', 'Office', 0],
    ['JimmyLoup', 'Livingroom', 0],
    ['JimmyLoup', 'Kitchen', 0],
    ['JimmyLoup', 'Laundry', 0],
    ['JeremieVianin', 'Office', 0],
    ['JeremieVianin', 'Livingroom', 0],
    ['JeremieVianin', 'Kitchen', 1],
  ] as const)('the counter of %s, %s starts again %i times and rises with the power', (owner, room, resets) => {
    const readings = series(owner, 'plugs', room, 'total');
    const falls = readings.filter(({ value }, index) => value < (readings[index - 1]?.value ?? 0));
    expect(falls).toHaveLength(resets);
    expect(readings.every(({ value }) => Number.isInteger(value))).toBe(true);
    if (resets > 0) return;
    const rise = (readings.at(-1)?.value ?? 0) - (readings[0]?.value ?? 0);
    const powers = series(owner, 'plugs', room, 'power').filter(({ value }) => value < 10_000);
    const energy = (powers.reduce((sum, { value }) => sum + value, 0) / powers.length) * 24;
    // Minutes without a file or a value are guessed by the mean, so the two agree but for a few percent.
    expect(Math.abs(rise - energy)).toBeLessThan(0.04 * energy + 3);
  });

  test('three phases add up to the total, plugs included', () => {
    for (const owner of owners) {
      for (const { contents } of goodFiles(owner)) {
        const [total, ...phases] = ['total_power', 'power1', 'power2', 'power3'].map((key) =>
          numberAt(contents, 'consumptions', 'House', key),
        );
        if (total === undefined) continue;
        const sum = phases.reduce<number>((watts, phase) => watts + (phase ?? 0), 0);
        expect(Math.round(sum * 100)).toBe(Math.round(total * 100));
        const plug = numberAt(contents, 'plugs', 'Office', 'power') ?? 0;
        expect(total).toBeGreaterThan(plug);
      }
    }
  });
});

describe('life', () => {
  test('the day is warmer and brighter than the night', () => {
    expect(mean('JeremieVianin', [12, 16], 'meteos', 'meteo', 'Outdoor', 'Temperature')).toBeGreaterThan(
      mean('JeremieVianin', [3, 6], 'meteos', 'meteo', 'Outdoor', 'Temperature') + 6,
    );
    expect(mean('JimmyLoup', [10, 14], 'motions', 'Livingroom', 'light')).toBeGreaterThan(
      10 * mean('JimmyLoup', [0, 4], 'motions', 'Livingroom', 'light'),
    );
  });

  test('who sleeps uses up the air of the bedroom, who works that of the office', () => {
    const bedroom = ['meteos', 'meteo', 'Bdroom', 'CO2'];
    expect(mean('JeremieVianin', [3, 5], ...bedroom)).toBeGreaterThan(2 * mean('JeremieVianin', [17, 19], ...bedroom));
    const office = ['meteos', 'meteo', 'Office', 'CO2'];
    expect(mean('JimmyLoup', [9, 10], ...office)).toBeGreaterThan(1.4 * mean('JimmyLoup', [2, 4], ...office));
  });

  test('nobody moves at night, nor while everybody is at work', () => {
    const moves = (owner: Owner, [from, to]: readonly [number, number]) =>
      goodFiles(owner).filter(
        ({ minute, contents }) =>
          minute >= from * 60 &&
          minute < to * 60 &&
          ['Livingroom', 'Office', 'Kitchen'].some((room) => at(contents, 'motions', room, 'motion') === true),
      ).length;
    expect(owners.map((owner) => moves(owner, [0, 4]))).toEqual([0, 0]);
    expect(moves('JeremieVianin', [7, 14])).toBe(0);
    expect(moves('JimmyLoup', [7, 14])).toBeGreaterThan(60);
  });

  test('a shower steams up the bathroom, an open window cools the bedroom', () => {
    const humidity = series('JimmyLoup', 'humidities', 'Bhroom', 'humidity').map(({ value }) => value);
    expect(Math.max(...humidity)).toBeGreaterThan(70);
    expect(Math.min(...humidity)).toBeLessThan(50);
    expect(mean('JimmyLoup', [4, 5], 'meteos', 'meteo', 'Bdroom', 'Temperature')).toBeGreaterThan(
      mean('JimmyLoup', [6, 6.2], 'meteos', 'meteo', 'Bdroom', 'Temperature') + 1.5,
    );
  });

  test('batteries only fall', () => {
    const charges = series('JeremieVianin', 'humidities', 'Kitchen', 'devicePower').map(({ value }) => value);
    expect(charges.every((charge, index) => charge <= (charges[index - 1] ?? 100))).toBe(true);
    expect(charges.at(-1)).toBeLessThan(charges[0] ?? 0);
  });
});

function minutes(): readonly number[] {
  return Array.from({ length: minutesOfDay }, (_, minute) => minute);
}

/** The contents of a file, or undefined if a loader has to reject it. */
function parsed(name: string): Json | undefined {
  const text = readFileSync(join(folders[0], name), 'utf8').replace(/^\ufeff/, '');
  try {
    const contents: Json = JSON.parse(text);
    const isObject = typeof contents === 'object' && contents !== null && !Array.isArray(contents);
    return isObject && !text.includes('\\u0000') ? contents : undefined;
  } catch {
    return undefined;
  }
}

interface GoodFile {
  readonly minute: number;
  readonly name: string;
  readonly contents: Json;
}

const read = new Map<Owner, readonly GoodFile[]>();

function goodFiles(owner: Owner): readonly GoodFile[] {
  const known = read.get(owner);
  if (known !== undefined) return known;
  const files = minutes().flatMap((minute) => {
    const name = fileName(owner, minute);
    const contents = parsed(name);
    return contents === undefined ? [] : [{ minute, name, contents }];
  });
  read.set(owner, files);
  return files;
}

function at(contents: Json, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (value, key) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value[key] : undefined),
    contents,
  );
}

function numberAt(contents: Json, ...path: readonly string[]): number | undefined {
  const value = at(contents, ...path);
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : undefined;
}

function series(owner: Owner, ...path: readonly string[]): readonly { minute: number; value: number }[] {
  return goodFiles(owner).flatMap(({ minute, contents }) => {
    const value = numberAt(contents, ...path);
    return value === undefined ? [] : [{ minute, value }];
  });
}

/** The mean of a reading between two hours, UTC. */
function mean(owner: Owner, [from, to]: readonly [number, number], ...path: readonly string[]): number {
  const values = series(owner, ...path).filter(({ minute }) => minute >= from * 60 && minute < to * 60);
  return values.reduce((sum, { value }) => sum + value, 0) / values.length;
}

function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}
