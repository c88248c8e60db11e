// What goes on from what an earlier run left.
//
//   retry.ts  does again what failed or was skipped, by target/run_results.json
//   clone.ts  gives this target views on what another one has, by its manifest.json
//
// It reads the files that runs write into target/, or a copy of them that --state names.
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { readState } from '../../runner/selection/previous-state.ts';
import { selectablesOf } from '../../runner/selection/selectable.ts';
import { uniqueId } from '../../runner/selection/unique-id.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { runChosen } from '../commands/run.ts';
import { compiledFor } from '../selection/compiled-for.ts';
import type { RunFlags } from '../selection/run-flags.ts';
import { type GlobalOptions, openProject } from '../settings/environment.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What is done again: what could not be done, a test that failed, and what was skipped for either. */
const again = ['error', 'fail', 'skipped', 'runtime error', 'partial success'];

const argsSchema = z.looseObject({
  which: z.enum(['run', 'test', 'build', 'seed', 'snapshot']),
  target: z.string().optional(),
  vars: z.string().optional(),
  fullRefresh: z.boolean().optional(),
  reuse: z.boolean().optional(),
  changed: z.boolean().optional(),
  eventTimeStart: z.string().optional(),
  eventTimeEnd: z.string().optional(),
  empty: z.boolean().optional(),
  sample: z.string().optional(),
  threads: z.number().optional(),
  failFast: z.boolean().optional(),
  storeFailures: z.boolean().optional(),
});

/**
 * Does the last run again for what failed or was skipped, with its flags; those that are given now are stronger.
 * @throws UsageError if no run has left its results.
 */
export async function retry(flags: GlobalOptions & RunFlags, terminal: Terminal, signal: AbortSignal): Promise<0 | 1> {
  const folder = flags.state ?? resolve(flags.targetPath ?? join(flags.projectDir, 'target'));
  const { results, args } = readState(folder);
  const read = argsSchema.safeParse(args);
  if (results === undefined || !read.success)
    throw new UsageError({
      what: `no run has left its results in ${folder}`,
      hint: 'run, build, test, seed and snapshot write run_results.json there.',
    });
  const { which, ...before } = read.data;
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const all: GlobalOptions & RunFlags = { ...before, ...flags, ...given };
  const compiled = await compiledFor(await openProject(all), all, terminal);
  const byId = new Map([...selectablesOf(compiled).nodes.values()].map((node) => [uniqueId(node), node.id]));
  const wanted = results.filter(({ status }) => again.includes(status));
  const ids = new Set(wanted.flatMap(({ unique_id: id }) => byId.get(id) ?? []));
  if (wanted.length === 0) terminal.say('Nothing to retry: all of the last run is done.', 'good');
  else if (ids.size < wanted.length)
    terminal.errors([{ tone: 'warning', text: 'Warning: some of what failed is no longer in the project' }]);
  return ids.size === 0 ? 0 : runChosen(which, compiled, ids, all, terminal, signal);
}
