import { describe, expect, it } from 'vitest';
import { type DayFile, dayFiles, dayForecasts } from '../../../../cli/demo/days/days.ts';
import { planOf } from '../../../../cli/demo/days/habits.ts';
import { heating } from '../../../../cli/demo/days/heating.ts';
import { clock } from '../../../../cli/demo/household/clock.ts';
import { jimmy } from '../../../../cli/demo/household/jimmy.ts';
import { seededRandom } from '../../../../cli/demo/household/random.ts';

const files = [...dayFiles({ days: 2, seed: 5 })];

/** The power of the whole apartment in a file. */
function power({ content }: DayFile): number {
  return JSON.parse(content).consumptions.House.total_power;
}

describe('the days of the demo', () => {
  it('are a file a minute and apartment up to the sample day, but for gaps of some minutes', () => {
    expect(files.length).toBeGreaterThan(0.97 * 2 * 2880);
    expect(files.length).toBeLessThan(2 * 2880);
    expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
    expect(new Set(files.map(({ name }) => name.slice(0, 10)))).toEqual(new Set(['11.10.2023', '12.10.2023']));
    for (const { name, content } of files.slice(0, 50)) {
      const { user, datetime } = JSON.parse(content);
      expect(name).toBe(`${datetime.replace(':', '')}_${user}_received.json`);
    }
  });

  it('are the same for the same seed, and others for another', () => {
    const morning = (seed: number) => {
      const source = dayFiles({ days: 2, seed });
      return Array.from({ length: 800 }, () => source.next().value?.content).join('\n');
    };
    const again = files.slice(0, 800).map(({ content }) => content);
    expect(morning(5)).toBe(again.join('\n'));
    expect(morning(6)).not.toBe(again.join('\n'));
  });

  it('use power, and counters only rise', () => {
    const mean = files.reduce((sum, file) => sum + power(file), 0) / files.length;
    expect(mean).toBeGreaterThan(200);
    expect(mean).toBeLessThan(2500);
    const counters = files
      .filter(({ name }) => name.includes('JeremieVianin'))
      .map(({ content }): number => JSON.parse(content).plugs.Kitchen.total);
    expect(counters).toEqual(counters.toSorted((one, other) => one - other));
  });

  it('go by the weekday and by chance, and nobody moves or cooks while away', () => {
    const random = seededRandom(3);
    const monday = planOf(jimmy, 3, 1, random);
    const saturday = planOf(jimmy, 5, 6, random);
    expect(monday.people).not.toEqual(saturday.people);
    for (const stays of monday.people) {
      const times = stays.map(([time]) => clock(time));
      expect(times).toEqual(times.toSorted((one, other) => one - other));
    }
    const absent = planOf(jimmy, 32, 1, random);
    expect(absent.people.flat().map(([, place]) => place)).toEqual(['away', 'away', 'away']);
    expect(absent.activities.some(({ plug }) => plug === true)).toBe(false);
  });

  it('heat the more the colder it is, and less where nobody is', () => {
    const runs = (mean: number, isAway: boolean) =>
      heating('Laundry', { mean, clouds: 0.5, pressure: 1015 }, isAway).during.length;
    expect(runs(4, false)).toBeGreaterThan(runs(10, false));
    expect(runs(4, true)).toBeLessThan(runs(4, false));
    expect(runs(24, false)).toBe(0);
  });

  it('have a forecast each, of four days, that is the more wrong the further it looks', () => {
    const season = [...dayForecasts({ days: 20, seed: 5 })];
    expect(season.map(({ day }) => day).slice(-1)).toEqual(['2023-10-12']);
    const temperatures = (place: number) =>
      (season[place]?.text ?? '')
        .split('\n')
        .filter((line) => line.includes('PRED_T_2M'))
        .map((line) => line.split(','));
    expect(temperatures(0)).toHaveLength(96);
    // What was forecast three days before, against what the forecast of the day itself says.
    const off = (ahead: number) => {
      let sum = 0;
      for (let day = 3; day < 20; day += 1) {
        const own = temperatures(day)[0];
        const earlier = temperatures(day - ahead).find(([time]) => time === own?.[0]);
        sum += Math.abs(Number(own?.[1]) - Number(earlier?.[1]));
      }
      return sum / 17;
    };
    expect(off(3)).toBeGreaterThan(off(1));
  });
});
