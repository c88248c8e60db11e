import { relation } from '../../warehouse/quote.ts';
import type { Comments, ExistingRelation } from '../catalog.ts';
import type { ModelNode } from '../manifest.ts';
import { describeRelation, withoutComments } from './comments.ts';
import { restoreGrants } from './grants.ts';
import { run, type Step } from './step.ts';
import { createView } from './view.ts';

/** A view as it is to be, and as it stands. */
export interface StandingView {
  readonly node: ModelNode;
  readonly existing: ExistingRelation;
  readonly comments: Comments | undefined;
}

/**
 * PostgreSQL changes or drops no column that a view shows. So views that the runner made of a table's .yml alone, and can
 * make again, go before `steps` and come back behind them with their grants, in the same transaction.
 */
export function remakeViews(views: readonly StandingView[], steps: readonly Step[]): Step[] {
  if (steps.length === 0) return [];
  const drop = views.map(({ node }) => run(`drop view ${relation(node.relation.schema, node.relation.name)}`));
  const create = views.flatMap(({ node, existing, comments }) => [
    ...createView(node.relation, node.fullSql, undefined, []),
    ...restoreGrants(node.relation, existing.grants),
    ...describeRelation(node, withoutComments('view', node.columns), comments),
  ]);
  return [...drop, ...steps, ...create];
}
