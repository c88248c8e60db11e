import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { visitLanded } from '../../../loaders/erasure/landed.ts';
import { loadRegistry } from '../../../loaders/registry/load-registry.ts';
import { beginErasure } from '../../../loaders/tombstones/tombstones.ts';
import { pidbStatements } from '../../fixtures/pidb.ts';
import { type MariadbServer, startMariadb } from '../../servers/mariadb.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { jeremie, jimmy } from './erasure-household.ts';

const server = await startMariadb();
afterAll(() => server?.stop());

describe.skipIf(server === undefined).each(oneDatabase)('the registry of an erased apartment, into $name', (kind) => {
  const mariadb = server as MariadbServer;
  let database: TestDatabase;
  let bronzeRoot: string;
  let now: Date;
  beforeAll(async () => {
    bronzeRoot = mkdtempSync(join(tmpdir(), 'datacycle-registry-'));
    database = await kind.open();
    now = new Date('2023-11-01T08:00:00Z');
    await mariadb.reset();
    await mariadb.run(pidbStatements());
  });
  afterAll(async () => {
    rmSync(bronzeRoot, { recursive: true, force: true });
    await database.drop();
  });
  const apartments = [jimmy, jeremie];
  const load = () =>
    loadRegistry(
      database.warehouse,
      { url: mariadb.url, bronzeRoot, apartments },
      { mode: 'new', clock: () => now, attempts: 1 },
    );
  /** Every row of the newest load in staging, and what is in Bronze since a moment. */
  const landed = async (loadId: number | undefined, stamp: string) => {
    const { rows } = await database.warehouse.query<{ row: string }>(
      `select table_name || ' ' || record::text as row from staging.registry_row where load_id = $1`,
      [loadId],
    );
    const paths = readdirSync(bronzeRoot, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.includes(stamp))
      .map((path) => join(bronzeRoot, path))
      .filter((path) => statSync(path).isFile());
    return [...rows.map(({ row }) => row), ...paths.map((path) => readFileSync(path, 'utf8'))].join('\n');
  };

  it('lands without its rows, however its building is called by now', async () => {
    await load();
    await beginErasure(database.warehouse, jimmy, () => now);
    const request = { bronzeRoot, subject: jimmy, apartments };
    const { ids } = await visitLanded(database.warehouse, request, { kind: 'count' });
    expect(ids.buildings).toEqual(['2', '7']);
    await mariadb.run([
      `update buildings set houseName = 'Villa Sans Souci' where idBuilding = 2`,
      `update buildings set houseName = 'bei JeremieVianin' where idBuilding = 7`,
    ]);
    now = new Date('2023-11-02T08:00:00Z');
    const { loads, ignored } = await load();
    const text = await landed(loads[0], '20231102T080000Z');
    expect(ignored).toBeGreaterThan(10);
    expect(text).not.toMatch(/Villa Sans Souci|Germaine|Ruelle du Secret/);
    expect(text).toContain('bei JeremieVianin');
  });

  it('lands without a building that it has only since, also once that is called otherwise', async () => {
    await mariadb.run([
      'create table moved as select * from buildings where idBuilding = 2',
      `update moved set idBuilding = 99, houseName = 'Chalet JimmyLoup', address = 'Chemin Neuf 1'`,
      'insert into buildings select * from moved',
      'drop table moved',
    ]);
    now = new Date('2023-11-03T08:00:00Z');
    await load();
    await mariadb.run([`update buildings set houseName = 'Villa Neuve' where idBuilding = 99`]);
    now = new Date('2023-11-04T08:00:00Z');
    const { loads } = await load();
    const text = await landed(loads[0], '20231104T080000Z');
    expect(text).toContain('bei JeremieVianin');
    expect(text).not.toMatch(/Villa Neuve|Chemin Neuf/);
  });
});
