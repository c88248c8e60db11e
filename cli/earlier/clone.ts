import { compiledProject } from '../../runner/cache/cache.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { isBuilt } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import { type Cloned, cloneRelations, type ToClone } from '../../runner/run/clone.ts';
import { errorLines } from '../../runner/run/report.ts';
import { underRunLock } from '../../runner/run/run-lock.ts';
import { readState } from '../../runner/selection/previous-state.ts';
import { typeOf } from '../../runner/selection/selectable.ts';
import { uniqueId } from '../../runner/selection/unique-id.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { count } from '../../runner/text/figures.ts';
import { relation } from '../../warehouse/quote.ts';
import { chosenNodes, type SelectionFlags } from '../selection/chosen-nodes.ts';
import { openForModels } from '../settings/environment.ts';
import { tellNotices } from '../terminal/notices.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface CloneFlags extends SelectionFlags {
  readonly fullRefresh?: boolean | undefined;
}

/**
 * Gives the selected nodes views on what another target has of them, as the manifest of --state says. Exit code 1 if one cannot be made.
 * @throws UsageError without a manifest.
 */
export async function clone(
  project: Project,
  flags: CloneFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const compiled = await compiledProject(project);
  tellNotices(terminal, compiled);
  const wanted = await wantedOf(compiled, flags, terminal);
  if (wanted.length === 0) {
    terminal.say('Nothing to clone: the other target has no relation of its own for what is selected.', 'warning');
    return 0;
  }
  const warehouse = await openForModels(project, 'clone', 1, signal);
  try {
    const busy = { what: 'a run', hint: 'Wait until it is done and try again.' };
    const tell = (one: Cloned) => tellOf(one, terminal);
    const done = await underRunLock(warehouse, signal, busy, () =>
      cloneRelations(warehouse, wanted, flags.fullRefresh === true, tell),
    );
    const failed = done.filter(({ status }) => status === 'error').length;
    const cloned = done.filter(({ status }) => status === 'cloned').length;
    if (terminal.json) terminal.event({ type: 'finished', ok: failed === 0, cloned, failed });
    else
      terminal.say(
        `${failed === 0 ? 'Done' : 'Failed'}: ${count(cloned, 'view')} made, ${done.length - cloned - failed} there already, ${count(failed, 'error')}.`,
        failed === 0 ? 'good' : 'bad',
      );
    return failed === 0 ? 0 : 1;
  } finally {
    await warehouse.close();
  }
}

/** The selected nodes of which another target has a relation that is not this one's. */
async function wantedOf(compiled: Compiled, flags: CloneFlags, terminal: Terminal): Promise<readonly ToClone[]> {
  const { manifest, project } = compiled;
  const other = flags.state === undefined ? undefined : readState(flags.state).manifest;
  if (other === undefined)
    throw new UsageError({
      what: 'clone needs the manifest.json of another target',
      hint: 'Name its folder by --state: a copy of target/ of the target that has the tables.',
    });
  const chosen = await chosenNodes(compiled, flags, terminal);
  return manifest.order.flatMap((id) => {
    const node = manifest.nodes.get(id);
    if (!chosen.has(id) || !isBuilt(node) || node.materialized === 'ephemeral') return [];
    const there = other.nodes[uniqueId({ id, type: typeOf(node), project: project.settings.name })];
    if (there?.schema === undefined || there.alias === undefined || there.config?.materialized === 'ephemeral')
      return [];
    const from = { schema: there.schema, name: there.alias };
    return relation(from) === relation(node.relation) ? [] : [{ node, from }];
  });
}

function tellOf({ node, from, status, error }: Cloned, terminal: Terminal): void {
  const [here, there] = [node.relation, from].map(({ schema, name }) => `${schema}.${name}`);
  if (terminal.json)
    terminal.event({ type: 'clone', node: node.name, status, relation: here, of: there, what: error?.message });
  else if (error !== undefined) terminal.lines(errorLines(error));
  else
    terminal.say(
      status === 'there' ? `${here} is there already` : `${here} shows ${there}`,
      status === 'there' ? 'plain' : 'good',
    );
}
