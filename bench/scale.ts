import { parseArgs } from 'node:util';

export interface Scale {
  readonly name: keyof typeof minutesOf;
  /** Minutes of history, two files each. */
  readonly minutes: number;
  /** How often what takes a moment is measured; what takes minutes is measured once. */
  readonly runs: number;
}

/** A day; a tenth of the installation's 244,800 files; all of them. */
const minutesOf = { day: 1440, tenth: 12_240, full: 122_400 } as const;

/**
 * Reads `--scale day|tenth|full` (tenth) and `--runs N` (5).
 * @throws Error for anything else.
 */
export function readScale(args: readonly string[]): Scale {
  const { values } = parseArgs({
    args: [...args],
    options: { scale: { type: 'string', default: 'tenth' }, runs: { type: 'string', default: '5' } },
  });
  const { scale, runs } = values;
  if (!(scale in minutesOf)) throw new Error(`--scale is day, tenth or full, not ${scale}`);
  if (!/^[1-9]\d?$/.test(runs)) throw new Error(`--runs is a number from 1 to 99, not ${runs}`);
  const name = scale as keyof typeof minutesOf;
  return { name, minutes: minutesOf[name], runs: Number(runs) };
}
