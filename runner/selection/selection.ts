// Which nodes a selection names, as in dbt.
//
//   1. criterion.ts, definition.ts  one selector, `2+tag:nightly`, and several of them put together
//      selectors-file.ts, files.ts  the same from selectors.yml, by name
//   2. selectable.ts                the nodes of a manifest as selectors see them
//   3. methods.ts, fqn.ts, glob.ts  which nodes a method and its value name
//   4. evaluate.ts                  goes up and down from there, takes tests along, puts the parts together
//   5. previous-state.ts, manifest-file.ts, modified.ts, token-form.ts  what has changed since an earlier run
//   6. near-misses.ts               what a selector that matches nothing could have meant
//
// A selector that matches nothing is a warning; one that cannot be read is a UsageError.
import { existsSync } from 'node:fs';
import type { Compiled } from '../compile/compile.ts';
import type { IndirectSelection } from './criterion.ts';
import { type Definition, parseFlags } from './definition.ts';
import { evaluate } from './evaluate.ts';
import { manifestFile } from './manifest-file.ts';
import type { SameSql } from './modified.ts';
import { nearMisses } from './near-misses.ts';
import type { PreviousState } from './previous-state.ts';
import { type ResourceType, type Selectable, type Selectables, selectablesOf } from './selectable.ts';

/** What the flags of a command say. */
export interface Selection {
  /** Unions; each may be an intersection with commas. Empty: everything. */
  readonly select?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** One of selectors.yml, by its name, in place of these; where nothing is selected, the one that holds by default. */
  readonly selector?: string | undefined;
  /** Which tests come along; eager where it is not said. */
  readonly indirect?: IndirectSelection | undefined;
  /** The folder with what an earlier run left, for `state:` and its like. */
  readonly state?: string | undefined;
  /** Of what is selected only these kinds, and not those. */
  readonly resourceTypes?: readonly ResourceType[] | undefined;
  readonly excludeResourceTypes?: readonly ResourceType[] | undefined;
}

export interface Selected {
  /** Of the nodes that are selected, sources and exposures among them. */
  readonly ids: ReadonlySet<string>;
  /** What a person should know: a selector that matches nothing, and what it could have meant. */
  readonly warnings: readonly SelectionWarning[];
}

export interface SelectionWarning {
  readonly what: string;
  readonly hint: string | undefined;
}

/** What reads files for a selection that needs some; apart, since few do and what checks the files takes its time to load. */
export interface SelectionFiles {
  readonly readState: (folder: string) => PreviousState;
  /** A selector of selectors.yml by its name, or without one that which holds by default, if any does. */
  readonly selectorOf: (root: string, name: string | undefined, indirect: IndirectSelection) => Definition | undefined;
  /** Compares by what PostgreSQL's parser reads; where it is not there, tokens are compared. */
  readonly sameSql?: SameSql;
}

/**
 * The nodes that a selection names.
 * @param files needed for named selectors, and for what an earlier run left.
 * @throws UsageError for a selector that cannot be read.
 * @example selectNodes(compiled, { select: ['+fact_energy_minute', 'tag:nightly'] }).ids
 */
export function selectNodes(
  compiled: Pick<Compiled, 'manifest' | 'project'>,
  selection: Selection = {},
  files?: SelectionFiles,
): Selected {
  const selectables = selectablesOf(compiled);
  const warnings: SelectionWarning[] = [];
  const target = compiled.project.targetFolder;
  const context = {
    ...selectables,
    project: compiled.project.settings.name,
    previous: selection.state === undefined ? undefined : files?.readState(selection.state),
    last: () => (existsSync(target) ? files?.readState(target) : undefined),
    // What is compared has no time.
    manifest: () => manifestFile(compiled, ''),
    sameSql: files?.sameSql,
  };
  const ids = evaluate(definitionOf(selection, compiled.project.root, files), context, ({ expected = '' }) =>
    warnings.push({ what: `nothing matches the selector "${expected}"`, hint: nearMisses(expected, selectables) }),
  );
  return { ids: ofTypes(ids, selection, selectables), warnings };
}

function definitionOf(
  { select = [], exclude = [], selector, indirect = 'eager' }: Selection,
  root: string,
  files: SelectionFiles | undefined,
): Definition {
  if (selector === undefined && (select.length > 0 || exclude.length > 0))
    return parseFlags({ select, exclude }, indirect);
  return files?.selectorOf(root, selector, indirect) ?? parseFlags({ select, exclude }, indirect);
}

function ofTypes(
  ids: ReadonlySet<string>,
  { resourceTypes, excludeResourceTypes = [] }: Selection,
  { nodes }: Selectables,
): ReadonlySet<string> {
  const isWanted = ({ type }: Selectable) =>
    (resourceTypes === undefined || resourceTypes.includes(type)) && !excludeResourceTypes.includes(type);
  return new Set([...ids].filter((id) => isWanted(nodes.get(id) as Selectable)));
}
