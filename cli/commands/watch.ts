import { compiledProject } from '../../runner/cache/cache.ts';
import type { Project } from '../../runner/project/project.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { housekeep } from '../housekeeping/housekeeping.ts';
import { hasProblems, stepLines } from '../housekeeping/report.ts';
import { Errands, type RunCommand } from '../jobs/errands.ts';
import { Predictor } from '../predict/predictor.ts';
import { type GlobalOptions, holdEmbedded, openProjectWarehouse } from '../settings/environment.ts';
import { publishTarget } from '../sources/sensor-topics.ts';
import { isConfigured, sources } from '../sources/sources.ts';
import { type Journal, projectRedactor } from '../terminal/journal.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { answered, answerWithin, closeSoon } from '../watch/answer.ts';
import { healthOf, PortTakenError, serveHealth } from '../watch/health.ts';
import { anotherWatcher, watchLock, whileWatcher } from '../watch/hold-lock.ts';
import { WatchMetrics } from '../watch/metrics.ts';
import type { Housekeep } from '../watch/nightly.ts';
import { nothingConfigured, watchSettings } from '../watch/settings.ts';
import { WatchLog } from '../watch/watch-log.ts';
import { Watcher } from '../watch/watcher.ts';

/** Sessions for loads: three sources that each hold a lock beside a transaction, and a short question. */
const landingSessions = 8;

/**
 * Keeps the database fresh until it is stopped. The project is read once: a change of it requires a restart. On the embedded database,
 * which it holds, it does what the buttons of `datacycle ui` ask for.
 * @param run runs a command line in this process.
 * @throws UsageError, ProjectError or ConnectionError for faults at the start; DatacycleError if there is another
 * watcher. Later failures are lines in the log.
 */
export async function watch(
  project: Project,
  flags: GlobalOptions,
  run: RunCommand,
  terminal: Terminal,
  journal: Journal | undefined,
  signal: AbortSignal,
): Promise<0> {
  const clock = () => new Date();
  const settings = watchSettings(project);
  const all = Object.values(sources);
  const watched = all.filter((source) => isConfigured(source, project));
  if (watched.length === 0) throw nothingConfigured(all.map(({ setting, name }) => `${setting} (${name})`));
  const target = publishTarget(project);
  const compiled = await compiledProject(project);
  const redact = projectRedactor(project);
  const log = new WatchLog(terminal, journal, redact, clock);
  const metrics = new WatchMetrics(clock);
  const errands = new Errands({ project, run, flags });
  // A network that is back is noticed by the next try: that one is not to wait for longer than an interval.
  const waits = { connectMs: Math.min(10_000, Math.max(3000, settings.intervalMs)), signal };
  const landing = await openProjectWarehouse(project, 'watch', landingSessions, {
    ...waits,
    doErrand: errands.take,
  });
  // The embedded database can be opened once only.
  const building =
    landing.kind === 'pglite' ? landing : await openProjectWarehouse(project, 'watch build', undefined, waits);
  const release = landing.kind === 'pglite' ? holdEmbedded(project, landing) : () => undefined;
  try {
    const keepHouse: Housekeep = async (stop) => {
      for (const step of await housekeep(landing, project, compiled, clock, stop)) {
        const said = stepLines(step).map(({ text }) => text.trim());
        log.write(hasProblems(step) ? 'warning' : 'info', 'housekeeping', `${step.step}: ${said.join(' | ')}`);
      }
    };
    const hasWeather = watched.some(({ name }) => name === 'weather');
    const predictor = Predictor.of(compiled, landing, hasWeather, clock);
    const common = { compiled, sources, landing, building, settings, clock, log, metrics };
    const options = { ...common, housekeep: keepHouse, predictor, errands, publishTarget: target };
    const watcher = new Watcher(options);
    const health = () => healthOf(watcher.state, watcher.conditions, performance.now(), settings.intervalMs);
    const server =
      settings.port === 0
        ? undefined
        : await serveHealth(settings.port, metrics, health, redact).catch((error: unknown) => blame(error, landing));
    try {
      const where = server === undefined ? '' : `, health at http://127.0.0.1:${server.port}/health`;
      await whileWatcher(
        { warehouse: landing, signal, conditions: watcher.conditions, intervalMs: settings.intervalMs },
        async (stop, stillMine) => {
          const names = watched.map(({ name }) => name).join(', ');
          log.write('info', 'watching', `watching ${names} into ${landing.address}${where}`, {
            sources: watched.map(({ name }) => name),
            interval_seconds: settings.intervalMs / 1000,
            pid: process.pid,
          });
          await watcher.run(stop, stillMine);
        },
      );
      log.write('info', 'stopped', 'stopped');
    } finally {
      await server?.close();
    }
    return 0;
  } finally {
    release();
    if (building !== landing) await closeSoon(building);
    await closeSoon(landing);
  }
}

/** Throws `error`; or, if it is that the port is taken and there is another watcher, that. */
async function blame(error: unknown, landing: Warehouse): Promise<never> {
  if (!(error instanceof PortTakenError)) throw error;
  const holder = await answered(landing, () => landing.holder(watchLock), answerWithin(0)).catch(() => undefined);
  throw holder === undefined ? error : anotherWatcher(holder);
}
