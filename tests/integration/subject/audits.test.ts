import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expireRows } from '../../../runner/retention/expire.ts';
import { eraseAuditRows, eraseStoredBadRows } from '../../../runner/subject/bookkeeping.ts';
import { storedTables } from '../../../runner/subject/stored-tables.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { TemporaryProject } from '../temporary-project.ts';

describe.each(oneDatabase)('the bad rows of failed audits on $name', (kind) => {
  let database: TestDatabase;
  let project: TemporaryProject;
  const fails = (model: string, columns: string) => ({
    [`tests/data/${model}_fails.sql`]: `{{config audit=true}}select ${columns} from {{ref "${model}"}}`,
  });
  beforeAll(async () => {
    database = await kind.open();
    project = new TemporaryProject({
      'project.yml': 'name: test\nretention: { facts: 1 year }\n',
      'models/homes.sql':
        '{{config materialized="table" subject="apartment"}}select * from (values (1, $$jimmy$$), (2, $$other$$)) as v (home_key, apartment)',
      'models/homes.yml': 'models: [{ name: homes, columns: [{ name: home_key }, { name: apartment }] }]',
      'models/facts.sql':
        '{{config materialized="table" event_time="day"}}select home_key, apartment as who, date $$2020-01-01$$ as day from {{ref "homes"}}',
      'models/facts.yml':
        'models: [{ name: facts, config: { subject: { column: home_key, of: homes } }, columns: [{ name: home_key }] }]',
      'models/days.sql':
        '{{config materialized="table" subject=false}}select distinct date $$2020-01-01$$ as day from {{ref "homes"}}',
      ...fails('facts', 'home_key'),
      ...fails('days', 'day'),
      'tests/data/stored.sql': '{{config store_failures=true severity="warn"}}select apartment from {{ref "homes"}}',
    });
    await project.run(database.warehouse, { now: new Date('2023-01-01T00:00:00Z') });
    project.remove('tests/data/facts_fails.sql');
    project.write(fails('facts', '1 as one'));
    await project.run(database.warehouse, { now: new Date('2023-06-01T00:00:00Z') });
    project.write(fails('facts', 'home_key, who'));
    await project.run(database.warehouse, { now: new Date('2023-12-01T00:00:00Z') });
  });
  afterAll(async () => {
    project.dispose();
    await database.drop();
  });

  it('go with the retention of their model, once they are so old themselves', async () => {
    const options = { clock: () => new Date('2024-02-01T00:00:00Z') };
    const kept = async () =>
      (await database.warehouse.query('select model, run_id from datacycle.audit_failure order by 1, 2')).rows;
    const before = await kept();
    await expireRows(project.compile(), database.warehouse, { ...options, dryRun: true });
    expect(await kept()).toEqual(before);
    await expireRows(project.compile(), database.warehouse, { ...options, dryRun: false });
    expect(await kept()).toEqual(before.filter(({ model, run_id }) => model !== 'facts' || run_id !== 'run-1'));
  });

  it('are erased, whosever they are', async () => {
    const stored = async () => (await database.warehouse.query('select from dbt_test__audit.stored')).rows.length;
    const { manifest } = project.compile();
    expect([...(await storedTables(database.warehouse, manifest)).keys()]).toContain('"dbt_test__audit"."stored"');
    expect([await stored(), await eraseStoredBadRows(database.warehouse, manifest), await stored()]).toEqual([2, 2, 0]);
    expect(await eraseAuditRows(database.warehouse)).toBe(7);
    expect((await database.warehouse.query('select from datacycle.audit_row')).rows).toEqual([]);
    expect((await database.warehouse.query('select from datacycle.audit_failure')).rows).not.toEqual([]);
  });
});
