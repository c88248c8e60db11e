import { behind, isView } from '../../manifest/lineage.ts';
import {
  type BuiltNode,
  type Constraint,
  isBuilt,
  type ModelNode,
  type Node,
  rowSecurityOf,
} from '../../manifest/manifest.ts';
import { settingPlace } from '../../project/setting-places.ts';
import type { Problem } from '../../text/errors.ts';
import type { Place } from '../../text/place.ts';
import type { CompileContext, Draft } from '../draft/context.ts';

/** Reports what is wrong at a place, or at the beginning of the model's file. */
type Complain = (place: Place | undefined, what: string, hint: string) => void;

/**
 * What a materialized view is asked to be and PostgreSQL has not: keys and constraints, policies, a time of its own; and foreign
 * keys that point at it, or at anything else that is no table.
 */
export function checkMaterializedViews(context: CompileContext, nodes: ReadonlyMap<string, Node>): readonly Problem[] {
  if (context.incomplete) return [];
  const problems: Problem[] = [];
  for (const draft of context.drafts.values()) {
    const node = nodes.get(draft.id);
    if (!isBuilt(node)) continue;
    const complain: Complain = (place, what, hint) =>
      problems.push({
        what: `${node.name}: ${what}`,
        hint,
        place: place ?? { file: draft.file.path, line: 1, column: 1 },
      });
    checkReferences(node, nodes, complain);
    if (node.materialized !== 'materialized_view') continue;
    checkKey(node, complain);
    for (const constraint of node.constraints) checkConstraint(node, constraint, complain);
    checkRows(node, draft, complain);
    checkReaders(node, draft, nodes, complain);
  }
  return problems;
}

function checkKey({ config, settings }: ModelNode, complain: Complain): void {
  if ((config.unique_key ?? []).length > 0) return;
  complain(
    settingPlace(settings, 'materialized'),
    'a materialized view needs a unique_key',
    'It is refreshed beside its readers by it; without one a refresh would lock them out. Set it to the columns that identify a row, or use materialized="table".',
  );
}

function checkConstraint({ config }: ModelNode, constraint: Constraint, complain: Complain): void {
  const key = [...(config.unique_key ?? [])].sort().join('\n');
  if (constraint.type === 'unique' && [...constraint.columns].sort().join('\n') === key) return;
  complain(
    constraint.place,
    `a materialized view cannot have a ${constraint.type} constraint: PostgreSQL has none on it`,
    'Its unique_key is unique and never NULL without one. Make a data test of this (not_null, unique, relationships), or use materialized="table".',
  );
}

function checkRows(node: ModelNode, draft: Draft, complain: Complain): void {
  if (node.volatile)
    complain(
      settingPlace(node.settings, 'materialized'),
      'a materialized view keeps its query, and {{run_started_at}} would for ever be the time of the run that made it',
      'Write current_timestamp, which is the time of the refresh, or use materialized="table".',
    );
  const { properties } = draft;
  if (properties?.value.bi !== undefined)
    complain(
      properties.yaml.place([...properties.path, 'bi']),
      'Power BI cannot be shown a materialized view: it shows everybody all of its rows',
      'Use materialized="table", of which everybody sees what row_security says.',
    );
}

/** A materialized view holds what its owner saw. So rows that are guarded where they come from are not passed on unsaid. */
function checkReaders(node: ModelNode, draft: Draft, nodes: ReadonlyMap<string, Node>, complain: Complain): void {
  if (draft.config.row_security === false) return;
  const guarded = guardedBehind(node.reads, nodes).sort();
  if (guarded.length === 0) return;
  complain(
    settingPlace(node.settings, 'materialized'),
    `a materialized view shows everybody all of its rows, and this one is made of ${guarded.join(', ')}, where rows are guarded`,
    'Use materialized="table" with row_security or "view"; or, if its rows are for all, say so: row_security: false.',
  );
}

/** The tables with row security among `ids` and behind the views among them; a node with `row_security: false` ends the search. */
function guardedBehind(ids: readonly string[], nodes: ReadonlyMap<string, Node>): string[] {
  return behind(nodes, ids, isView).flatMap((node) => (isBuilt(node) && rowSecurityOf(node) ? [node.name] : []));
}

/** What has no rows of its own that a foreign key could hold on to. */
const noTables: Partial<Readonly<Record<ModelNode['materialized'], string>>> = {
  view: 'a view',
  ephemeral: 'an ephemeral model',
  materialized_view: 'a materialized view',
};

function checkReferences(node: BuiltNode, nodes: ReadonlyMap<string, Node>, complain: Complain): void {
  for (const constraint of node.constraints) {
    if (constraint.type !== 'foreign_key') continue;
    const target = nodes.get(constraint.toId);
    const kind = target?.kind === 'model' ? noTables[target.materialized] : undefined;
    if (kind !== undefined)
      complain(
        constraint.place,
        `a foreign key cannot point at ${target?.name}, which is ${kind}`,
        'Make a data test of it (relationships), or materialize the other one as a table.',
      );
  }
}
