import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { formatTable } from '../cli/terminal/table.ts';
import startPostgres from '../tests/postgres-server.ts';
import { measureEveryday, measureFirst } from './everyday.ts';
import { assertSameRows, measureSilver, type Silver } from './figures.ts';
import { Installation } from './installation.ts';
import { median } from './measure.ts';
import { type Row, rounded, rowCells, rowTitles } from './report.ts';
import { readScale, type Scale } from './scale.ts';
import { Share } from './share.ts';

/*
 * What a person does, each beside its floor, at one of three sizes: `npm run bench -- --scale day|tenth|full`. On PostgreSQL, BENCH_DB_URL
 * (its schemas staging, silver, gold, bi, access, seeds, datacycle and floor are dropped!) or a server started for the purpose, and
 * a tenth of it on the embedded database; where there is no PostgreSQL, all of it on the embedded one.
 */
const root = resolve('.');
const home = join(root, '.datacycle', 'bench');

/** The day of minute 0. */
const first = Date.UTC(2023, 7, 1);

/** What two new files cost beside so much history. */
interface Growth {
  readonly files: number;
  readonly seconds: number;
}

/** A first load into PostgreSQL keeps below so much memory, however many files there are, in megabytes. */
const mostLoadMb = 200;

interface Part {
  readonly database: string;
  readonly files: number;
  readonly silver: Silver;
  readonly rows: readonly Row[];
}

async function main(): Promise<void> {
  const started = performance.now();
  const scale = readScale(process.argv.slice(2));
  if (process.env.BENCH_DB_URL) process.env.TEST_DB_URL = process.env.BENCH_DB_URL;
  const stop = await startPostgres();
  const url = process.env.TEST_DB_URL;
  rmSync(home, { recursive: true, force: true });
  try {
    const parts: Part[] = [];
    const on = new Installation(join(home, 'main'), url, new Share(join(home, 'share'), first));
    const growth = await measureGrowth(on, scale);
    say(`All history, ${on.kind}`);
    parts.push(await measurePart(on, Math.round(scale.minutes * 0.3), scale.minutes, scale.runs));
    const tenfold = parts[0]?.rows.find(({ what }) => what === 'load + run, 2 new files');
    growth.push({ files: parts[0]?.files ?? 0, seconds: tenfold?.seconds ?? Number.NaN });
    // At once: whatever comes of the embedded database, these figures took minutes.
    report(scale, parts, growth, started);
    if (url !== undefined) {
      assertFlat(parts[0]?.rows ?? []);
      say('\nA tenth of it on the embedded database');
      const tenth = new Installation(join(home, 'embedded'), undefined, new Share(join(home, 'share-tenth'), first));
      parts.push(await measurePart(tenth, 0, Math.round(scale.minutes / 10), Math.min(scale.runs, 3)));
      report(scale, parts, growth, started);
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
    await stop?.();
  }
}

/** Two new files beside a tenth and three tenths of history, each loaded and built from nothing. */
async function measureGrowth(on: Installation, scale: Scale): Promise<Growth[]> {
  const growth: Growth[] = [];
  let written = 0;
  for (const tenths of [1, 3]) {
    const until = Math.round((scale.minutes * tenths) / 10);
    say(`${tenths} of ten parts of history, ${on.kind}`);
    await on.share.write(written, until);
    written = until;
    await on.reset();
    await on.run('load', '--full');
    await on.run('build');
    const runs: number[] = [];
    for (let minute = until; minute < until + scale.runs; minute += 1) {
      await on.share.write(minute, minute + 1);
      runs.push((await on.run('load')).seconds + (await on.run('run')).seconds);
    }
    growth.push({ files: until * 2, seconds: rounded(median(runs)) });
    say(`  load + run, 2 new files: ${median(runs).toFixed(2)} s`);
  }
  return growth;
}

/** Everything, once the minutes from `written` to `until` are written, too. */
async function measurePart(on: Installation, written: number, until: number, runs: number): Promise<Part> {
  await on.share.write(written, until);
  await on.reset();
  const atFirst = await measureFirst(on, say);
  await assertSameRows(on);
  const silver = await measureSilver(on);
  const { files } = on.share;
  const everyday = await measureEveryday(on, until, runs, say);
  const database = await on.query(
    async (db) => (await db.query<{ v: string }>('select version() as v')).rows[0]?.v ?? '',
  );
  return { database: `${on.kind}: ${database}`, files, silver, rows: [...atFirst, ...everyday] };
}

/** Whatever else differs between machines, this does not. */
function assertFlat(rows: readonly Row[]): void {
  const load = rows.find(({ what }) => what === 'first load')?.memoryMb ?? Number.NaN;
  if (!(load < mostLoadMb))
    throw new Error(`The first load took ${load} MB of memory; below ${mostLoadMb} are wanted.`);
}

/** Writes all figures, and shows those of the newest part. */
function report(scale: Scale, parts: readonly Part[], sizes: readonly Growth[], started: number): void {
  const growth = sizes.map((one) => ({ ...one, ratio: rounded(one.seconds / (sizes[0]?.seconds ?? 1)) }));
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? '',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: process.platform,
  };
  const result = {
    scale: scale.name,
    machine,
    parts,
    growth,
    minutes: rounded((performance.now() - started) / 60_000),
  };
  mkdirSync(join(root, 'target'), { recursive: true });
  const file = join('target', `bench-${scale.name}.json`);
  writeFileSync(join(root, file), `${JSON.stringify(result, null, 2)}\n`);
  for (const { database, files, silver, rows } of parts.slice(-1)) {
    say(`\n${database.split(' on ')[0]}: ${files} files, ${silver.rows} readings`);
    say(formatTable(rowTitles, rows.map(rowCells)));
    say(
      `A silver row with its key and its index on load_id: ${silver.bytesARow} bytes; the floor's ${silver.floorBytesARow}.`,
    );
  }
  say('\nTwo new files beside more history, load + run, on the database of all history');
  say(
    formatTable(
      ['files', 'seconds', 'ratio'],
      growth.map((one) => [one.files, one.seconds.toFixed(2), one.ratio.toFixed(2)]),
    ),
  );
  say(
    `\n${machine.cpus} cores (${machine.model}), Node ${machine.node}; ${result.minutes.toFixed(1)} minutes; all figures in ${file}`,
  );
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
