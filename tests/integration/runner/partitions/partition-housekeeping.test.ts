import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readTables } from '../../../../cli/status/tables.ts';
import { checkProject } from '../../../../runner/check/check.ts';
import { expireRows } from '../../../../runner/retention/expire.ts';
import { searchDatabase } from '../../../../runner/subject/search.ts';
import { SubjectWords } from '../../../../runner/subject/words.ts';
import { verifyModels } from '../../../../runner/verify/verify.ts';
import { databases, oneDatabase, type TestDatabase } from '../../databases.ts';
import { rounds } from '../../rounds.ts';
import { TemporaryProject } from '../../temporary-project.ts';
import { PartitionedVisits } from './partitioned-visits.ts';

const monthly =
  'materialized: incremental, unique_key: [id, at], event_time: at, partition_by: { column: at, granularity: month }';

describe.each(oneDatabase)('a partitioned table on $name', (kind) => {
  let database: TestDatabase;
  let visits: PartitionedVisits;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterEach(() => visits.dispose());
  afterAll(() => database.drop());

  const build = async (options = {}) => {
    const summary = await visits.project.run(database.warehouse, { command: 'run', ...options });
    expect(summary.results.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
  };
  const verify = async () => {
    const [only] = await verifyModels(visits.project.compile(), database.warehouse, {
      selected: new Set(['model.visits']),
      limit: 20,
      clock: () => new Date(),
      onVerified: () => {},
    });
    return only?.verdict;
  };
  const content = () => visits.rows('select id, at, value from shown.visits order by id, at');

  it('is the same as one built from scratch, whatever months come in whatever order', async () => {
    const visit = fc.record({
      id: fc.nat(3),
      at: fc.nat(40).map((month) => new Date(Date.UTC(2023, month, 1, 0, 0)).toISOString()),
      value: fc.nat(9),
    });
    const batch = fc.uniqueArray(visit, { maxLength: 6, selector: ({ id, at }) => `${id} ${at}` });
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { minLength: 1, maxLength: 5 }),
        fc.constantFrom('merge', 'delete+insert'),
        async (batches, strategy) => {
          visits = await PartitionedVisits.make(database.warehouse, `${monthly}, incremental_strategy: ${strategy}`);
          for (const one of batches) {
            await visits.load(one);
            await build();
          }
          expect(await verify()).toMatchObject({ status: 'equal' });
          const incremental = await content();
          await build({ fullRefresh: true });
          expect(await content()).toEqual(incremental);
          await visits.rows('drop table shown.visits');
          await build();
          expect(await content()).toEqual(incremental);
          await visits.dispose();
        },
      ),
      { numRuns: rounds({ gate: 5, long: 50 }) },
    );
  }, 600_000);

  it('is verified: a change by hand in a partition is found', async () => {
    visits = await PartitionedVisits.make(database.warehouse, monthly);
    await visits.load([{ id: 1, at: '2023-10-01T00:00Z', value: 1 }]);
    await build();
    expect(await verify()).toMatchObject({ status: 'equal', rows: 1 });
    await visits.rows('update shown.visits_2023_10 set value = 2');
    expect(await verify()).toMatchObject({ status: 'differs', counts: { changed: 1 } });
  });

  it('has the rows and the size of all its partitions', async () => {
    visits = await PartitionedVisits.make(database.warehouse, monthly);
    await visits.load([1, 2, 3].map((id) => ({ id, at: `2023-1${id % 3}-01T00:00Z`, value: 1 })));
    await build();
    const [sizes] = await visits.rows(
      `select sum(pg_total_relation_size(inhrelid))::bigint as bytes from pg_inherits where inhparent = 'shown.visits'::regclass`,
    );
    const [table] = await readTables(database.warehouse, visits.project.compile().manifest);
    expect(table).toMatchObject({ name: 'visits', rows: 3, bytes: sizes?.bytes });
    expect(Number(sizes?.bytes)).toBeGreaterThan(3 * 8192);
  });

  it('is known to the planner as a whole, also where it grows by little and little', async () => {
    visits = await PartitionedVisits.make(database.warehouse, monthly);
    const load = async (month: number) => {
      await visits.load(Array.from({ length: 40 }, (_, id) => ({ id, at: `2023-0${month}-01T00:00Z`, value: 1 })));
      await build();
    };
    const known = async () => {
      const [row] = await visits.rows(`select reltuples::int as n from pg_class where oid = 'shown.visits'::regclass`);
      return row?.n;
    };
    await load(1);
    await load(2);
    expect(await known()).toBe(40);
    // As an autovacuum does.
    await visits.rows('analyze shown.visits_2023_02');
    await load(3);
    expect(await known()).toBe(120);
  });

  it('loses its old rows by retention, and not its partitions', async () => {
    visits = await PartitionedVisits.make(database.warehouse, monthly);
    visits.project.write({ 'project.yml': 'name: test\nretention: { visits: 1 month }\n' });
    await visits.load([
      { id: 1, at: '2023-09-30T00:00Z', value: 1 },
      { id: 2, at: '2023-11-15T00:00Z', value: 2 },
    ]);
    await build();
    const clock = () => new Date('2023-12-01T12:00Z');
    const [expired] = await expireRows(visits.project.compile(), database.warehouse, { dryRun: false, clock });
    expect(expired).toMatchObject({ model: 'visits', rows: 1 });
    expect((await content()).map(({ id }) => id)).toEqual([2]);
    expect((await visits.partitions()).length).toBe(2);
  });

  it('is one table for who looks for a person, and its partitions are nobody else’s', async () => {
    visits = await PartitionedVisits.make(database.warehouse, monthly);
    visits.project.write({
      'models/visits.sql': `select 1 as id, timestamptz '2023-10-01Z' as at, 1 as value, 1 as load_id, 'Anna' as who from {{source "raw" "visits"}}`,
    });
    await visits.load([{ id: 1, at: '2023-10-01T00:00Z', value: 1 }]);
    await build();
    const words = new SubjectWords({ id: 'anna', owner: 'Anna', name: 'Anna' });
    const { manifest } = visits.project.compile();
    const anna = { id: 'anna', known: {} };
    const found = await searchDatabase(database.warehouse, manifest, anna, words, () => undefined);
    expect(found.filter(({ place }) => place.startsWith('shown.'))).toEqual([
      { place: 'shown.visits', what: 'rows that name it', count: 1, first: [] },
    ]);
  });
});

it('is built by a check, in its full and its incremental form', async () => {
  const [embedded] = databases;
  const database = await embedded?.open();
  if (database === undefined) throw new Error('there is no embedded database');
  const project = new TemporaryProject({
    'models/sources.yml': `sources: [{ name: raw, tables: [{ name: visits, columns: [
      { name: id, data_type: int }, { name: at, data_type: date }, { name: load_id, data_type: bigint }] }] }]`,
    'models/visits.sql': `select id, at, load_id from {{source "raw" "visits"}}
{{#incremental}}where load_id > {{high_water "raw.visits"}}{{/incremental}}`,
    'models/visits.yml': `models: [{ name: visits, config: { ${monthly} } }]`,
  });
  try {
    const check = () => {
      const compiled = project.compile();
      const selected = new Set(['model.visits']);
      return checkProject(compiled, database.warehouse, { selected, clock: () => new Date() });
    };
    expect(await check()).toMatchObject({ ok: true, findings: [] });
    for (const schema of ['raw', 'public']) await database.warehouse.query(`drop schema ${schema} cascade`);
    await database.warehouse.query('create schema public');
    project.write({
      'models/visits.yml': `models: [{ name: visits, config: { ${monthly.replaceAll('at,', 'load_id,').replaceAll('at]', 'load_id]')} } }]`,
    });
    const { findings } = await check();
    expect(findings.map(({ error }) => error.message).join()).toContain(
      'needs a column of type date, timestamp or timestamptz',
    );
  } finally {
    project.dispose();
    await database.drop();
  }
});
