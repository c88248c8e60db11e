import pg from 'pg';
import startPostgres from '../tests/postgres-server.ts';

export interface BenchDatabase {
  readonly url: string;
  readonly stop: (() => Promise<void>) | undefined;
}

/**
 * The PostgreSQL to measure on: BENCH_DB_URL, in which these schemas are dropped, or one started for the purpose.
 * @throws Error if there is neither.
 */
export async function startDatabase(schemas: readonly string[]): Promise<BenchDatabase> {
  if (process.env.BENCH_DB_URL) process.env.TEST_DB_URL = process.env.BENCH_DB_URL;
  const stop = await startPostgres();
  const url = process.env.TEST_DB_URL;
  if (url === undefined) throw new Error('No PostgreSQL server found: install one or set BENCH_DB_URL.');
  await withClient(url, async (client) => {
    for (const schema of schemas) await client.query(`drop schema if exists ${schema} cascade`);
  });
  return { url, stop: stop && (() => stop().finally(forget)) };
}

/** The next one is not taken for one that is given. */
function forget(): void {
  delete process.env.TEST_DB_URL;
}

/** Works with a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
