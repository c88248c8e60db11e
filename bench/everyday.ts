import { type Installation, nodeStart } from './installation.ts';
import type { Measured } from './measure.ts';
import { type Row, row, together } from './report.ts';

export type Say = (text: string) => void;

/** Does it so many times, one after the other. */
async function times<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let index = 0; index < count; index += 1) results.push(await work(index));
  return results;
}

/** The first load and the first build of all that the share has, each beside its floor. The database is empty. */
export async function measureFirst(on: Installation, say: Say): Promise<Row[]> {
  const floorLoad = [await on.floorLoad()];
  const floorBuild = [await on.floor('build')];
  const load = [await on.run('load', '--full')];
  const rows = [row('first load', load, 'read, sync a copy, COPY', floorLoad)];
  say(`  first load: ${load[0]?.seconds.toFixed(1)} s`);
  const build = [await on.run('build')];
  say(`  first build: ${build[0]?.seconds.toFixed(1)} s`);
  const sum = (one: Measured[], other: Measured[]) =>
    one.flatMap((first, index) => other.slice(index, index + 1).map((second) => together(first, second)));
  return [
    ...rows,
    row('first build: seeds, models, every test', build, 'create table as, keys, indexes', floorBuild),
    row('first load and build', sum(load, build), 'the sum of both', sum(floorLoad, floorBuild)),
  ];
}

/**
 * What comes every day, each beside its floor, after {@link measureFirst}.
 * @param next the minute after those that the share has.
 */
export async function measureEveryday(on: Installation, next: number, runs: number, say: Say): Promise<Row[]> {
  const rows: Row[] = [];
  const add = (...measured: readonly Row[]) => {
    for (const one of measured) say(`  ${one.what}: ${one.seconds.toFixed(2)} s`);
    rows.push(...measured);
  };
  const asks = await times(runs, () => on.floor('ask'));
  const builds = await times(runs, () => on.run('build'));
  add(row('build, nothing new', builds, 'connect and ask once', asks));
  const few = Math.min(runs, 3);
  const lists = await times(few, () => on.floor('list'));
  const listings = await times(few, () => on.run('load', '--full'));
  add(row('load --full, nothing new', listings, 'list the folder', lists));
  add(row('load + run, 2 new files', ...(await measureMinutes(on, next, runs))));
  add(row('build, 20 new files', ...(await measureTens(on, next + runs, few))));
  add(...(await measureLateDay(on)));
  const starts = await times(runs, nodeStart);
  add(row('ls, for the first time', await times(runs, () => on.runCold('ls')), "Node's start", starts));
  add(row('ls, again', await times(runs, () => on.run('ls')), "Node's start", starts));
  add(row('--version', await times(runs, () => on.run('--version')), "Node's start", starts));
  return rows;
}

/** Two new files as every minute brings them, landed and built by two commands; so many minutes. */
async function measureMinutes(on: Installation, next: number, runs: number): Promise<Compared> {
  const ours: Measured[] = [];
  const floors: Measured[] = [];
  for (let minute = next; minute < next + runs; minute += 1) {
    const names = await on.share.write(minute, minute + 1);
    ours.push(together(await on.run('load'), await on.run('run')));
    floors.push(together(await on.floorLoad(names), await on.floor('increment')));
  }
  return [ours, 'the same by COPY and SQL', floors];
}

type Compared = readonly [ours: Measured[], floor: string, floors: Measured[]];

/** Ten minutes at once: the build alone is measured. */
async function measureTens(on: Installation, next: number, runs: number): Promise<Compared> {
  const ours: Measured[] = [];
  const floors: Measured[] = [];
  for (let minute = next; minute < next + runs * 10; minute += 10) {
    const names = await on.share.write(minute, minute + 10);
    await on.run('load');
    ours.push(await on.run('build'));
    await on.floorLoad(names);
    floors.push(await on.floor('increment'));
  }
  return [ours, 'the same by SQL', floors];
}

/** A day before all others that arrives after them. */
async function measureLateDay(on: Installation): Promise<Row[]> {
  const names = await on.share.write(-1440, 0);
  const load = [await on.run('load', '--full')];
  const run = [await on.run('run')];
  const floorLoad = [await on.floorLoad(names)];
  const floorRun = [await on.floor('increment')];
  return [
    row('load --full, a late day', load, 'read, sync a copy, COPY', floorLoad),
    row('run, a late day', run, 'the same by SQL', floorRun),
  ];
}
