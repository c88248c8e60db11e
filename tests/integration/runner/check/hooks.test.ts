import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkProject } from '../../../../runner/check/check.ts';
import type { Warehouse } from '../../../../warehouse/warehouse.ts';
import { openEmbedded } from '../../databases.ts';
import { TemporaryProject } from '../../temporary-project.ts';

let warehouse: Warehouse;
let project: TemporaryProject;
beforeAll(async () => {
  warehouse = await openEmbedded();
});
afterAll(() => warehouse.close());
afterEach(async () => {
  project.dispose();
  for (const schema of ['raw', 'seeds', 'datacycle', 'public', 'made'])
    await warehouse.query(`drop schema if exists ${schema} cascade`);
  await warehouse.query('create schema public');
});

async function check(files: Readonly<Record<string, string>>) {
  project = new TemporaryProject({
    'models/sources.yml': `sources:
  - { name: raw, tables: [{ name: events, columns: [{ name: load_id, data_type: bigint }, { name: id, data_type: integer }] }] }
`,
    'models/m.sql': `{{config materialized="incremental" unique_key="id"}}
select id from {{source "raw" "events"}} {{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}`,
    'models/last.sql': 'select id from {{ref "m"}}',
    ...files,
  });
  const compiled = project.compile();
  const selected = new Set(compiled.manifest.nodes.keys());
  const { findings, ok } = await checkProject(compiled, warehouse, { selected, clock: () => new Date() });
  return { ok, found: findings.map(({ severity, error }) => [severity, error.where, error.message]) };
}

const hooks = (settings: string) => ({ 'models/m.yml': `models:\n  - name: m\n    config:\n${settings}\n` });

describe('datacycle check tries hooks', () => {
  it('and finds nothing where nothing is wrong, roles that it does not have included', async () => {
    const { found, ok } = await check({
      'project.yml': `name: test
on-run-start: [create schema if not exists made, "create or replace function made.twice(n int) returns int language sql return n * 2"]
on-run-end: grant usage on schema public to an_analyst
models: { +grants: { select: an_analyst } }
`,
      'models/last.sql': 'select made.twice(id) as id from {{ref "m"}}',
      ...hooks(`      pre_hook: "{{#incremental}}delete from {{this}} where id < 0{{/incremental}}"
      post_hook:
        - grant select on {{this}} to an_analyst
        - insert into {{this}} (id) values (1)
        - { sql: "vacuum {{this}}", transaction: false }`),
    });
    expect(found).toEqual([]);
    expect(ok).toBe(true);
    expect((await warehouse.query('select from public.m')).rows).toEqual([]);
  });

  it('and shows what is wrong where it stands, in either form, the model itself being right', async () => {
    const { found } = await check({
      'project.yml': 'name: test\non-run-end:\n  - select idd from {{ref "last"}}\n',
      ...hooks(`      pre_hook: "{{#incremental}}delete from {{this}} where idd < 0{{/incremental}}"
      post_hook:
        - update {{this}} set idd = 0
        - { sql: "vacuum analyze {{this}} (idd)", transaction: false }`),
    });
    expect(found).toEqual([
      ['error', 'models/m.yml:6:31', 'm: post_hook 1 of 2: column "idd" of relation "m" does not exist'],
      [
        'error',
        expect.stringMatching(/^models\/m\.yml:7:/),
        'm: post_hook 2 of 2: column "idd" of relation "m" does not exist',
      ],
      ['error', 'models/m.yml:4:61', 'm: pre_hook (incremental): column "idd" does not exist'],
      ['error', 'project.yml:3:12', 'on-run-end: column "idd" does not exist'],
    ]);
  });

  it('and warns of what only a standing installation has', async () => {
    const { found, ok } = await check({
      'project.yml': 'name: test\non-run-start: select id from {{ref "last"}}\n',
      ...hooks('      pre_hook: delete from {{this}}\n      post_hook: select from nowhere'),
    });
    expect(found).toEqual([
      ['warning', 'project.yml:2:15', 'on-run-start names something that is not there yet when it first runs'],
      ['warning', 'models/m.yml:4:17', 'm: pre_hook names something that is not there yet when it first runs'],
      ['error', 'models/m.yml:5:30', 'm: post_hook: relation "nowhere" does not exist'],
    ]);
    expect(ok).toBe(false);
  });
});
