// Which nodes the flags of a command name: --select, --exclude and what goes with them.
//
//   chosen-nodes.ts  flags -> ids of nodes; a selector that matches nothing is a warning on standard error
//   flags.ts         the flags themselves; run-flags.ts: with those of a run
//   defer.ts         reads what is not chosen where another run has it
//   compiled-for.ts  the project compiled, with --empty or --sample so that models read only some rows
//   executed-sql.ts  writes to target/run by which statements nodes are built
//   column-lineage.ts  the lineage of columns, and the manifest with it
//   target-files.ts  writes what a later command can be compared with: manifest.json, run_results.json, sources.json in target/
//
// A selector that cannot be read, or a file that is not there, ends the command with exit code 2.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { IndirectSelection } from '../../runner/selection/criterion.ts';
import type { ResourceType } from '../../runner/selection/selectable.ts';
import { type Selection, selectNodes } from '../../runner/selection/selection.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** `all` and `default` are all kinds, as in dbt. */
export type KindFlag = ResourceType | 'all' | 'default';

/** The flags that select nodes. */
export interface SelectionFlags {
  readonly select?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly selector?: string | undefined;
  readonly state?: string | undefined;
  /** What --defer reads, in place of `state`. */
  readonly deferState?: string | undefined;
  /** Whether what is not chosen and not there is read where the manifest of --state says; `favorState`: also what is there. */
  readonly defer?: boolean | undefined;
  readonly favorState?: boolean | undefined;
  readonly indirectSelection?: IndirectSelection | undefined;
  readonly resourceType?: readonly KindFlag[] | undefined;
  readonly excludeResourceType?: readonly ResourceType[] | undefined;
}

/**
 * The ids of the nodes that the flags name, sources and exposures among them.
 * @throws UsageError for a selector that cannot be read, and for one that matches nothing where such warnings are errors.
 */
export async function chosenNodes(
  compiled: Compiled,
  flags: SelectionFlags,
  terminal: Terminal,
): Promise<ReadonlySet<string>> {
  if (flags.selector !== undefined && [flags.select, flags.exclude].some((given) => given !== undefined))
    throw new UsageError({
      what: '--selector says all there is to select; --select and --exclude cannot go with it',
      hint: 'Write what they say into the selector, or leave it out.',
    });
  const files = needsFiles(flags, compiled.project.root) ? await filesFor(flags) : undefined;
  const { ids, warnings } = selectNodes(compiled, selectionOf(flags), files);
  for (const { what, hint } of warnings) {
    const text = `Warning: ${what}${hint === undefined ? '' : `. ${hint}`}`;
    const asError = () => new UsageError({ what, hint });
    terminal.warn('NoNodesForSelectionCriteria', text, { type: 'warning', what, hint }, asError);
  }
  return ids;
}

async function filesFor({ select = [], exclude = [], selector, state }: SelectionFlags) {
  const { comparingFiles, selectionFiles } = await import('../../runner/selection/files.ts');
  const said = [...select, ...exclude];
  // Without flags one of selectors.yml may hold.
  const mayCompare = selector !== undefined || said.length === 0 || said.some((text) => /state:/.test(text));
  return state !== undefined && mayCompare ? comparingFiles() : selectionFiles;
}

/** Whether the flags may ask for what files beside the project say. */
function needsFiles({ select = [], exclude = [], selector, state }: SelectionFlags, root: string): boolean {
  if (selector !== undefined || state !== undefined || existsSync(join(root, 'selectors.yml'))) return true;
  return [...select, ...exclude].some((text) => /(?:state|result|source_status):/.test(text));
}

/** Whether the flags ask for all there is. */
export function isEverything({ select = [], selector, resourceType, excludeResourceType }: SelectionFlags): boolean {
  return [...select, selector, resourceType, excludeResourceType].every((flag) => flag === undefined);
}

function selectionOf(flags: SelectionFlags): Selection {
  return {
    select: flags.select,
    exclude: flags.exclude,
    selector: flags.selector,
    state: flags.state,
    indirect: flags.indirectSelection,
    resourceTypes: kindsOf(flags.resourceType),
    excludeResourceTypes: flags.excludeResourceType,
  };
}

function kindsOf(flags: readonly KindFlag[] | undefined): readonly ResourceType[] | undefined {
  const kinds = flags?.flatMap((kind) => (kind === 'all' || kind === 'default' ? [] : [kind]));
  return kinds?.length === flags?.length ? kinds : undefined;
}
