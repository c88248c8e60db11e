import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuildingWritten, firstDay, writeBuilding } from '../../../../cli/demo/building/building.ts';
import { Faults } from '../../../../cli/demo/building/faults.ts';
import { sensors } from '../../../../cli/demo/building/room-day.ts';
import { seededRandom } from '../../../../cli/demo/household/random.ts';

/** The rooms that have a fault of their own, of those that come first. */
const size = { rooms: 5, days: 2, step: 20 };

describe('an invented building', () => {
  const folder = mkdtempSync(join(tmpdir(), 'datacycle-building-'));
  let written: BuildingWritten;
  beforeAll(async () => {
    written = await writeBuilding(join(folder, 'one'), size);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const linesOf = (room: string, sensor: string, of = 'one') =>
    readFileSync(join(folder, of, room, `${sensor}.csv`), 'utf8')
      .trimEnd()
      .split('\n');
  const readings = (room: string, sensor: string) =>
    linesOf(room, sensor).flatMap((line) => {
      const [time = '', value = ''] = line.split(', ');
      return /^\d/.test(time) ? [{ time: Number(time), value }] : [];
    });
  const digest = (of: string) => {
    const hash = createHash('sha256');
    const paths = readdirSync(join(folder, of), { recursive: true, encoding: 'utf8' });
    for (const path of paths.filter((one) => one.endsWith('.csv')).sort())
      hash.update(path.replaceAll('\\', '/')).update(readFileSync(join(folder, of, path)));
    return hash.digest('hex');
  };

  it('is the same, byte for byte, on every machine, and another one by another seed', async () => {
    expect(digest('one')).toBe('267a8e475c3dd61c83f0338abb73e090956ccc9570efbdd2aed3eb2634bc0e55');
    const few = { rooms: 1, days: 1, step: 600 };
    for (const [name, seed] of [
      ['a', 1],
      ['b', 1],
      ['c', 2],
    ] as const)
      await writeBuilding(join(folder, name), { ...few, seed });
    expect(digest('b')).toBe(digest('a'));
    expect(digest('c')).not.toBe(digest('a'));
  });

  it('has a file of each sensor of each room, in order, about as dense as asked', () => {
    const rooms = readdirSync(join(folder, 'one')).sort();
    expect(rooms).toEqual(['413', '415', '417', '419', '421']);
    expect(written).toMatchObject({ files: 25, lines: expect.any(Number) });
    let lines = 0;
    let paused = 0;
    for (const room of rooms)
      for (const sensor of sensors) {
        lines += linesOf(room, sensor).length;
        const times = readings(room, sensor).map(({ time }) => time);
        const steps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
        expect(Math.min(...steps), `${room} ${sensor}`).toBeGreaterThan(0);
        const pauses = steps.filter((step) => step >= 3600);
        expect(pauses.length).toBeLessThanOrEqual(1);
        paused += pauses.length;
        const usual = sensor === 'pir' ? 40 : 20;
        expect(steps.filter((step) => Math.abs(step - usual) <= 1).length).toBeGreaterThanOrEqual(steps.length - 2);
        expect(times[0]).toBeLessThan(firstDay + 40);
        expect(times.at(-1)).toBeLessThan(firstDay + 2 * 86_400);
      }
    expect(lines).toBe(written.lines);
    // Half of the recorders pause once.
    expect(paused).toBeGreaterThan(5);
    expect(paused).toBeLessThan(20);
  });

  it('has the faults of real sensors, each where it belongs', () => {
    const odd = (room: string, sensor: string, is: (value: string) => boolean) =>
      readings(room, sensor).filter(({ value }) => is(value)).length;
    const hot = (value: string) => value === '579.27' || value === '-40.10';
    expect(odd('413', 'temperature', hot)).toBeGreaterThan(0);
    expect(odd('415', 'temperature', hot)).toBe(0);
    expect(odd('415', 'pir', (value) => value === '34456.00')).toBeGreaterThan(0);
    expect(odd('413', 'pir', (value) => Number(value) > 30)).toBe(0);
    expect(odd('419', 'humidity', (value) => value === '-500.96')).toBeGreaterThan(0);
    expect(odd('421', 'luminosity', (value) => value === '' || value === 'NaN')).toBeGreaterThan(0);
    expect(linesOf('417', 'co2')[0]).toBe('time, value');
    expect(linesOf('413', 'co2')[0]).toMatch(/^\d{10}, \d+\.\d\d$/);
    const dead = new Faults('511', 'co2', seededRandom(1), 3);
    expect([0, 1, 2].map((day) => dead.isDead(day))).toEqual([false, true, true]);
  });
});
