import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../runner/run/run-result.ts';
import { oneDatabase } from '../databases.ts';
import { householdOn, sampleMinutes } from './household.ts';

const energy = 'energy_equals_counter_rise';
const minutes = 'fact_minutes_match_silver';
const tests = [energy, minutes, 'outlier_flags_match_bounds'];

describe.each(oneDatabase)('the tests that look at new readings on $name', (kind) => {
  const on = householdOn(kind);
  const messages = ({ results }: RunSummary) =>
    Object.fromEntries(
      results.flatMap(({ node, message }) => (tests.includes(node.name) ? [[node.name, message]] : [])),
    );
  const bring = async (command: 'run' | 'build', ...wanted: readonly number[]) => {
    on.home.put(sampleMinutes('12.10.2023', (minute) => wanted.includes(minute)));
    await on.home.load();
    return on.home.build({ command });
  };
  /** What fails once a statement has been run by hand, which is then undone. */
  const failsAfter = async (statement: string) => {
    const { home, database } = on;
    const table = /gold\.\w+/.exec(statement)?.[0] ?? '';
    await database.warehouse.query(`create table public.before as select * from ${table}`);
    const [{ changed } = { changed: 0 }] = await home.rows<{ changed: number }>(
      `with done as (${statement} returning 1) select count(*)::int as changed from done`,
    );
    expect(changed).toBe(1);
    const failed = await home.build({ command: 'test', reuse: true, select: tests }).then(
      () => [],
      (error: Error) => tests.filter((name) => error.message.includes(name)),
    );
    await database.warehouse.query(
      `delete from ${table} as t where not exists (select from public.before as b where to_jsonb(b) = to_jsonb(t))`,
    );
    await database.warehouse.query(
      `insert into ${table} select * from public.before as b where not exists (select from ${table} as t where to_jsonb(b) = to_jsonb(t))`,
    );
    await database.warehouse.query('drop table public.before');
    return failed;
  };
  /** A row of the energy fact near a minute, of a plug that counts. */
  const counted = (at: string) =>
    `ctid = (select f.ctid from gold.fact_energy_minute as f where f.counter_total is not null and ${at} limit 1)`;

  it('pass with files that come late, and find what is wrong in their minutes and after them', async () => {
    await bring('build', ...Array.from({ length: 20 }, (_, index) => 600 + index).filter((minute) => minute !== 610));
    const late = await bring('run', 610, 620);
    expect(late.results.find(({ node }) => node.name === 'fact_energy_minute')?.inserted).toBeGreaterThan(10);
    expect(messages(await on.home.build({ command: 'test', reuse: true, select: tests }))).toMatchObject({
      [energy]: 'new rows',
      [minutes]: 'new rows',
    });
    const bad = 'update gold.fact_energy_minute set energy_wh = energy_wh + 1 where';
    expect(await failsAfter(`${bad} ${counted('datetime_key = 202310121010')}`)).toEqual([energy]);
    expect(await failsAfter(`${bad} ${counted('datetime_key = 202310121020')}`)).toEqual([energy]);
    // The reading after a late one rises from it.
    expect(await failsAfter(`${bad} ${counted('datetime_key = 202310121011')}`)).toEqual([energy]);
    expect(await failsAfter(`${bad} ${counted('datetime_key = 202310121005')}`)).toEqual([]);
    const gone = (fact: string, key: number) =>
      `delete from gold.${fact} where ctid = (select ctid from gold.${fact} where datetime_key = ${key} limit 1)`;
    expect(await failsAfter(gone('fact_environment_minute', 202310121010))).toEqual([minutes]);
    expect(await failsAfter(gone('fact_presence_minute', 202310121020))).toEqual([minutes]);
    expect(await failsAfter(gone('fact_presence_minute', 202310121005))).toEqual([]);
    expect(messages(await on.home.build({ command: 'test', reuse: true, select: tests }))).toMatchObject({
      [energy]: 'new rows',
      [minutes]: 'new rows',
    });
    await bring('build', 621);
    const last = await bring('build', 622);
    expect(messages(last)).toEqual(Object.fromEntries(tests.map((name) => [name, 'new rows'])));
    // What nothing but the registry fills is left as it is.
    const buildings = last.results.find(({ node }) => node.name === 'dim_buildings');
    expect(buildings?.message).toBe('nothing that it reads has changed');
  });
});
