import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expireRows } from '../../../runner/retention/expire.ts';
import { countAuditRows, eraseAuditRows, exportAuditRows } from '../../../runner/subject/bookkeeping.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { TemporaryProject } from '../temporary-project.ts';

describe.each(oneDatabase)('the kept rows of failed audits on $name', (kind) => {
  let database: TestDatabase;
  let project: TemporaryProject;
  const folder = mkdtempSync(join(tmpdir(), 'datacycle-kept-'));
  const jimmy = { id: 'jimmy', known: new Map() };
  const signal = new AbortController().signal;
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
    });
    await project.run(database.warehouse, { now: new Date('2023-01-01T00:00:00Z') });
    project.remove('tests/data/facts_fails.sql');
    project.write(fails('facts', '1 as one'));
    await project.run(database.warehouse, { now: new Date('2023-06-01T00:00:00Z') });
    project.write(fails('facts', 'home_key, who'));
    await project.run(database.warehouse, { now: new Date('2023-12-01T00:00:00Z') });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    project.dispose();
    await database.drop();
  });

  it('are the subject’s by key; nobody’s are not, and what does not say is unclear', async () => {
    expect(await countAuditRows(database.warehouse, project.compile().manifest, jimmy)).toEqual({
      theirs: 2,
      unclear: 2,
    });
  });

  it('are somebody else’s where they name the subject but have the other’s key', async () => {
    const { manifest } = project.compile();
    const count = () => countAuditRows(database.warehouse, manifest, jimmy);
    const before = await count();
    const keep = (model: string, row: object) =>
      database.warehouse.query(
        `insert into datacycle.audit_row (run_id, test, model, row_no, row)
         select run_id, test, $1, 1000, $2::text::jsonb from datacycle.audit_failure limit 1`,
        [model, JSON.stringify(row)],
      );
    const dropIt = () => database.warehouse.query('delete from datacycle.audit_row where row_no = 1000');
    for (const [model, row, isTheirs] of [
      ['homes', { apartment: 'other', text: 'jimmy' }, false],
      ['homes', { apartment: 'jimmy', text: '' }, true],
      ['facts', { home_key: 2, who: 'jimmy' }, false],
      ['facts', { home_key: 1, who: '' }, true],
      ['facts', { home_key: 3, who: 'JimmyLoup' }, false],
    ] as const) {
      await keep(model, row);
      expect((await count()).theirs - before.theirs, JSON.stringify(row)).toBe(isTheirs ? 1 : 0);
      await dropIt();
    }
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

  it('are exported by their key, and erased', async () => {
    const { manifest } = project.compile();
    expect(await exportAuditRows(database.warehouse, manifest, jimmy, { folder, signal })).toBe(1);
    expect(readFileSync(join(folder, 'datacycle', 'audit_row.csv'), 'utf8')).toMatch(
      /^at,model,test,row\n2023-12-01 [^,]+,facts,facts_fails,"\{""who"": ""jimmy"", ""home_key"": 1\}"\n$/,
    );
    expect(await eraseAuditRows(database.warehouse)).toBe(7);
    expect(await countAuditRows(database.warehouse, manifest, jimmy)).toEqual({ theirs: 0, unclear: 0 });
  });
});
