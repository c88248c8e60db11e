import { existsSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { atOnce } from '../../loaders/replay/pace.ts';
import { RecordedFolder } from '../../loaders/replay/place.ts';
import { findRecording } from '../../loaders/replay/recording.ts';
import { freshlyCompiled } from '../../runner/cache/cache.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import { writeBuilding } from '../demo/building/building.ts';
import { buildingInsights } from '../demo/building-insights.ts';
import { type GlobalOptions, openProject, openProjectWarehouse } from '../settings/environment.ts';
import { ProgressLine } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { replayInto } from './replay.ts';
import { runOn } from './run.ts';
import { showResults } from './show-results.ts';

const name = 'smart-building';

/** Few rooms and a reading every half minute: as much as is landed and built within a minute on a small machine. */
const size = { rooms: 10, days: 2, step: 30 };
const days = { eventTimeStart: '2013-08-23', eventTimeEnd: '2013-08-25' };

/** Writes an invented building, replays it into the embedded database of projects/smart-building, builds and tests everything, and shows what came out. */
export async function demoBuilding(options: GlobalOptions, terminal: Terminal, signal: AbortSignal): Promise<0 | 1> {
  const started = Date.now();
  const root = resolve(options.projectDir, 'projects', name);
  if (!existsSync(join(root, 'project.yml'))) {
    throw new UsageError({
      what: `there is no projects/${name} in ${resolve(options.projectDir)}`,
      hint: 'Run it in a clone of datacycle, where that project is.',
    });
  }
  const home = join('.datacycle', 'demo');
  // Overrides .env: the demo must never reach a real server, broker or Bronze files. Always from the beginning.
  rmSync(join(root, home), { recursive: true, force: true });
  const project = await openProject(
    { ...options, projectDir: root },
    { DB_URL: '', KAFKA_BROKERS: '', BRONZE_ROOT: join(home, 'bronze') },
  );
  const own = { ...project, target: { ...project.target, folder: join(home, 'db') } };
  const warehouse = await openProjectWarehouse(own, 'demo', 1);
  try {
    terminal.say('1. Writing what the sensors of a building recorded: a CSV file each', 'faint');
    const folder = join(root, home, 'recorded');
    const progress = new ProgressLine(terminal, 'building');
    const written = await writeBuilding(folder, {
      ...size,
      onProgress: ({ files, bytes }) => progress.update('writing', files, size.rooms * 5, bytes),
    });
    terminal.say(
      `${written.files} files, ${thousands(written.lines)} lines, ${(written.bytes / 1e6).toFixed(1)} MB in ${relative(process.cwd(), folder)}; with the faults of real sensors.`,
      'good',
    );
    terminal.say(
      '\n2. Replaying them as messages: Parquet files in Bronze and rows in PostgreSQL (datacycle replay)',
      'faint',
    );
    const recording = await findRecording(new RecordedFolder(folder));
    await replayInto(warehouse, own, recording, { pace: atOnce, again: false }, terminal, signal);
    terminal.say('\n3. Seeds, models and tests in dependency order (datacycle build)', 'faint');
    const compiled = await freshlyCompiled(own);
    const summary = await runOn(warehouse, 'build', compiled, new Set(compiled.manifest.order), days, terminal, signal);
    if (!summary.ok) return 1;
    if (!terminal.json) await showResults(warehouse, compiled, buildingInsights, terminal);
    terminal.say(`\nDone in ${((Date.now() - started) / 1000).toFixed(1)}s. ${nextSteps}`);
    return 0;
  } finally {
    await warehouse.close();
  }
}

const nextSteps = `Try next:
  cd projects/${name}
  npx datacycle replay recorded --generate 4x1 --timewarp 1000
  npx datacycle build --event-time-start 2013-08-23 --event-time-end 2013-08-24
  npx datacycle show --select room_daily_metrics
A broker: set KAFKA_BROKERS in .env; see docs/streaming.md.`;
