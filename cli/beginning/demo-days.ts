import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { dayMs } from '../../predictions/examples.ts';
import { scoreDue } from '../../predictions/score.ts';
import { horizons, predictionSettings, uses } from '../../predictions/settings.ts';
import { trainModels } from '../../predictions/train.ts';
import { freshlyCompiled } from '../../runner/cache/cache.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { loadSource } from '../commands/load.ts';
import { runOn } from '../commands/run.ts';
import { showResults } from '../commands/show-results.ts';
import { writeDays } from '../demo/days/write-days.ts';
import { openDemoProject } from '../demo/demo-project.ts';
import { dayStart } from '../demo/household/clock.ts';
import { predictionInsights } from '../demo/prediction-insights.ts';
import { writeSampleRegistry } from '../demo/sample-registry.ts';
import { featureRelations } from '../predict/relations.ts';
import { bronzeRoot, type GlobalOptions, openProjectWarehouse } from '../settings/environment.ts';
import { sources } from '../sources/sources.ts';
import { ProgressLine } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Summer time lasts for that long before the sample day: the household lives by one offset. */
const mostDays = 180;

/** @throws UsageError */
function checked(flag: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new UsageError({ what: `${flag} is ${value}`, hint: `Write a whole number from ${least} to ${most}.` });
}

/**
 * Lets a household live for some days, loads and builds them on the embedded database, learns from them and predicts: once as of the day
 * before the last, so that forecasts can be compared with what came, once as of the end.
 */
export async function demoDays(
  options: GlobalOptions,
  flags: { readonly days: number; readonly seed: number | undefined },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const started = Date.now();
  const days = checked('--days', flags.days, 2, mostDays);
  const seed = checked('--seed', flags.seed ?? 1, 0, 1_000_000_000);
  const home = join('.datacycle', 'demo-days');
  const project = await openDemoProject(options, home);
  const warehouse = await openProjectWarehouse(project, 'demo', 1);
  try {
    await refuseUsed(warehouse, project);
    terminal.say(`1. ${days} days of two apartments, a JSON file a minute each, and a weather forecast a day`, 'faint');
    const share = join(project.root, home, 'share');
    const bronze = bronzeRoot(project);
    rmSync(share, { recursive: true, force: true });
    const progress = new ProgressLine(terminal, `${days} days`);
    const onProgress = (files: number, total: number, bytes: number) => progress.update('writing', files, total, bytes);
    const written = await writeDays(share, bronze, { days, seed }, { signal, onProgress });
    await writeSampleRegistry(bronze);
    terminal.say(`${thousands(written.files)} files, ${(written.bytes / 1_000_000).toFixed(0)} MB.`, 'good');
    terminal.say('\n2. Loading and building them', 'faint');
    await loadSource(sources.sensors, warehouse, project, { full: true }, terminal, signal);
    await loadSource(sources.weather, warehouse, project, { fromBronze: true }, terminal, signal);
    await loadSource(sources.registry, warehouse, project, { fromBronze: true }, terminal, signal);
    const compiled = await freshlyCompiled(project);
    const summary = await runOn(warehouse, 'build', compiled, new Set(compiled.manifest.order), {}, terminal, signal);
    if (!summary.ok) return 1;
    terminal.say('\n3. Learning and predicting (datacycle predict train, predict score)', 'faint');
    await predictTwice(warehouse, compiled, terminal, signal);
    const again = await runOn(warehouse, 'build', compiled, new Set(compiled.manifest.order), {}, terminal, signal);
    if (!again.ok) return 1;
    if (!terminal.json) await showResults(warehouse, compiled, predictionInsights, terminal);
    terminal.say(`\nDone in ${((Date.now() - started) / 1000).toFixed(0)}s. ${nextSteps}`);
    return 0;
  } finally {
    await warehouse.close();
  }
}

async function predictTwice(warehouse: Warehouse, compiled: Compiled, terminal: Terminal, signal: AbortSignal) {
  const relations = featureRelations(compiled);
  const settings = predictionSettings(compiled.project.vars.predictions);
  const end = dayStart * 1000 + dayMs;
  for (const at of [new Date(end - dayMs), new Date(end)]) {
    const trained = await trainModels(warehouse, { relations, settings, uses, asOf: at, signal });
    const scored = await scoreDue(warehouse, { relations, settings, horizons, at });
    const champions = trained.flatMap(({ use, horizon, models }) =>
      models.flatMap(({ name, isChampion }) => (isChampion ? [`${use}, ${horizon}: ${name}`] : [])),
    );
    const records = scored.reduce((sum, one) => sum + one.records, 0);
    terminal.say(
      `As of ${at.toISOString().slice(0, 16)}Z: ${thousands(records)} predictions. Champions: ${champions.join('; ')}`,
    );
  }
}

const nextSteps = `Try next:
  npx datacycle predict models            each model beside the baselines
  npx datacycle predict explain occupied quarter
  npx datacycle predict backtest --horizon quarter --use occupied
  npx datacycle show -s reading_anomalies readings that are improbable, and why
  npx datacycle show --inline "select * from {{ref 'fact_model_evaluation'}}" --limit 10`;

/** The days go into an empty database only: they would mix with other readings of the same apartments. */
async function refuseUsed(warehouse: Warehouse, project: Project): Promise<void> {
  const { rows: present } = await warehouse.query<{ present: boolean }>(
    `select to_regclass('staging.file') is not null as present`,
  );
  if (present[0]?.present !== true) return;
  const { rows } = await warehouse.query<{ files: number }>('select count(*) as files from staging.file');
  if (Number(rows[0]?.files ?? 0) === 0) return;
  throw new UsageError({
    what: `the embedded database in ${project.root} holds data already`,
    hint: 'Delete the folder .datacycle if they are not needed, or run the demo in a fresh clone.',
  });
}
