import { document, fileName } from '../../loaders/sensor-share.ts';

interface MinuteFile {
  readonly name: string;
  readonly content: string;
}

/** Files by the second in which they come, three minutes a second. */
export interface MinuteFiles {
  get(second: number): readonly MinuteFile[] | undefined;
  /** The second of the last that comes late. */
  readonly last: number;
  readonly good: number;
  readonly broken: number;
}

/** So many minutes of both apartments: some come late and out of order, and some are broken. */
export function minuteFiles(minutes: number): MinuteFiles {
  const files = new Map<number, MinuteFile[]>();
  let last = 0;
  let broken = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    for (const owner of ['JimmyLoup', 'JeremieVianin']) {
      // The models of the small project do not bear minute 5.
      const at = minute + 10;
      const isBroken = (minute * 7 + owner.length) % 17 === 0;
      broken += isBroken ? 1 : 0;
      const whole = document(owner, at);
      const late = (minute * 5 + owner.length) % 11 === 0 ? (minute * 13) % 20 : 0;
      const second = Math.floor(minute / 3) + late;
      last = Math.max(last, second);
      const file = { name: fileName(owner, at), content: isBroken ? whole.slice(0, 90) : whole };
      files.set(second, [file, ...(files.get(second) ?? [])]);
    }
  }
  return { get: (second) => files.get(second), last, good: minutes * 2 - broken, broken };
}
