import type { Session, Warehouse } from '../../../warehouse/warehouse.ts';

/** The steps of a batch that another process may meet: before its plan, when its files are written, before its commit. */
export type LandingStep = 'plan' | 'pass' | 'finish';

const statements: readonly (readonly [LandingStep, RegExp])[] = [
  ['plan', /update staging\.stream_offset.*planned_offset = r\.to_offset, planned_at/s],
  ['pass', /update staging\.stream_offset.*next_offset = r\.to_offset/s],
  ['finish', /update staging\.load set finished_at/],
];

/** The same database, which tells of each step of a batch before the statement is sent that begins it. */
export function withSteps(warehouse: Warehouse, onStep: (step: LandingStep) => void): Warehouse {
  const told = (session: Session): Session => ({
    ...session,
    query: (sql, params, values) => {
      const [step] = statements.find(([, pattern]) => pattern.test(sql)) ?? [];
      if (step !== undefined) onStep(step);
      return session.query(sql, params, values);
    },
  });
  return {
    ...warehouse,
    transaction: (work, isolation) => warehouse.transaction((session) => work(told(session)), isolation),
  };
}
