import { randomBytes } from 'node:crypto';
import { ensureStaging } from '../../loaders/landing/staging.ts';
import { freshlyCompiled } from '../../runner/cache/cache.ts';
import { checkProject } from '../../runner/check/check.ts';
import { checkLines, checkObjects } from '../../runner/check/report.ts';
import type { Project } from '../../runner/project/project.ts';
import { tryMeasures } from '../bi/measure-trials.ts';
import { chosenNodes } from '../selection/chosen-nodes.ts';
import type { RunFlags } from '../selection/run-flags.ts';
import { openProjectWarehouse } from '../settings/environment.ts';
import { sources } from '../sources/sources.ts';
import { checkFreshnessNames } from '../status/freshness.ts';
import { tellNotices } from '../terminal/notices.ts';
import type { Terminal } from '../terminal/terminal.ts';

/**
 * Checks models and tests without a server and without data, on an embedded database in memory. Neither the project's
 * database nor its folders are touched.
 * @returns 1 if there is a problem.
 */
export async function check(
  project: Project,
  flags: RunFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const began = Date.now();
  const apart = inMemory(project);
  const compiled = await freshlyCompiled(apart);
  tellNotices(terminal, compiled);
  const selected = await chosenNodes(compiled, flags, terminal);
  checkFreshnessNames({ compiled, sources: Object.values(sources) });
  const warehouse = await openProjectWarehouse(apart, 'check', 1);
  try {
    await ensureStaging(warehouse);
    const summary = await checkProject(compiled, warehouse, {
      selected,
      clock: () => new Date(),
      signal,
      onNode: (node, index, total) => terminal.live(`  ${index} of ${total}  checking ${node.name}`),
    });
    const measures = await tryMeasures(compiled, warehouse);
    const findings = [...summary.findings, ...measures.found];
    // The time that its user waits, not that of the statements alone.
    const whole = {
      ...summary,
      findings,
      measuresLeft: measures.left,
      ok: summary.ok && measures.found.length === 0,
      seconds: (Date.now() - began) / 1000,
    };
    if (terminal.json) for (const object of checkObjects(whole)) terminal.event(object);
    else terminal.lines(checkLines(whole));
    return whole.ok ? 0 : 1;
  } finally {
    await warehouse.close();
  }
}

/** The project on a database of its own; a secret that is not set gets a random value, since a check shows no rows. */
function inMemory(project: Project): Project {
  const standIns = (project.settings.secrets ?? []).flatMap((name) =>
    project.env[name] ? [] : [[name, randomBytes(32).toString('hex')] as const],
  );
  return {
    ...project,
    env: { ...project.env, ...Object.fromEntries(standIns), DB_URL: undefined },
    target: { ...project.target, folder: 'memory://' },
  };
}
