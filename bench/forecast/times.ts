import { withClient } from '../database.ts';
import type { Measured } from '../measure.ts';
import { type Bar, barOf } from './bars.ts';
import type { BenchHousehold } from './household.ts';

/** What a step took. */
export interface Time {
  readonly what: string;
  readonly seconds: number;
  /** Of the program's process; what the server computed is not in it. */
  readonly cpuSeconds?: number;
  readonly memoryMb?: number;
}

/** All that is timed, and what it is to be on two quiet cores. */
export interface Times {
  readonly times: readonly Time[];
  readonly bars: readonly Bar[];
}

/**
 * Loads and builds the household on an empty database, and times what predicting needs of it: features of all days and of two new files, training,
 * a quarter of an hour from its last files to gold, the forecast of three days to gold.
 */
export async function measureTimes(on: BenchHousehold, url: string, say: (text: string) => void): Promise<Times> {
  const times: Time[] = [];
  const add = (what: string, { seconds, cpuSeconds, memoryMb }: Omit<Time, 'what'>) => {
    times.push({
      what,
      seconds,
      ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
      ...(memoryMb ? { memoryMb } : {}),
    });
    say(`  ${what}: ${seconds.toFixed(2)} s${cpuSeconds === undefined ? '' : `, ${cpuSeconds.toFixed(1)} s of CPU`}`);
    return seconds;
  };
  const run = (...args: string[]): Promise<Measured> => on.run(url, ...args);
  const load = await run('load', 'sensors', '--full');
  add('load of all files', load);
  await run('load', 'weather', 'registry', '--from-bronze');
  add('build of all', await run('build'));
  await run('run', '--select', 'room_quarter', '--full-refresh');
  const full = add('room_quarter, all days', { seconds: await lastOf(url, 'room_quarter') });
  const training = await run('predict', 'train');
  add('train all', training);
  add('score, first time', await run('predict', 'score'));
  add('build after the three days ahead', await run('build'));
  const before = await recordsOf(url);
  add('score again', await run('predict', 'score'));
  const again = (await recordsOf(url)) - before;
  on.bringLastMinute();
  await run('load', 'sensors');
  await run('run');
  const increment = add('room_quarter, two new files', { seconds: await lastOf(url, 'room_quarter') });
  const scored = await run('predict', 'score', '--horizon', 'quarter', 'hour');
  const written = (await recordsOf(url)) - before;
  const built = await run('run');
  const cycle = add('a quarter: score and run, to gold', {
    seconds: scored.seconds + built.seconds,
    cpuSeconds: scored.cpuSeconds + built.cpuSeconds,
    memoryMb: Math.max(scored.memoryMb, built.memoryMb),
  });
  return {
    times,
    bars: [
      barOf('load of all files: MB', load.memoryMb, { most: 199 }),
      barOf('room_quarter, all days: seconds', full, { most: 25 }),
      barOf('room_quarter, two new files: seconds', increment, { most: 0.1 }),
      barOf('train all: seconds', training.seconds, { most: 60 }),
      barOf('train all: MB', training.memoryMb, { most: 600 }),
      barOf('a quarter, to gold: seconds', cycle, { most: 3 }),
      barOf('score again: records', again, { most: 0 }),
      // Or else the cycle measured nothing.
      barOf('a quarter: records', written, { least: 20 }),
    ],
  };
}

/** How long a model took the last time that it was built, seconds. */
async function lastOf(url: string, node: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ seconds: number }>(
      `select extract(epoch from finished_at - started_at)::float8 as seconds from datacycle.run_result
       where node = $1 and kind = 'model' and status = 'success' order by started_at desc limit 1`,
      [node],
    );
    return rows[0]?.seconds ?? Number.NaN;
  });
}

async function recordsOf(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ n: number }>('select count(*)::int as n from staging.prediction');
    return rows[0]?.n ?? 0;
  });
}
