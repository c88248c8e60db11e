import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect } from 'vitest';
import type { LoadSummary } from '../../../loaders/landing/summary.ts';
import { loadRegistry, type RegistryOptions } from '../../../loaders/registry/load-registry.ts';
import type { DatacycleError } from '../../../warehouse/errors.ts';
import { pidbStatements, readTables } from '../../fixtures/pidb.ts';
import type { MariadbServer } from '../../servers/mariadb.ts';
import type { DatabaseKind } from '../databases.ts';
import { projectOn } from '../project-on.ts';

/** The tables that are read, of all of the registry. */
export const rowCount = readTables.reduce((sum, table) => sum + table.rows.length, 0);

/** A registry with its tables, and where it lands; `clock` says when. */
export function landedRegistry(kind: DatabaseKind, mariadb: MariadbServer) {
  const { database } = projectOn(kind, {});
  const bronzeRoot = mkdtempSync(join(tmpdir(), 'datacycle-registry-'));
  const clock = { now: new Date(0) };
  const notices: string[] = [];

  beforeEach(async () => {
    rmSync(bronzeRoot, { recursive: true, force: true });
    clock.now = new Date('2023-11-01T08:00:00.500Z');
    notices.length = 0;
    await mariadb.reset();
    await mariadb.run(pidbStatements());
  });

  afterAll(() => rmSync(bronzeRoot, { recursive: true, force: true }));

  function load(
    options: Partial<RegistryOptions> = {},
    url = mariadb.url,
    source: { readonly locations?: boolean } = {},
  ): Promise<LoadSummary> {
    return loadRegistry(
      database.warehouse,
      { url, bronzeRoot, ...source },
      { mode: 'new', clock: () => clock.now, retryDelayMs: 1, onNotice: (text) => notices.push(text), ...options },
    );
  }

  function through(port: number): string {
    return mariadb.url.replace(`:${mariadb.port}/`, `:${port}/`);
  }

  async function staged(): Promise<string[]> {
    const { rows } = await database.warehouse.query<{ row: string }>(
      `select f.source_time || ' ' || r.table_name || ' ' || r.row_no || ' ' || r.record::text as row
       from staging.registry_row r
       join staging.file f on f.load_id = r.load_id and split_part(f.name, '/', 2) = r.table_name || '.json'
       order by 1`,
    );
    return rows.map(({ row }) => row);
  }

  async function record(table: string, rowNo: number): Promise<string> {
    const { rows } = await database.warehouse.query<{ record: string }>(
      `select record::text as record from staging.registry_row where table_name = $1 and row_no = $2
       order by load_id desc limit 1`,
      [table, rowNo],
    );
    return rows[0]?.record ?? '';
  }

  async function ledger(): Promise<readonly Record<string, unknown>[]> {
    const { rows } = await database.warehouse.query(
      `select name, bronze_path, bytes, status, reason, source_time::text as source_time
       from staging.file where source = 'registry' order by name`,
    );
    return rows;
  }

  /** The files of tables. */
  function bronzeFiles(): string[] {
    return allOfBronze().filter((path) => !path.endsWith('snapshot.json'));
  }

  function allOfBronze(): string[] {
    return readdirSync(bronzeRoot, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }

  function expectNoPassword(error: DatacycleError): void {
    for (const text of [shown(error), ...notices]) {
      expect(text).not.toContain(mariadb.password);
      expect(text).not.toContain(encodeURIComponent(mariadb.password));
    }
  }

  function inBronze(stamp: string, ...file: string[]): string {
    return join(bronzeRoot, 'registry', stamp.slice(0, 4), stamp.slice(4, 6), stamp.slice(6, 8), stamp, ...file);
  }

  return {
    expectNoPassword,
    inBronze,
    database,
    bronzeRoot,
    clock,
    notices,
    load,
    through,
    staged,
    record,
    ledger,
    bronzeFiles,
    allOfBronze,
  };
}

/** The error of work that has to fail. */
export async function failure(work: Promise<unknown>): Promise<DatacycleError> {
  try {
    await work;
  } catch (error) {
    return error as DatacycleError;
  }
  throw new Error('it did not fail');
}

/** All an error says, its causes included. */
export function shown(error: Error): string {
  const parts = [error.message, error.stack ?? '', JSON.stringify(error, Object.getOwnPropertyNames(error))];
  if (error.cause instanceof Error) parts.push(shown(error.cause));
  return parts.join('\n');
}
