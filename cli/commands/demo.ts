import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freshlyCompiled } from '../../runner/cache/cache.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { openDemoProject } from '../demo/demo-project.ts';
import { insights } from '../demo/insights.ts';
import { writeSampleDay } from '../demo/sample-day.ts';
import { writeSampleForecasts } from '../demo/sample-forecasts.ts';
import { writeSampleRegistry } from '../demo/sample-registry.ts';
import { bronzeRoot, type GlobalOptions, openProjectWarehouse } from '../settings/environment.ts';
import { sources } from '../sources/sources.ts';
import { ProgressLine } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { loadSource } from './load.ts';
import { runOn } from './run.ts';
import { showResults } from './show-results.ts';

/** Writes a sample day, loads it, builds and tests everything on the embedded database, and shows what came out. */
export async function demo(options: GlobalOptions, terminal: Terminal, signal: AbortSignal): Promise<0 | 1> {
  const started = Date.now();
  const home = join('.datacycle', 'demo');
  const project = await openDemoProject(options, home);
  const share = join(project.root, home, 'share');
  const warehouse = await openProjectWarehouse(project, 'demo', 1);
  try {
    await refuseForeignData(warehouse, project);
    terminal.say('1. Writing a sample day of two apartments: a JSON file a minute each', 'faint');
    const isNew = !existsSync(share);
    if (!isNew) rmSync(share, { recursive: true, force: true });
    const progress = new ProgressLine(terminal, 'sample day');
    const written = await writeSampleDay(share, {
      onProgress: ({ files, total, bytes }) => progress.update('writing', files, total, bytes),
    });
    terminal.say(
      `${written.files} files, ${(written.bytes / 1_000_000).toFixed(1)} MB in ${join(home, 'share')}; ${written.broken.length} of them broken on purpose.`,
      'good',
    );
    terminal.say('\n2. Landing raw: Bronze files and JSONB in PostgreSQL (datacycle load)', 'faint');
    await loadSource(sources.sensors, warehouse, project, { full: true }, terminal, signal);
    const bronze = bronzeRoot(project);
    const lines = await writeSampleForecasts(bronze);
    const tables = await writeSampleRegistry(bronze);
    terminal.say(
      `Three days of weather forecasts (${thousands(lines)} lines) and a registry of ${tables} tables come from Bronze, as no server has them here.`,
    );
    await loadSource(sources.weather, warehouse, project, { fromBronze: true }, terminal, signal);
    await loadSource(sources.registry, warehouse, project, { fromBronze: true }, terminal, signal);
    terminal.say('\n3. Seeds, models and tests in dependency order (datacycle build)', 'faint');
    const compiled = await freshlyCompiled(project);
    const summary = await runOn(warehouse, 'build', compiled, new Set(compiled.manifest.order), {}, terminal, signal);
    if (!summary.ok) return 1;
    if (!terminal.json) await showResults(warehouse, compiled, insights, terminal);
    terminal.say(`\nDone in ${((Date.now() - started) / 1000).toFixed(1)}s. ${nextSteps}`);
    return 0;
  } finally {
    await warehouse.close();
  }
}

const nextSteps = `Try next:
  npx datacycle show --inline "select * from {{ref 'fact_energy_minute'}} order by power_w desc" --limit 10
  npx datacycle show --inline "select * from {{ref 'bi_fact_energy_minute'}}" --limit 10
  npx datacycle ls --output table         every seed, model and test
  npx datacycle build --select +fact_energy_minute
  npx datacycle status
  npx datacycle predict train             says what a single day lacks: two days for a mean, three weeks to learn;
                                          a household of four weeks: delete .datacycle, then npx datacycle demo --days 28
Your own data: set SMB_PATH (and DB_URL for a server) in .env, delete .datacycle, then
  npx datacycle load && npx datacycle build`;

/** The demo uses the embedded database, as users without a server do; it must not mix with their data. */
async function refuseForeignData(warehouse: Warehouse, project: Project): Promise<void> {
  const { rows: present } = await warehouse.query<{ present: boolean }>(
    `select to_regclass('staging.file') is not null as present`,
  );
  if (present[0]?.present !== true) return;
  const { rows } = await warehouse.query<{ files: number }>(
    `select count(*) as files from staging.file where source = 'sensors' and name not like '12.10.2023 %'`,
  );
  if ((rows[0]?.files ?? 0) === 0) return;
  throw new UsageError({
    what: `the embedded database in ${project.root} holds data that is not the demo's`,
    hint: 'Run the demo in a fresh clone, or delete the folder .datacycle if that data is not needed.',
  });
}
