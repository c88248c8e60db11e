import type { Manifest, ModelNode, Node } from '../manifest/manifest.ts';
import type { EventTimeRange } from '../state/batch-windows.ts';
import type { Command } from './run-result.ts';

/** What a run does, whoever watches it and however many threads it has. */
export interface WorkOptions {
  readonly command: Command;
  /** Ids to work on; what does not belong to the command is left out. */
  readonly selected: ReadonlySet<string>;
  readonly fullRefresh: boolean;
  /** Whether what was built and tested on the same rows is left as it is. */
  readonly reuse: boolean;
  /** Of microbatch models, just the batches of this time, done or not. */
  readonly range?: EventTimeRange | undefined;
  readonly clock: () => Date;
}

const kindsOf: Readonly<Record<Command, readonly Node['kind'][]>> = {
  run: ['model'],
  test: ['unit_test', 'test'],
  seed: ['seed'],
  snapshot: ['model'],
  build: ['seed', 'model', 'unit_test', 'test'],
};

/**
 * The nodes that a command works on, in dependency order. As in dbt, `run` leaves snapshots to `snapshot` and `build`: each of their
 * runs records a moment.
 */
export function workOrder(manifest: Manifest, { command, selected }: WorkOptions): readonly string[] {
  return manifest.order.filter((id) => {
    const node = manifest.nodes.get(id);
    if (node === undefined || !selected.has(id) || !kindsOf[command].includes(node.kind)) return false;
    return node.kind !== 'model' || isBuiltBy(command, node.materialized);
  });
}

function isBuiltBy(command: Command, materialized: ModelNode['materialized']): boolean {
  if (materialized === 'ephemeral') return false;
  return command === 'build' || (command === 'snapshot') === (materialized === 'snapshot');
}
