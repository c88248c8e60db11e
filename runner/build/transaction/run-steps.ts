// What happens between `begin` and `commit`. build/build-node.ts and microbatch/ call these files in this order:
//
//   1. node-state.ts                          read the existing relation and what is recorded of the model and its upstreams
//   2. decide-after-hooks.ts, hooks.ts        run the pre-hooks; if they ran, the state is read again before the decision
//   3. rows.ts, seed.ts, shape.ts             the query or the seed's file, and the columns that it yields
//   4. blocking-views.ts, blocking-dependents.ts  find what must be recreated, and refuse what could not be
//   5. run-steps.ts                           executes the steps of the plan and counts rows
//   6. complete-relation.ts, grant-roles.ts   comments, post-hooks, grants
//
// access.ts reads who may see which rows. Everything runs on the session of one transaction, so an error undoes all of it.
import { StatementError } from '../../../warehouse/errors.ts';
import { inSavepoint } from '../../../warehouse/savepoint.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { statement } from '../../database/statement.ts';
import type { BuiltNode } from '../../manifest/manifest.ts';
import { type Explain, refusal, type Step } from '../../materialize/parts/step.ts';
import { NodeError } from '../../text/errors.ts';
import { added, noRows, type Totals } from './totals.ts';

/** Runs the steps of a plan, one after the other, and counts rows. @throws NodeError where a guard refuses them. */
export async function runSteps(session: Session, steps: readonly Step[], node: BuiltNode): Promise<Totals> {
  let totals = noRows;
  for (const step of steps) totals = added(totals, await runStep(session, step, node));
  return totals;
}

async function runStep(session: Session, step: Step, node: BuiltNode): Promise<Partial<Totals>> {
  switch (step.kind) {
    case 'run': {
      const { rowCount } = await statement(session, step.sql).catch((error: unknown) => {
        throw explained(step, error, node);
      });
      return step.counts === undefined ? {} : { [step.counts]: rowCount };
    }
    case 'upsert': {
      const [row] = (await statement(session, step.sql)).rows;
      return {
        inserted: Number(row?.inserted ?? 0),
        updated: Number(row?.updated ?? 0),
        deleted: Number(row?.deleted ?? 0),
      };
    }
    case 'refresh':
      return refresh(session, step, node);
    case 'guard': {
      const { rows } = await statement(session, step.sql, 'text');
      if (rows.length > 0) throw refusal(step, rows, node.settings);
      return {};
    }
    case 'retained': {
      const [row] = (await statement(session, step.sql)).rows;
      return { retained: Number(row?.retained ?? 0) };
    }
    case 'copy':
      await session.copyIn(step.sql.text, once(step.csv)).catch((error: unknown) => {
        throw explained(step, error, node);
      });
      return {};
    default:
      return step satisfies never;
  }
}

/**
 * Refreshes a materialized view. How many rows came and went is what the database counts of this transaction: the
 * statement itself does not say. Where nothing is counted, all rows are taken for new.
 */
async function refresh(
  session: Session,
  step: Extract<Step, { kind: 'refresh' }>,
  node: BuiltNode,
): Promise<Partial<Totals>> {
  const before = await countOfTransaction(session, step.relation);
  try {
    await inSavepoint(session, () => statement(session, step.sql));
  } catch (error) {
    if (!(error instanceof StatementError) || !['23505', '21000'].includes(error.code)) throw error;
    await runSteps(session, step.otherwise, node);
    throw error;
  }
  const after = await countOfTransaction(session, step.relation);
  return {
    inserted: after.counting ? after.inserted - before.inserted : after.rows,
    deleted: after.counting ? after.deleted - before.deleted : 0,
  };
}

async function countOfTransaction(session: Session, quoted: string) {
  const { rows } = await session.query<{ counting: boolean; inserted: number; deleted: number; rows: number }>(
    `select current_setting('track_counts')::boolean as counting,
         pg_stat_get_xact_tuples_inserted(c.oid)::float8 as inserted,
         pg_stat_get_xact_tuples_deleted(c.oid)::float8 as deleted,
         case when current_setting('track_counts')::boolean then 0::float8 else (select count(*)::float8 from ${quoted}) end as rows
     from pg_class as c
     where c.oid = to_regclass($1)`,
    [quoted],
  );
  return rows[0] ?? { counting: false, inserted: 0, deleted: 0, rows: 0 };
}

/** An error of PostgreSQL in the user's terms, where the step knows them. */
function explained({ explain }: { readonly explain?: Explain | undefined }, error: unknown, node: BuiltNode): unknown {
  const meant = error instanceof StatementError ? explain?.(error) : undefined;
  return meant === undefined ? error : new NodeError({ ...meant, what: `${node.name}: ${meant.what}`, cause: error });
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
