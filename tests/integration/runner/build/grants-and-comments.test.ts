import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { resultOf, rowsOf, TemporaryProject } from '../../temporary-project.ts';

const roles = ['dc_analyst', 'dc_auditor', 'dc_By Hand'];

describe.each(oneDatabase)('grants and comments on $name', (kind) => {
  let database: TestDatabase;
  let project: TemporaryProject;

  beforeAll(async () => {
    database = await kind.open();
    for (const role of roles) {
      // Roles belong to the server, where an earlier test may have left them.
      const { rows } = await database.warehouse.query('select from pg_roles where rolname = $1', [role]);
      if (rows.length === 0) await database.warehouse.query(`create role "${role}"`);
    }
  });
  afterAll(async () => {
    for (const role of roles) {
      await database.warehouse.query(`drop owned by "${role}"`);
      await database.warehouse.query(`drop role "${role}"`);
    }
    await database.drop();
  });
  beforeEach(() => {
    project = new TemporaryProject({
      'models/t.sql': '{{config materialized="table"}}\nselect 1 as id',
      'models/v.sql': 'select id from {{ref "t"}}',
      'seeds/s.csv': 'id\n1\n',
    });
  });
  afterEach(async () => {
    project.dispose();
    for (const schema of ['datacycle', 'public', 'seeds'])
      await database.warehouse.query(`drop schema if exists ${schema} cascade`);
    await database.warehouse.query('create schema public');
  });

  const grantsOn = async (table: string) =>
    (
      await rowsOf(
        database.warehouse,
        `select coalesce(r.rolname, 'public') || ' ' || lower(g.privilege_type) as one
         from pg_class as c, aclexplode(c.relacl) as g
         left join pg_roles as r on r.oid = g.grantee
         where c.oid = '${table}'::regclass and g.grantee <> c.relowner
         order by 1`,
      )
    ).map(({ one }) => one);
  const configure = (t: string, v = '{}') =>
    project.write({ 'models/m.yml': `models:\n  - { name: t, config: ${t} }\n  - { name: v, config: ${v} }\n` });

  it('gives tables, views and seeds what their settings say, by folder and by model', async () => {
    project.write({
      'project.yml': `name: test
models: { +grants: { select: [dc_analyst] } }
seeds: { +grants: { select: public } }
`,
    });
    configure('{ grants: { +select: dc_auditor, insert: dc_auditor } }', '{ grants: { select: "dc_By Hand" } }');
    expect((await project.run(database.warehouse)).ok).toBe(true);
    expect(await grantsOn('t')).toEqual(['dc_analyst select', 'dc_auditor insert', 'dc_auditor select']);
    expect(await grantsOn('v')).toEqual(['dc_By Hand select']);
    expect(await grantsOn('seeds.s')).toEqual(['public select']);
  });

  it('takes nothing for a grant, a NOT NULL or another definition that is the name of an index or a constraint', async () => {
    const files = (index: string) => ({
      'models/t.sql': '{{config materialized="table"}}\nselect 1 as id, 2 as "x is 0a1b2c"',
      'models/m.yml': `models:
  - name: t
    config: { indexes: [${index}] }
    constraints: [{ type: check, name: not null id, expression: id > 0 }]
    columns: [{ name: x is 0a1b2c, constraints: [{ type: not_null }] }]
  - { name: v }
`,
    });
    await database.warehouse.query('grant dc_analyst to current_user');
    project.write(files('{ name: grant select to dc_analyst, columns: [id] }'));
    expect((await project.run(database.warehouse)).ok).toBe(true);
    await database.warehouse.query('grant select on t to dc_analyst');
    // What people granted stays, and nothing is created again, as long as nothing changes; then just the index goes.
    project.write(files(''));
    expect((await project.run(database.warehouse)).ok).toBe(true);
    expect(await grantsOn('t')).toEqual(['dc_analyst select']);
    const left = await rowsOf(
      database.warehouse,
      `select conname::text as name from pg_constraint where conrelid = 't'::regclass and contype = 'c'
       union all select c.relname from pg_index as i join pg_class as c on c.oid = i.indexrelid where i.indrelid = 't'::regclass
       union all select attname || ' holds' from pg_attribute where attrelid = 't'::regclass and attnotnull and attnum > 0`,
    );
    expect(left.map(({ name }) => name).sort()).toEqual(['not null id', 'x is 0a1b2c holds']);
    await database.warehouse.query('revoke dc_analyst from current_user');
  });

  it('follows a change of nothing else, takes back what it gave, and leaves what people granted', async () => {
    configure('{ grants: { select: [dc_analyst, dc_auditor] } }', '{ grants: { select: dc_analyst } }');
    await project.run(database.warehouse);
    await database.warehouse.query('grant select on t, v to "dc_By Hand"');
    configure('{ grants: { select: [dc_auditor] } }');
    const summary = await project.run(database.warehouse);
    expect(resultOf(summary, 'v')).toMatchObject({ status: 'success', message: 'its grants changed' });
    expect(await grantsOn('t')).toEqual(['dc_By Hand select', 'dc_auditor select']);
    expect(await grantsOn('v')).toEqual(['dc_By Hand select']);

    const again = await project.run(database.warehouse);
    expect(resultOf(again, 'v').message).toBe('unchanged');
    // What was taken away by hand and is declared comes back; a view that is created again keeps all.
    await database.warehouse.query('revoke select on t from dc_auditor');
    project.write({ 'models/v.sql': `select 'x' as other, id from {{ref "t"}}` });
    await project.run(database.warehouse);
    expect(await grantsOn('t')).toEqual(['dc_By Hand select', 'dc_auditor select']);
    expect(await grantsOn('v')).toEqual(['dc_By Hand select']);
  });

  it('does not revoke what was granted by hand before it was declared', async () => {
    await project.run(database.warehouse);
    await database.warehouse.query('grant select on t to dc_analyst');
    for (const config of ['{ grants: { select: dc_analyst } }', '{}']) {
      configure(config);
      await project.run(database.warehouse);
      expect(await grantsOn('t')).toEqual(['dc_analyst select']);
    }
  });

  it('says where a role is named that does not exist, and writes nothing', async () => {
    project.write({
      'project.yml': 'name: test\nmodels:\n  +grants: { select: [dc_analist, nobody at all] }\n',
    });
    configure('{ grants: { +select: dc_auditor } }');
    const { error } = resultOf(await project.run(database.warehouse), 't');
    expect(error).toMatchObject({
      message: 't: grants names the roles "dc_analist", "nobody at all", which do not exist',
      where: 'project.yml:3:23',
      hint: 'Did you mean "dc_analyst"? An administrator makes a role: create role dc_analist;',
    });
    expect(await rowsOf(database.warehouse, `select to_regclass('public.t') is null as absent`)).toEqual([
      { absent: true },
    ]);
  });

  it('leaves comments alone where persist_docs says so, and writes them again where it does not', async () => {
    const describe = (config: string) =>
      project.write({
        'models/m.yml': `models: [{ name: v, description: told, config: ${config}, columns: [{ name: id, description: which }] }]`,
      });
    const comments = () =>
      rowsOf(
        database.warehouse,
        `select obj_description('v'::regclass) as relation, col_description('v'::regclass, 1) as "column"`,
      );
    describe('{ persist_docs: { relation: false } }');
    await project.run(database.warehouse);
    expect(await comments()).toEqual([{ relation: null, column: 'which' }]);
    await database.warehouse.query(`comment on view v is 'by hand'`);
    describe('{ persist_docs: { relation: false, columns: false } }');
    project.write({ 'models/v.sql': `select id, 1 as more from {{ref "t"}}` });
    await project.run(database.warehouse);
    expect(await comments()).toEqual([{ relation: 'by hand', column: 'which' }]);
    describe('{}');
    await project.run(database.warehouse);
    expect(await comments()).toEqual([{ relation: 'told', column: 'which' }]);
  });
});
