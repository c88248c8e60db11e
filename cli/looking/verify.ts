import { compiledProject } from '../../runner/cache/cache.ts';
import type { Manifest } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import { verifiedByDefault, verifyModels } from '../../runner/verify/verify.ts';
import { countsOf, csvOf, differenceLines, jsonOf, summaryLine, verdictLine } from '../housekeeping/verify-report.ts';
import { chosenNodes, isEverything } from '../selection/chosen-nodes.ts';
import type { RunFlags } from '../selection/run-flags.ts';
import { openForModels } from '../settings/environment.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface VerifyFlags extends RunFlags {
  readonly limit: number;
  readonly output: 'table' | 'json' | 'csv';
}

/** Compares tables with what a build from scratch would make of them. Exit code 1 if one differs or cannot be built. */
export async function verify(
  project: Project,
  flags: VerifyFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const compiled = await compiledProject(project);
  const chosen = await chosenNodes(compiled, flags, terminal);
  const selected = isEverything(flags) ? intersection(chosen, compiled.manifest) : chosen;
  const warehouse = await openForModels(project, 'verify', 1, signal);
  const cancel = () => void warehouse.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel);
  const asTable = flags.output === 'table' && !terminal.json;
  try {
    const results = await verifyModels(compiled, warehouse, {
      selected,
      limit: flags.limit,
      clock: () => new Date(),
      signal,
      onVerified: (verified) => {
        terminal.live('');
        if (terminal.json) terminal.event({ type: 'verified', ...jsonOf(verified) });
        else if (asTable) terminal.lines([verdictLine(verified)]);
        else if (verified.verdict.status === 'error') terminal.errors([verdictLine(verified)]);
      },
    });
    const ok = results.every(({ verdict: { status } }) => status !== 'differs' && status !== 'error');
    const summary = summaryLine(results, signal.aborted);
    if (terminal.json) terminal.event({ type: 'finished', ok, ...countsOf(results) });
    else if (asTable) terminal.lines([...differenceLines(results, flags.limit), { tone: 'plain', text: '' }, summary]);
    else {
      terminal.output(flags.output === 'csv' ? csvOf(results) : JSON.stringify(results.map(jsonOf), undefined, 2));
      terminal.errors([summary]);
    }
    return ok ? 0 : 1;
  } finally {
    signal.removeEventListener('abort', cancel);
    await warehouse.close();
  }
}

function intersection(chosen: ReadonlySet<string>, manifest: Manifest): ReadonlySet<string> {
  return new Set([...verifiedByDefault(manifest)].filter((id) => chosen.has(id)));
}
