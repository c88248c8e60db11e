import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

const sites = ['Sion', 'Aadorf / Tänikon', ...Array.from({ length: 123 }, (_, index) => `Station ${index + 3} / Ort`)];
const measurements = [
  ['PRED_T_2M_ctrl', '°C', -10, 35],
  ['PRED_RELHUM_2M_ctrl', '%', 10, 100],
  ['PRED_TOT_PREC_ctrl', 'mm', 0, 6],
  ['PRED_GLOB_ctrl', 'Watt/m2', 0, 900],
  ['PRED_DURSUN_ctrl', 'min', 0, 60],
] as const;
const runs = ['00', '12'];
const hours = 120;

/** Lines of one file. */
export const linesAFile = sites.length * measurements.length * runs.length * hours;

/**
 * Writes so many daily forecast files of 150,000 lines: 125 sites, 5 measurements (one of which silver does not want), two
 * runs, 120 hours ahead, 3 % of the values missing. The same every time.
 */
export async function writeForecasts(folder: string, days: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  let state = 20230105;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  for (let day = 0; day < days; day += 1) {
    const issued = Date.UTC(2023, 0, 5 + day);
    const file = createWriteStream(join(folder, `Pred_${new Date(issued).toISOString().slice(0, 10)}.csv`));
    file.write('Time,Value,Prediction,Site,Measurement,Unit\n');
    const times = Array.from({ length: hours }, (_, hour) =>
      new Date(issued + hour * 3_600_000).toISOString().slice(0, 19).replace('T', ' '),
    );
    for (const run of runs) {
      for (const site of sites) {
        let block = '';
        for (const [measurement, unit, from, to] of measurements) {
          for (const time of times) {
            const value = random() < 0.03 ? '-99999.0' : (from + random() * (to - from)).toFixed(3);
            block += `${time}+00:00,${value},${run},${site},${measurement},${unit}\n`;
          }
        }
        file.write(block);
      }
    }
    file.end();
    await finished(file);
  }
}
