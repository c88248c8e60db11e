import { PostgresServer } from './servers/postgres.ts';

/**
 * Starts a PostgreSQL of its own for the whole test run, and puts its address in TEST_DB_URL. Where no server is installed
 * the tests run on the embedded database only; in CI that is an error.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.TEST_DB_URL) return undefined;
  const server = await PostgresServer.start();
  if (server === undefined) {
    process.stderr.write('No PostgreSQL server found: testing on the embedded database only.\n');
    return undefined;
  }
  process.env.TEST_DB_URL = server.url;
  return () => server.remove();
}
