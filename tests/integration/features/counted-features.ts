import type { Warehouse } from '../../../warehouse/warehouse.ts';

/** The same database, and how often features were worked out in it. */
export function countedFeatures(warehouse: Warehouse): { readonly warehouse: Warehouse; readonly count: () => number } {
  let count = 0;
  const counting: Warehouse = {
    ...warehouse,
    session: (work) =>
      warehouse.session((session) => {
        const query: typeof session.query = (sql, ...rest) => {
          if (sql.startsWith('create temporary table predict_target')) count += 1;
          return session.query(sql, ...rest);
        };
        return work({ ...session, query });
      }),
  };
  return { warehouse: counting, count: () => count };
}
