import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stagingMigrations } from '../../../loaders/landing/staging.ts';
import { stateMigrations } from '../../../runner/state/schema.ts';
import { migrate } from '../../../warehouse/migrate.ts';
import { bundled } from '../bundled.ts';
import { servers, type TestDatabase } from '../databases.ts';
import { empty } from '../emptied.ts';
import { rounds } from '../rounds.ts';

const bundle = await bundled(new URL('migrating-process.ts', import.meta.url));
const kills = rounds({ gate: 2, long: 20 });

describe.each(servers)('a migration that is killed, on $name', ({ open }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await open();
  });
  afterEach(() => database.drop());

  it.each([
    ['staging', stagingMigrations],
    ['datacycle', stateMigrations],
  ] as const)(`of the schema %s, before ${kills} of its statements, is made whole by the next`, async (schema, all) => {
    const { warehouse, url = '' } = database;
    await migrate(warehouse, all);
    const whole = await shape();
    // Two statements of each transaction are of the lock and the number: so many there are at least.
    const fewest = all.steps.length * 4;
    for (let round = 0; round < kills; round += 1) {
      await empty(warehouse);
      const stopAt = String(Math.floor(((round + Math.random()) * fewest) / kills));
      const child = spawn(process.execPath, [bundle, url, schema, stopAt], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
      expect(String(said), stopAt).toBe('standing still');
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      // The lock of the killed process is waited for.
      await migrate(warehouse, all);
      expect(await shape(), stopAt).toEqual(whole);
    }

    async function shape() {
      const { rows } = await warehouse.query(
        `select c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, a.attcompression,
             pg_get_expr(d.adbin, d.adrelid) as fallback
         from pg_class as c
         join pg_namespace as n on n.oid = c.relnamespace
         left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
         where n.nspname = $1
         union all
         select conrelid::regclass::text, contype, conname, pg_get_constraintdef(c.oid), convalidated, null, null
         from pg_constraint as c where connamespace = $1::regnamespace
         union all
         select 'migration', null, number::text, null, null, null, null from ${schema}.migration
         order by 1, 2, 3`,
        [schema],
      );
      return rows;
    }
  });
});
