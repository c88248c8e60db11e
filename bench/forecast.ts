import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { featureRelations } from '../cli/predict/relations.ts';
import { openProject, openProjectWarehouse } from '../cli/settings/environment.ts';
import { formatTable } from '../cli/terminal/table.ts';
import { predictionSettings } from '../predictions/settings.ts';
import { compiledProject } from '../runner/cache/cache.ts';
import { startDatabase } from './database.ts';
import { measureAccuracy } from './forecast/accuracy.ts';
import { type Bar, barsOf } from './forecast/bars.ts';
import { BenchHousehold } from './forecast/household.ts';
import { accuracyTables, barTable } from './forecast/report.ts';
import { measureTimes } from './forecast/times.ts';

/*
 * How good forecasts are, and what they cost: FORECAST_BENCH_DAYS (70) life-like days by the demo's generator for each of FORECAST_BENCH_SEEDS (1;
 * several with commas between), loaded and built on PostgreSQL; then four weeks, each predicted by what was learnt before it, beside what is
 * simple and what the program replaces. Exits with 1 if a bar is missed. The files are kept in .datacycle/bench-forecast for the next time.
 */
const root = resolve('.');
const days = Number(process.env.FORECAST_BENCH_DAYS ?? 70);
const seeds = (process.env.FORECAST_BENCH_SEEDS ?? '1').split(',').map(Number);
const schemas = ['staging', 'silver', 'gold', 'bi', 'access', 'seeds', 'datacycle'];

async function main(): Promise<void> {
  const results: unknown[] = [];
  const missed: Bar[] = [];
  for (const seed of seeds) {
    const household = new BenchHousehold(join(root, '.datacycle', 'bench-forecast', `${days}-${seed}`));
    say(`Seed ${seed}: ${days} days of two apartments`);
    await household.prepare(days, seed);
    const { url, stop } = await startDatabase(schemas);
    try {
      const times = await measureTimes(household, url, say);
      const accuracy = await accuracyOf(household, url);
      const bars = [...barsOf(accuracy), ...times.bars];
      say(`\n${accuracyTables(accuracy)}`);
      say(
        formatTable(
          ['step', 'seconds', 'CPU of the program, s', 'MB'],
          times.times.map((one) => [one.what, one.seconds.toFixed(2), one.cpuSeconds?.toFixed(1), one.memoryMb]),
        ),
      );
      say(barTable(bars));
      results.push({ seed, days, accuracy, times: times.times, bars });
      missed.push(...bars.filter(({ isMet }) => !isMet));
      // At once: the next seed takes as long again.
      mkdirSync(join(root, 'target'), { recursive: true });
      writeFileSync(join(root, 'target', 'bench-forecast.json'), `${JSON.stringify(results, null, 2)}\n`);
    } finally {
      household.bringLastMinute();
      await stop?.();
    }
  }
  say(missed.length === 0 ? 'All bars are met.' : `${missed.length} bars are missed.`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

async function accuracyOf(household: BenchHousehold, url: string) {
  const env = { DB_URL: url, SFTP_HOST: '', MYSQL_URL: '', BI_PSEUDONYMISE: 'false' };
  const project = await openProject({ projectDir: household.project }, env);
  const warehouse = await openProjectWarehouse(project, 'bench', 2);
  try {
    const compiled = await compiledProject(project);
    const settings = predictionSettings(compiled.project.vars.predictions);
    return await measureAccuracy(warehouse, featureRelations(compiled), settings, (text) => say(`  ${text}`));
  } finally {
    await warehouse.close();
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
