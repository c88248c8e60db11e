import { describe, expect, it } from 'vitest';
import type { Row } from '../../../warehouse/warehouse.ts';
import { oneDatabase } from '../databases.ts';
import { eventsOn, newLoads } from '../project-on.ts';
import { resultOf } from '../temporary-project.ts';

describe.each(oneDatabase)('1: one model, one transaction, on $name', (kind) => {
  const { database, project, rows, land } = eventsOn(kind);
  /** Everything that a model's transaction changes, but for the result of the run itself. */
  const everything = async (table: string): Promise<Record<string, readonly Row[]>> => ({
    rows: await rows(`select * from ${table} order by id`),
    model: await rows('select * from datacycle.model order by model'),
    highWater: await rows('select * from datacycle.high_water order by model, upstream'),
    keys: await rows('select * from datacycle.surrogate_key order by model, key'),
    objects: await rows(`select conname from pg_constraint where conrelid = '${table}'::regclass order by conname`),
  });
  const model = (yml: string) => ({
    'models/m.sql': `{{config materialized="incremental" unique_key="id" surrogate_key="m_key"}}select id, room, value, load_id from {{source "raw" "events"}} ${newLoads}`,
    'models/m.yml': `models: [{ name: m, constraints: [${yml}] }]`,
  });

  it.each([
    ['an increment whose rows break a constraint', false],
    ['a full refresh whose rows break a constraint', true],
  ])('%s leaves rows, keys, high-water mark and structure as they were', async (_name, fullRefresh) => {
    project.write(model('{ type: check, expression: value >= 0 }'));
    await land(1, `(1, 'a', 1.0)`);
    expect((await project.run(database.warehouse)).ok).toBe(true);
    const before = await everything('public.m');
    await land(2, `(2, 'b', 2.0), (3, 'b', -1.0)`);
    const failed = await project.run(database.warehouse, { fullRefresh });
    expect(resultOf(failed, 'm').error?.message).toContain('violates check constraint');
    expect(await everything('public.m')).toEqual(before);
    expect(await rows('select run_id, status, rows_inserted from datacycle.run_result order by run_id')).toEqual([
      { run_id: 'run-1', status: 'success', rows_inserted: 1 },
      { run_id: 'run-2', status: 'error', rows_inserted: null },
    ]);
    await database.warehouse.query('update raw.events set value = 0 where value < 0');
    expect(resultOf(await project.run(database.warehouse), 'm')).toMatchObject({ status: 'success', inserted: 2 });
  });

  it('a constraint that the rows of a rebuild break, declared last of all, takes everything back', async () => {
    project.write(model('{ type: check, expression: value >= 0 }'));
    await land(1, `(1, 'a', 1.0)`);
    await project.run(database.warehouse);
    const before = await everything('public.m');
    await land(2, `(1, 'a', 5.0), (2, 'a', 5.0)`);
    await database.warehouse.query('delete from raw.events where load_id = 1');
    project.write(model('{ type: unique, columns: value }'));
    const failed = await project.run(database.warehouse, { fullRefresh: true });
    expect(resultOf(failed, 'm').status).toBe('error');
    expect(await everything('public.m')).toEqual(before);
  });
});
