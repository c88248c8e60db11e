import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openWarehouse } from '../../warehouse/open.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

export interface TestDatabase {
  readonly warehouse: Warehouse;
  /** For a second connection or another process; undefined for the embedded database. */
  readonly url: string | undefined;
  drop(): Promise<void>;
}

export interface DatabaseKind {
  readonly name: string;
  open(settings?: Readonly<Record<string, string>>): Promise<TestDatabase>;
}

const embedded: DatabaseKind = {
  name: 'PGlite',
  async open(settings = {}) {
    const warehouse = await openWarehouse({
      url: undefined,
      folder: 'memory://',
      purpose: 'test',
      concurrency: 1,
      settings,
    });
    return { warehouse, url: undefined, drop: () => warehouse.close() };
  },
};

const server: DatabaseKind = {
  name: 'PostgreSQL',
  async open(settings = {}) {
    const admin = process.env.TEST_DB_URL ?? '';
    const name = `datacycle_test_${randomBytes(6).toString('hex')}`;
    await asAdmin(admin, `create database ${name}`);
    const url = Object.assign(new URL(admin), { pathname: `/${name}` }).href;
    const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 8, settings });
    return {
      warehouse,
      url,
      async drop() {
        await warehouse.close();
        await asAdmin(admin, `drop database if exists ${name} with (force)`);
      },
    };
  },
};

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** The databases to test on: the embedded one always, a real server where tests/postgres-server.ts found one. */
export const databases: readonly DatabaseKind[] = process.env.TEST_DB_URL ? [embedded, server] : [embedded];

/** The server where there is one: for long suites about what models say, which both databases are otherwise shown to agree on. */
export const oneDatabase = databases.slice(-1);
