import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { ProjectCopy } from './command.ts';

const server = process.env.TEST_DB_URL ?? '';
const files = {
  'project.yml': `name: shop
target: prod
targets: { prod: {}, dev: { schema: dc_dev } }
models: { +schema: gold, +materialized: table }`,
  'models/a.sql': "select 1 as id, '{{target.name}}' as target",
  'models/a.yml':
    'models: [{ name: a, description: x, bi: { name: A }, columns: [{ name: id, data_type: integer, description: y }, { name: target, data_type: text, description: z }] }]',
};

describe.skipIf(server === '')('a target with a schema of its own, on a server', () => {
  const project = new ProjectCopy();
  for (const folder of ['models', 'macros', 'seeds', 'tests']) rmSync(join(project.root, folder), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project.root, path)), { recursive: true });
    writeFileSync(join(project.root, path), text);
  }
  const user = `target_${randomBytes(4).toString('hex')}`;
  const url = (name: string, at: string) =>
    Object.assign(new URL(server), { username: name, password: 'hush', pathname: `/${at}` }).href;
  const own = { DB_URL: url(user, user) };
  const query = async (sql: string): Promise<readonly unknown[]> => {
    const client = new pg.Client({ connectionString: Object.assign(new URL(server), { pathname: `/${user}` }).href });
    await client.connect();
    try {
      return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
    } finally {
      await client.end();
    }
  };

  afterAll(async () => {
    const admin = new pg.Client({ connectionString: server });
    await admin.connect();
    await admin.query(`drop database if exists ${user} with (force)`);
    for (const role of [user, `${user}_reader`]) await admin.query(`drop role if exists ${role}`);
    await admin.end();
    project.dispose();
  });

  it('is made by init, built beside production by a user who may create no schema, and keeps its sources', async () => {
    const init = await project.run(['init', '--target', 'dev'], { ...own, DB_ADMIN_URL: server });
    expect([init.code, init.stderr]).toEqual([0, '']);
    const built = [await project.run(['build'], own), await project.run(['build', '--target', 'dev'], own)];
    expect(built.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(await query('select target from gold.a union all select target from dc_dev_gold.a order by 1')).toEqual([
      'dev',
      'prod',
    ]);
    expect(await query('select "Target" from dc_dev_bi."A"')).toEqual(['dev']);
    expect(await query('select target from datacycle.run union all select target from dc_dev_datacycle.run')).toEqual([
      'prod',
      'dev',
    ]);
    // Readers see production alone.
    expect(
      await query(
        `select has_schema_privilege('${user}_reader', s, 'usage') from unnest(array['gold', 'dc_dev_gold']) as s`,
      ),
    ).toEqual([true, false]);
    const status = await project.run(['status', '--target', 'dev', '--log-format', 'json'], own);
    expect(status.stdout).toContain('"name":"a"');
    const prune = await project.run(['bronze', 'prune-staging', '--days', '1', '--target', 'dev'], own);
    expect([prune.code, prune.stderr]).toEqual([2, expect.stringContaining('shares staging and Bronze with others')]);
    const verified = await project.run(['verify', '--target', 'dev'], own);
    expect([verified.code, verified.stderr]).toEqual([0, '']);
  });
});
