import { relation } from '../../../warehouse/quote.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { beginWith, type Column, type ExistingRelation } from '../../database/catalog.ts';
import { type Dependent, readDependents } from '../../database/dependent-views.ts';
import { ask } from '../../database/question.ts';
import type { BuiltNode, Manifest, ModelNode } from '../../manifest/manifest.ts';
import { materializedViewTarget } from '../../materialize/materialized-view.ts';
import { type DependentView, preservedWhereItFits } from '../../materialize/parts/recreate-views.ts';
import { addMissing, objectNames } from '../../materialize/parts/structure.ts';
import { createdByHand } from '../../plan/change-of-kind.ts';
import { movedBecause } from '../../plan/decide.ts';
import type { Decision, NodeState, PlanOptions } from '../../plan/decision.ts';
import { querySql } from '../../plan/plan.ts';
import { relationKindOf, tableTarget } from '../../plan/table-target.ts';
import { nothingCreated } from '../../state/created.ts';
import { allModels, type ModelState } from '../../state/models.ts';
import { NodeError } from '../../text/errors.ts';
import { SqlText } from '../../text/sql-text.ts';

/** The existing relation, and what is recorded of it. */
type StateBefore = Pick<NodeState, 'existing' | 'recorded' | 'convertible'>;

export interface Surroundings {
  readonly manifest: Manifest;
  readonly options: PlanOptions;
}

/**
 * The existing views under which PostgreSQL does not allow a node to change, whether the project or a person created them; each
 * after those that it reads. A view of the project is recreated from the project's SQL, also if it is not selected: what PostgreSQL has
 * stored of a `select *` names the columns of then. One whose SQL has changed since it was built is recreated as it was, since what
 * the new SQL reads may not be built yet, unless the node loses a column. A view that was created by hand is recreated as it was.
 * @param yields the columns of the node's query; undefined: the existing ones.
 * @throws NodeError that names a view which could not be recreated as it was.
 */
export async function blockingViews(
  session: Session,
  surroundings: Surroundings,
  node: BuiltNode,
  state: StateBefore,
  yields: readonly Column[] | undefined,
  decision: Pick<Decision, 'mode'>,
): Promise<readonly DependentView[]> {
  const { existing } = state;
  if (existing === undefined) return [];
  const changed = changedColumns(node, decision, state, existing, yields ?? existing.columns);
  if (changed !== 'all' && changed.length === 0) return [];
  const dependents = await readDependents(session, node.relation, changed === 'all' ? undefined : changed);
  if (dependents.length === 0) return [];
  const loses = existing.columns.some(({ name }) => yields?.every((column) => column.name !== name) ?? false);
  const known = { ...surroundings, models: await ask(session, allModels) };
  return dependents.map((dependent) => dependentView(dependent, known, node, loses));
}

/** Whether another relation has to replace the existing one. @param yields as for {@link blockingViews}. */
export function isReplaced(
  node: BuiltNode,
  state: StateBefore,
  yields: readonly Column[] | undefined,
  decision: Pick<Decision, 'mode'>,
): boolean {
  const { existing } = state;
  if (existing === undefined) return false;
  return changedColumns(node, decision, state, existing, yields ?? existing.columns) === 'all';
}

/** The columns that no view may show while they go or change; `all` where the relation itself has to go. */
function changedColumns(
  node: BuiltNode,
  decision: Pick<Decision, 'mode'>,
  state: StateBefore,
  existing: ExistingRelation,
  yields: readonly Column[],
): 'all' | readonly string[] {
  const { mode } = decision;
  const kind = relationKindOf(node);
  if (existing.kind !== kind || mode === 'create') return 'all';
  if ((mode === 'replace' && kind !== 'table') || movedBecause(node, decision, state, yields) !== undefined)
    return 'all';
  // A snapshot only adds columns; so does an increment, unless on_schema_change is sync_all_columns.
  if (mode === 'snapshot' || (mode === 'increment' && node.config.on_schema_change !== 'sync_all_columns')) return [];
  if (kind === 'table') {
    const types = new Map(yields.map(({ name, type }) => [name, type]));
    return existing.columns.flatMap(({ name, type }) => (types.get(name) === type ? [] : [name]));
  }
  // A view only takes columns on at its end.
  return beginWith(yields, existing.columns) ? [] : 'all';
}

interface Known extends Surroundings {
  readonly models: ReadonlyMap<string, ModelState>;
}

function dependentView(dependent: Dependent, surroundings: Known, cause: BuiltNode, loses: boolean): DependentView {
  const { schema, name, kind } = dependent;
  const model = modelAt(surroundings, dependent);
  const refuse = (why: string, hint: string): never => {
    throw new NodeError({
      what: `${cause.name} cannot be changed: the ${kind} ${schema}.${name} reads it and would have to go and come back, but ${why}`,
      where: cause.file,
      hint: `Nothing was touched. ${hint}`,
    });
  };
  const dropFirst = `Drop ${schema}.${name}, run again, and make it again as it was.`;
  if (!dependent.isOwn) refuse(`it belongs to ${dependent.owner}`, dropFirst);
  if (dependent.extras.length > 0) refuse(`${dependent.extras.join(' and ')} would be lost`, dropFirst);
  if (kind === 'materialized view' && model === undefined)
    refuse('its rows are of another time and nowhere else', dropFirst);
  const comments = {
    kind,
    relation: dependent.comment,
    columns: new Map(dependent.columnComments),
  };
  const asFound: DependentView = {
    ...dependent,
    relation: { schema, name },
    sql: new SqlText(dependent.definition.replace(/;\s*$/, '')),
    indexes: dependent.indexes.map(({ definition }) => new SqlText(definition)),
    model,
    comments,
    isAsBuilt: model !== undefined && surroundings.models.get(model.name)?.checksum === model.checksum,
  };
  if (model === undefined) return asFound;
  // Its own turn makes it another kind; until then it is what it was.
  const isOther = relationKindOf(model) !== kind;
  if (isOther && (kind !== 'view' || !loses)) return asFound;
  const options = kind === 'view' && !isOther ? ['security_invoker=true'] : dependent.options;
  const isGenerated = model.materialized === 'view' && model.shows === cause.id;
  // What new SQL reads may not be built yet.
  if (!asFound.isAsBuilt && !loses && !isGenerated) return { ...asFound, options };
  const declared = new Set(model.columns.map((column) => column.name));
  const indexed = materializedViewTarget(tableTarget(model));
  const objects = objectNames(indexed);
  const preserved = createdByHand(surroundings.models.get(model.name), dependent);
  return {
    ...asFound,
    options,
    sql: querySql(model, 'full', noMarks, surroundings.options, surroundings.manifest),
    columns: [...declared],
    defaults: [],
    indexes: kind === 'view' ? [] : addMissing(indexed, undefined, nothingCreated).map(({ sql }) => sql),
    whereItFits: preservedWhereItFits(
      { schema, name },
      {
        ...preserved,
        defaults: dependent.defaults,
        indexes: preserved.indexes.filter((index) => !objects.includes(index.name)),
        columnGrants: preserved.columnGrants.filter(({ column }) => !declared.has(column)),
      },
      { ...comments, columns: new Map(dependent.columnComments.filter(([column]) => !declared.has(column))) },
    ),
  };
}

/** A view follows nothing by high-water mark. */
const noMarks: Pick<NodeState, 'consumed'> = { consumed: new Map() };

/** The model of the project that a view belongs to, also if the model's materialization has changed since. */
function modelAt({ manifest, models }: Known, { schema, name, kind }: Dependent): ModelNode | undefined {
  const node = manifest.index.atRelation.get(relation(schema, name))?.find((one) => one.kind === 'model');
  if (node?.kind !== 'model') return undefined;
  const was = models.get(node.name)?.materialized.replace('_', ' ');
  return relationKindOf(node) === kind || was === kind ? node : undefined;
}
