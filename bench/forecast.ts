import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { featureRelations } from '../cli/predict/relations.ts';
import { openProject, openProjectWarehouse } from '../cli/settings/environment.ts';
import { predictionSettings } from '../predictions/settings.ts';
import { compiledProject } from '../runner/cache/cache.ts';
import { startDatabase } from './database.ts';
import { measureAccuracy } from './forecast/accuracy.ts';
import { type Bar, barsOf } from './forecast/bars.ts';
import { BenchHousehold } from './forecast/household.ts';
import { loadQuarters } from './forecast/load-quarters.ts';
import { accuracyTables, barTable, timeTable } from './forecast/report.ts';
import { measureTimes, type Times } from './forecast/times.ts';

/*
 * How good forecasts are, and what they cost: FORECAST_BENCH_DAYS (70) life-like days by the demo's generator for each of FORECAST_BENCH_SEEDS (1;
 * several with commas between), loaded and built on PostgreSQL; then four weeks, each predicted by what was learnt before it, beside what is
 * simple and what the program replaces. Exits with 1 if a bar is missed. The files are kept in .datacycle/bench-forecast for the next time.
 * FORECAST_BENCH_QUICK=1 measures how good they are alone, and puts the quarters of an hour into the database instead of all readings.
 * FORECAST_BENCH_EXAMPLES names a folder for the examples of the last seed, which forecast/compare_lightgbm.py reads.
 */
const root = resolve('.');
const days = Number(process.env.FORECAST_BENCH_DAYS ?? 70);
const seeds = (process.env.FORECAST_BENCH_SEEDS ?? '1').split(',').map(Number);
const isQuick = process.env.FORECAST_BENCH_QUICK === '1';
const schemas = ['staging', 'silver', 'gold', 'bi', 'access', 'seeds', 'datacycle'];

async function main(): Promise<void> {
  const results: unknown[] = [];
  const missed: Bar[] = [];
  for (const seed of seeds) {
    const household = new BenchHousehold(
      join(root, '.datacycle', 'bench-forecast', `${days}-${seed}${isQuick ? '-quick' : ''}`),
    );
    say(`Seed ${seed}: ${days} days of two apartments`);
    if (!isQuick) await household.prepare(days, seed);
    const { url, stop } = await startDatabase(schemas);
    try {
      const times = await prepared(household, url, seed);
      const accuracy = await accuracyOf(household, url);
      const bars = [...barsOf(accuracy), ...times.bars];
      say(`\n${accuracyTables(accuracy)}`);
      if (!isQuick) say(timeTable(times.times));
      say(barTable(bars));
      results.push({ seed, days, accuracy, times: times.times, bars });
      missed.push(...bars.filter(({ isMet }) => !isMet));
      // At once: the next seed takes as long again.
      mkdirSync(join(root, 'target'), { recursive: true });
      writeFileSync(join(root, 'target', 'bench-forecast.json'), `${JSON.stringify(results, null, 2)}\n`);
    } finally {
      if (!isQuick) household.bringLastMinute();
      await stop?.();
    }
  }
  say(missed.length === 0 ? 'All bars are met.' : `${missed.length} bars are missed.`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

async function prepared(household: BenchHousehold, url: string, seed: number): Promise<Times> {
  if (isQuick) {
    await loadQuarters(household, url, await household.prepareQuarters(days, seed));
    return { times: [], bars: [] };
  }
  return measureTimes(household, url, say);
}

async function accuracyOf(household: BenchHousehold, url: string) {
  const env = { DB_URL: url, SFTP_HOST: '', MYSQL_URL: '', BI_PSEUDONYMISE: 'false' };
  const project = await openProject({ projectDir: household.project }, env);
  const warehouse = await openProjectWarehouse(project, 'bench', 2);
  try {
    const compiled = await compiledProject(project);
    const settings = predictionSettings(compiled.project.vars.predictions);
    return await measureAccuracy(
      warehouse,
      featureRelations(compiled),
      settings,
      (text) => say(`  ${text}`),
      process.env.FORECAST_BENCH_EXAMPLES,
    );
  } finally {
    await warehouse.close();
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
