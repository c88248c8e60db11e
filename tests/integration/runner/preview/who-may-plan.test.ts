import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { previewRun } from '../../../../runner/preview/preview.ts';
import { openWarehouse } from '../../../../warehouse/open.ts';
import type { Warehouse } from '../../../../warehouse/warehouse.ts';
import { servers } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';
import { selectedBy } from '../../selected.ts';

const files = { 'models/a.sql': '{{config materialized="table"}}\nselect 1 as x\n' };
const reader = 'reader_of_plans';

describe.each(servers)('what a plan has to read, on $name', (kind) => {
  const { project, database, run } = projectOn(kind, files);
  let login: Warehouse;
  beforeAll(async () => {
    await database.warehouse.query(`create role ${reader}`);
    const settings = { role: reader };
    login = await openWarehouse({ url: database.url, folder: '', purpose: 'test', concurrency: 1, settings });
  });
  afterAll(async () => {
    await login.close();
    await database.warehouse.query(`drop owned by ${reader}`);
    await database.warehouse.query(`drop role ${reader}`);
  });

  async function planAs(warehouse: Warehouse): Promise<readonly string[]> {
    const compiled = project.compile();
    const selected = selectedBy(compiled);
    const clock = () => new Date();
    const options = { command: 'build', selected, fullRefresh: false, reuse: true, clock } as const;
    const planned = await previewRun(compiled, warehouse, options);
    return planned.map(({ node, action }) => `${node.name} ${action}`);
  }

  it('is named with the grant that is missing, and enough then', async () => {
    await run();
    const refusal = (what: string, grant: string) =>
      expect.objectContaining({
        message: `the user ${reader} may not read ${what}, which tells what has been built`,
        hint: `Let its owner run: ${grant}`,
      });
    const usage = `grant usage on schema "datacycle" to "${reader}";`;
    await expect(planAs(login)).rejects.toEqual(refusal('datacycle', usage));
    await database.warehouse.query(usage);
    const select = `grant select on all tables in schema "datacycle" to "${reader}";`;
    await expect(planAs(login)).rejects.toEqual(refusal('datacycle.batch', select));
    await database.warehouse.query(select);
    expect(await planAs(login)).toEqual(['a skip']);
  });

  it('is no older than the program', async () => {
    await run();
    await database.warehouse.query('drop table datacycle.export');
    await expect(planAs(database.warehouse)).rejects.toThrow(
      'the schema datacycle is of an older version, and a build migrates it first',
    );
  });
});
