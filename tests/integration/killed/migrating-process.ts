import { writeSync } from 'node:fs';
import { stagingMigrations } from '../../../loaders/landing/staging.ts';
import { stateMigrations } from '../../../runner/state/schema.ts';
import { migrate } from '../../../warehouse/migrate.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import type { Session } from '../../../warehouse/warehouse.ts';

/**
 * A process to be killed: migrates a schema of the program, and stands still before one of its statements, having said so.
 * Arguments: address, `staging` or `datacycle`, before which statement within transactions, the first being 0.
 */
const [url, schema = '', stopAt = '0'] = process.argv.slice(2);

const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 2 });
let statements = 0;
const counting = (session: Session): Session => ({
  ...session,
  query: (sql, params, values) => {
    if (statements === Number(stopAt)) {
      writeSync(1, 'standing still');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    statements += 1;
    return session.query(sql, params, values);
  },
});
await migrate(
  {
    query: (sql, params) => warehouse.query(sql, params),
    transaction: (work) => warehouse.transaction((session) => work(counting(session))),
  },
  schema === 'staging' ? stagingMigrations : stateMigrations,
);
writeSync(1, 'done');
await warehouse.close();
