import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identifier, relation } from '../../../warehouse/quote.ts';
import { servers, type TestDatabase } from '../databases.ts';
import { Household, sampleMinutes } from '../main-job/household.ts';
import { powerRecord, predict, record } from '../main-job/prediction-records.ts';
import { unprotected } from './unprotected.ts';

/** Logins whose names are addresses, with a row each in the seed user_apartments and what it says. */
const id = randomBytes(4).toString('hex');
const people = {
  owner: `olga.${id}@example.com`,
  renter: `rita.${id}@example.com`,
  both: `bea.${id}@example.com`,
  admin: `ada.${id}@example.com`,
  unknown: `uwe.${id}@example.com`,
};
const climate = ['dim_apartment', 'dim_room', 'fact_environment_minute'];

describe.each(servers)('owners, renters and administrators on $name', (kind) => {
  let database: TestDatabase;
  let home: Household;
  let tables: readonly string[];

  beforeAll(async () => {
    database = await kind.open();
    home = new Household(database.warehouse);
    writeFileSync(
      join(home.project, 'seeds', 'user_apartments.csv'),
      `user_email,apartment_id,role
${people.owner},jimmy,
${people.renter},jimmy,Renter
${people.both},jimmy,renter
${people.both},jeremie,owner
${people.admin},jimmy,admin
${people.unknown},jimmy,tenant
`,
    );
    for (const name of Object.values(people)) await database.warehouse.query(`create role ${identifier(name)}`);
    // A day that is over, as the outlook shows, and the windows of predictions.
    for (const day of ['11.10.2023', '12.10.2023']) home.put(sampleMinutes(day, (minute) => minute < 10));
    await home.load();
    const records = ['jimmy', 'jeremie'].flatMap((apartment) => [
      record({ apartment }),
      record({ apartment, target: 'occupied' }),
      powerRecord({ apartment }),
    ]);
    await predict(database.warehouse, records);
    await home.build({ command: 'seed' });
    await home.build({ command: 'run' });
    for (const name of Object.values(people))
      await database.warehouse.query(
        `grant usage on schema gold, bi to ${identifier(name)}; grant select on all tables in schema gold, bi to ${identifier(name)}`,
      );
    const { rows } = await database.warehouse.query<{ name: string }>(
      // Views of gold, too, which read what readers have no right to read by itself.
      `select c.relname as name from pg_class as c
       where c.relnamespace = 'gold'::regnamespace and (c.relkind = 'r' or c.relkind = 'v' and exists (
           select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'apartment_key'))
       order by 1`,
    );
    tables = rows.map(({ name }) => name);
  });
  afterAll(async () => {
    for (const name of Object.values(people))
      await database?.warehouse.query(`drop owned by ${identifier(name)}; drop role ${identifier(name)}`);
    home?.dispose();
    await database?.drop();
  });

  /** The apartments of which a login sees rows, by table; tables that everybody sees left out. */
  async function seenBy(login: string): Promise<Record<string, string>> {
    const guarded = tables.filter((name) => !(name in unprotected));
    return database.warehouse.transaction(async (session) => {
      const { rows: names } = await session.query<{ apartment_key: number; apartment_id: string }>(
        'select apartment_key, apartment_id from gold.dim_apartment',
      );
      const nameOf = new Map(names.map((row) => [row.apartment_key, row.apartment_id]));
      await session.query(`set local session authorization ${identifier(login)}`);
      const found: Record<string, string> = {};
      for (const name of guarded) {
        const { rows } = await session.query<{ key: number }>(
          `select distinct apartment_key as key from ${relation('gold', name)}`,
        );
        found[name] = rows
          .map(({ key }) => nameOf.get(key))
          .sort()
          .join(' ');
      }
      return found;
    });
  }

  const all = (of: (table: string) => string) =>
    Object.fromEntries(tables.filter((name) => !(name in unprotected)).map((name) => [name, of(name)]));

  it('an owner sees everything of the apartment and nothing of another', async () => {
    expect(await seenBy(people.owner)).toEqual(all(() => 'jimmy'));
  });

  it('a renter sees rooms and climate alone', async () => {
    expect(await seenBy(people.renter)).toEqual(all((table) => (climate.includes(table) ? 'jimmy' : '')));
  });

  it('a renter of one apartment who owns another sees each as such', async () => {
    expect(await seenBy(people.both)).toEqual(all((table) => (climate.includes(table) ? 'jeremie jimmy' : 'jeremie')));
  });

  it('an administrator sees everything of all apartments, by a row for one', async () => {
    expect(await seenBy(people.admin)).toEqual(all(() => 'jeremie jimmy'));
  });

  it('whose role is not known sees nothing, and a test says so', async () => {
    expect(await seenBy(people.unknown)).toEqual(all(() => ''));
    await expect(home.build({ command: 'test', select: ['dim_user_apartment_map'] })).rejects.toThrow(/role/);
  });

  it('sees in the views of Power BI what it sees in the tables', async () => {
    const counts = await database.warehouse.transaction(async (session) => {
      await session.query(`set local session authorization ${identifier(people.renter)}`);
      const { rows } = await session.query<Record<string, number>>(
        `select (select count(*) from bi."Energy by minute")::integer as energy, (select count(*) from bi."Access")::integer as access,
             (select count(*) from bi."Room by hour")::integer as hours, (select count(distinct "Apartment") from bi."Apartment")::integer as apartments`,
      );
      return rows[0];
    });
    expect(counts).toEqual({ energy: 0, access: 0, hours: 0, apartments: 1 });
  });
});
