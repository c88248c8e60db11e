import { StatementError } from '../../../warehouse/errors.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { statement } from '../../database/statement.ts';
import type { BuiltNode, SeedNode } from '../../manifest/manifest.ts';
import { refusal, type Step } from '../../materialize/parts/step.ts';
import { NodeError } from '../../text/errors.ts';
import { spotInSeed } from './seed.ts';
import { added, noRows, type Totals } from './totals.ts';

/** Runs the steps of a plan, one after the other, and counts rows. @throws NodeError where a guard refuses them. */
export async function runSteps(session: Session, steps: readonly Step[], { node, root }: Subject): Promise<Totals> {
  let totals = noRows;
  for (const step of steps) totals = added(totals, await runStep(session, step, { node, root }));
  return totals;
}

/** What the steps build, and the project's folder. */
interface Subject {
  readonly node: BuiltNode;
  readonly root: string;
}

async function runStep(session: Session, step: Step, { node, root }: Subject): Promise<Partial<Totals>> {
  switch (step.kind) {
    case 'run': {
      const { rowCount } = await statement(session, step.sql).catch((error: unknown) => {
        const meant = error instanceof StatementError ? step.explain?.(error) : undefined;
        throw meant === undefined
          ? error
          : new NodeError({ ...meant, what: `${node.name}: ${meant.what}`, cause: error });
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
      return refresh(session, step, { node, root });
    case 'guard': {
      const { rows } = await statement(session, step.sql);
      if (rows.length > 0) throw refusal(step, rows, node.settings);
      return {};
    }
    case 'retained': {
      const [row] = (await statement(session, step.sql)).rows;
      return { retained: Number(row?.retained ?? 0) };
    }
    case 'copy':
      await session.copyIn(step.sql.text, once(step.csv)).catch((error: unknown) => {
        throw node.kind === 'seed' ? placedInSeed(error, node, root) : error;
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
  subject: Subject,
): Promise<Partial<Totals>> {
  const before = await countOfTransaction(session, step.relation);
  await session.query('savepoint datacycle_refresh');
  try {
    await statement(session, step.sql);
  } catch (error) {
    if (!(error instanceof StatementError) || !['23505', '21000'].includes(error.code)) throw error;
    await session.query('rollback to savepoint datacycle_refresh');
    await runSteps(session, step.otherwise, subject);
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

/** PostgreSQL's "COPY datacycle_new, line 2, column floor: ..." as a place in the seed's file. */
function placedInSeed(error: unknown, node: SeedNode, root: string): unknown {
  if (!(error instanceof StatementError)) return error;
  const [, copied, rest] = /line (\d+)(?:, (column [\s\S]*))?/.exec(error.context ?? '') ?? [];
  const column = /^column (.+?)(?::|$)/.exec(rest ?? '')?.[1];
  const spot = copied === undefined ? undefined : spotInSeed(root, node, Number(copied), column);
  if (spot === undefined) return error;
  return new NodeError({
    what: `${node.name}: ${error.message}`,
    where: spot.where,
    detail: [spot.detail, rest ?? error.detail].filter(Boolean).join('\n'),
    hint: error.hint ?? 'Correct the value, or declare another type for the column in column_types or its data_type.',
    cause: error,
  });
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
