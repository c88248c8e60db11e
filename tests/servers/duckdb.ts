import type { DuckDBConnection } from '@duckdb/node-api';

/**
 * A DuckDB in memory, which reads Parquet as somebody else's program does. Undefined where there is no binary of it for this platform, which is
 * said aloud; with `CI` set that is an error.
 */
export async function openDuckDb(): Promise<DuckDBConnection | undefined> {
  try {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    return await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  } catch (error) {
    if (process.env.CI) throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    process.stderr.write(`\nDUCKDB READS NOTHING HERE: there is no binary for ${process.platform}: ${reason}\n`);
    return undefined;
  }
}

/** The rows of a query, numbers and texts as JSON has them, all else as text. */
export async function duckRows(
  duck: DuckDBConnection,
  sql: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await duck.runAndReadAll(sql)).getRowObjectsJson();
}
