import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { localOffset } from './household/clock.ts';
import { fairWeather } from './household/outdoors.ts';
import { round, seededRandom } from './household/random.ts';

/** The day of the sample files, and how many days before it forecasts were issued. */
const sampleDay = Date.UTC(2023, 9, 12);
const issuedBefore = [2, 1, 0];
const hoursAhead = 72;
const runs = ['00', '06', '12'];

/** How much warmer than at the apartments it is there, K. */
const sites = [
  ['Sion', 0],
  ['"Visp"', -0.8],
  ['Aadorf / Tänikon', -3.1],
] as const;

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/**
 * Writes three forecast files of an invented autumn week into Bronze, where `load weather --from-bronze` finds them: the
 * weather of the sample day, the more wrong the longer before it was issued, with the faults real files have. The same
 * bytes on every run and platform.
 * @returns the number of lines without headers.
 */
export async function writeSampleForecasts(bronze: string): Promise<number> {
  let count = 0;
  for (const days of issuedBefore) {
    const issued = sampleDay - days * dayMs;
    const day = new Date(issued).toISOString().slice(0, 10);
    const lines = forecastLines(issued, days);
    count += lines.length;
    const path = join(bronze, 'weather', ...day.split('-'), `Pred_${day}.csv`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `Time,Value,Prediction,Site,Measurement,Unit\n${lines.join('\n')}\n`);
  }
  return count;
}

function forecastLines(issued: number, seed: number): string[] {
  const random = seededRandom(20_231_012 + seed);
  const lines: string[] = [];
  for (const run of runs) {
    for (const [site, warmer] of sites) {
      // A run is off by more the further it looks, and all of it in one direction.
      const drift = random.noise(0.9);
      for (let hour = 0; hour < hoursAhead; hour += 1) {
        const time = issued + hour * hourMs;
        const fair = fairWeather(((((time - sampleDay) / 60_000 + localOffset) % 1440) + 1440) % 1440);
        const off = drift * (1 + hour / 18) + random.noise(0.4);
        const rain = Math.max(0, random.noise(1.2) - 0.6);
        const values = [
          ['PRED_T_2M_ctrl', round(fair.temperature + warmer + off, 2), '°C'],
          ['PRED_RELHUM_2M_ctrl', round(Math.min(100, fair.humidity - 2 * off), 2), '%'],
          ['PRED_TOT_PREC_ctrl', round(rain, 2), 'mm'],
          ['PRED_GLOB_ctrl', round(fair.sun * 610 * (1 - rain / 3), 2), 'Watt/m2'],
          ['PRED_DURSUN_ctrl', round(60 * fair.sun, 2), 'min'],
        ] as const;
        const text = `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')}+00:00`;
        for (const [measurement, value, unit] of values) {
          lines.push(`${text},${faulty(value, random.next())},${run},${site},${measurement},${unit}`);
        }
      }
    }
  }
  // A thermometer of a model that has lost its mind: flagged further on, not removed.
  lines.push(
    `${new Date(issued + 5 * hourMs).toISOString().slice(0, 19).replace('T', ' ')}+00:00,99.9,18,Sion,PRED_T_2M_ctrl,°C`,
  );
  return lines;
}

/** As real files have them: values that are missing, and now and then one that is no number. */
function faulty(value: number, chance: number): string {
  if (chance < 0.02) return '-99999.0';
  return chance < 0.021 ? 'n/a' : String(value);
}
