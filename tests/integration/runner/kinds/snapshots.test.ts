import { describe, expect, it } from 'vitest';
import { databases } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';
import { resultOf, rowsOf } from '../../temporary-project.ts';

const day = (number: number) => new Date(Date.UTC(2024, 0, number, 12));
const time = (number: number) => `2024-01-0${number} 12:00`;

describe.each(databases)('snapshots on $name', (kind) => {
  const { database, project } = projectOn(
    kind,
    { 'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: rooms }] }]' },
    ['create table raw.rooms (house int, room text, name text, note json, at timestamp, primary key (house, room))'],
  );

  const snapshot = (config: string, columns = '*') =>
    project.write({
      'models/s.sql': `{{config materialized="snapshot" unique_key="house, room" ${config}}}select ${columns} from {{source "raw" "rooms"}}`,
    });
  const set = async (...rows: readonly string[]) => {
    await database.warehouse.query('delete from raw.rooms');
    for (const row of rows) await database.warehouse.query(`insert into raw.rooms values (${row})`);
  };
  const build = async (number: number, options: { fullRefresh?: boolean } = {}) => {
    const summary = await project.run(database.warehouse, { now: day(number), command: 'build', ...options });
    const result = resultOf(summary, 's');
    if (result.error !== undefined) throw result.error;
    return [result.inserted, result.updated, result.deleted];
  };
  const short = (column: string) => `to_char(${column}, 'YYYY-MM-DD HH24:MI')`;
  const versions = async (more = '') =>
    (
      await rowsOf(
        database.warehouse,
        `select house || room || ' ' || coalesce(name, '-') || ' ' || ${short('dbt_valid_from')}
             || ' to ' || coalesce(${short('dbt_valid_to')}, 'now')${more} as version
         from public.s order by house, room, dbt_valid_from, dbt_valid_to`,
      )
    ).map((row) => row.version);

  it('dbt_valid_to_current: a date stands for until now, also beside versions of before that have NULL', async () => {
    const config = 'strategy="check" check_cols="name" hard_deletes="invalidate"';
    snapshot(config);
    await set(`1, 'a', 'Kitchen', null, null`, `1, 'b', 'Bath', null, null`);
    await build(1);
    snapshot(`${config} dbt_valid_to_current="to_date('9999-12-31')"`);
    await set(`1, 'a', 'Hall', null, null`, `1, 'b', 'Bath', null, null`, `2, 'a', 'Office', null, null`);
    expect(await build(2)).toEqual([2, 1, 0]);
    expect(await build(3)).toEqual([0, 0, 0]);
    await set(`1, 'b', 'Bath', null, null`, `2, 'a', 'Study', null, null`);
    expect(await build(4)).toEqual([1, 2, 0]);
    expect(await versions()).toEqual([
      `1a Kitchen ${time(1)} to ${time(2)}`,
      `1a Hall ${time(2)} to ${time(4)}`,
      `1b Bath ${time(1)} to now`,
      `2a Office ${time(2)} to ${time(4)}`,
      `2a Study ${time(4)} to 9999-12-31 00:00`,
    ]);
  });

  it('check: a version for every change of what is checked, closed at the time of the run', async () => {
    snapshot('strategy="check" check_cols="name, note"');
    await set(`1, 'a', 'Kitchen', '{"x": 1}', '2020-01-01'`, `1, 'b', 'Bath', null, null`);
    expect(await build(1)).toEqual([2, 0, 0]);
    expect(await build(2)).toEqual([0, 0, 0]);
    await set(
      `1, 'a', 'Kitchen', '{"x": 2}', '2020-01-01'`,
      `1, 'b', null, null, '2021-01-01'`,
      `2, 'a', 'Hall', null, null`,
    );
    expect(await build(3)).toEqual([3, 2, 0]);
    await set(`1, 'a', 'Kitchen', '{"x": 2}', '2024-01-01'`, `2, 'a', 'Hall', null, null`);
    expect(await build(4)).toEqual([0, 0, 0]);
    expect(await versions()).toEqual([
      `1a Kitchen ${time(1)} to ${time(3)}`,
      `1a Kitchen ${time(3)} to now`,
      `1b Bath ${time(1)} to ${time(3)}`,
      `1b - ${time(3)} to now`,
      `2a Hall ${time(3)} to now`,
    ]);
  });

  it('timestamp: a version for every later time that the source gives, and for no earlier one', async () => {
    snapshot('strategy="timestamp" updated_at="at"');
    await set(`1, 'a', 'Kitchen', null, '2023-05-01 08:00'`);
    expect(await build(1)).toEqual([1, 0, 0]);
    await set(`1, 'a', 'Cuisine', null, '2023-05-01 08:00'`);
    expect(await build(2)).toEqual([0, 0, 0]);
    await set(`1, 'a', 'Küche', null, '2023-06-01 08:00'`);
    expect(await build(3)).toEqual([1, 1, 0]);
    await set(`1, 'a', 'Cucina', null, '2023-04-01 08:00'`);
    expect(await build(4)).toEqual([0, 0, 0]);
    expect(await versions()).toEqual([
      '1a Kitchen 2023-05-01 08:00 to 2023-06-01 08:00',
      '1a Küche 2023-06-01 08:00 to now',
    ]);
  });

  it.each([
    ['ignore', [0, 0, 0], [0, 0, 0], [`1a Kitchen ${time(1)} to now`]],
    ['invalidate', [0, 1, 0], [1, 0, 0], [`1a Kitchen ${time(1)} to ${time(2)}`, `1a Kitchen ${time(4)} to now`]],
    [
      'new_record',
      [1, 0, 0],
      [1, 1, 0],
      [
        `1a Kitchen ${time(1)} to ${time(2)}`,
        `1a Kitchen ${time(2)} to ${time(4)} gone`,
        `1a Kitchen ${time(4)} to now`,
      ],
    ],
  ])('hard_deletes: %s', async (setting, gone, back, expected) => {
    snapshot(`strategy="check" check_cols="all" hard_deletes="${setting}"`);
    await set(`1, 'a', 'Kitchen', null, null`);
    await build(1);
    await set();
    expect(await build(2)).toEqual(gone);
    expect(await build(3)).toEqual([0, 0, 0]);
    await set(`1, 'a', 'Kitchen', null, null`);
    expect(await build(4)).toEqual(back);
    expect(await build(5)).toEqual([0, 0, 0]);
    expect(
      await versions(setting === 'new_record' ? `|| case when dbt_is_deleted then ' gone' else '' end` : ''),
    ).toEqual(expected);
  });

  const old = '2023-05-01 08:00';
  it.each([
    ['invalidate', old, []],
    ['new_record', old, [`1a Kitchen ${time(2)} to ${time(3)}`]],
    ['invalidate', '2024-01-02 18:00', []],
    ['new_record', '2024-01-02 18:00', [`1a Kitchen ${time(2)} to 2024-01-02 18:00`]],
  ])('by the time of the source, %s: a row that comes back with %s was gone in between', async (setting, at, gone) => {
    snapshot(`strategy="timestamp" updated_at="at" hard_deletes="${setting}"`);
    await set(`1, 'a', 'Kitchen', null, '${old}'`);
    await build(1);
    await set();
    await build(2);
    await set(`1, 'a', 'Kitchen', null, '${at}'`);
    await build(3);
    await set(`1, 'a', 'Hall', null, '2024-01-04 09:00'`);
    expect(await build(4)).toEqual([1, 1, 0]);
    expect(await build(5)).toEqual([0, 0, 0]);
    expect(await versions()).toEqual([
      `1a Kitchen ${old} to ${time(2)}`,
      ...gone,
      `1a Kitchen ${at === old ? time(3) : at} to 2024-01-04 09:00`,
      '1a Hall 2024-01-04 09:00 to now',
    ]);
  });

  it('by the local time of the source, a row changed within the last hours is deleted after that', async () => {
    snapshot('strategy="timestamp" updated_at="at" hard_deletes="invalidate" time_zone="Europe/Zurich"');
    await set(`1, 'a', 'Kitchen', null, '2024-01-01 12:30'`);
    await build(1);
    await set();
    await build(1);
    expect(await versions()).toEqual(['1a Kitchen 2024-01-01 12:30 to 2024-01-01 13:00']);
  });

  it('a clock that goes back makes no version end before it began, and no two of one id', async () => {
    snapshot('strategy="check" check_cols="name"');
    for (const [number, name] of [
      [5, 'A'],
      [3, 'B'],
      [3, 'C'],
      [6, 'D'],
    ] as const) {
      await set(`1, 'a', '${name}', null, null`);
      await build(number);
    }
    expect((await versions()).sort()).toEqual([
      `1a A ${time(5)} to ${time(5)}`,
      `1a B ${time(5)} to ${time(5)}`,
      `1a C ${time(5)} to ${time(6)}`,
      `1a D ${time(6)} to now`,
    ]);
    const ids = await rowsOf(database.warehouse, 'select count(distinct dbt_scd_id)::int as n from public.s');
    expect(ids).toEqual([{ n: 4 }]);
  });

  it('is not rebuilt by a full refresh, and takes columns that are new without losing those that are gone', async () => {
    snapshot('strategy="check" check_cols="name"', 'house, room, name, note');
    await set(`1, 'a', 'Kitchen', '{"old": true}', null`);
    await build(1);
    snapshot('strategy="check" check_cols="name"', 'house, room, name, 7 as floor');
    await set(`1, 'a', 'Küche', null, null`);
    expect(await build(2, { fullRefresh: true })).toEqual([1, 1, 0]);
    expect(
      await rowsOf(database.warehouse, 'select name, note::text, floor from public.s order by dbt_valid_from'),
    ).toEqual([
      { name: 'Kitchen', note: '{"old": true}', floor: null },
      { name: 'Küche', note: null, floor: 7 },
    ]);
  });

  it('timestamp: a version begins at its time, also if the types of a contract are looked up in the same transaction', async () => {
    snapshot('strategy="timestamp" updated_at="at"', "house, room, name, at, inet '10.0.0.1' as address");
    const columns = { house: 'int', room: 'text', name: 'text', at: 'timestamp', address: 'inet' };
    const typed = Object.entries(columns).map(([name, type]) => `{ name: ${name}, data_type: ${type} }`);
    project.write({
      'models/s.yml': `models: [{ name: s, config: { contract: { enforced: true } }, columns: [${typed.join(', ')}] }]`,
    });
    await set(`1, 'a', 'Kitchen', null, '2024-01-01 08:00'`);
    await build(1);
    await set(`1, 'a', 'Bath', null, '2024-01-02 08:00'`);
    await build(2);
    expect(await versions()).toEqual([
      '1a Kitchen 2024-01-01 08:00 to 2024-01-02 08:00',
      '1a Bath 2024-01-02 08:00 to now',
    ]);
  });

  it('is left out of run, and alone in snapshot', async () => {
    snapshot('strategy="check" check_cols="all"', 'house, room, name');
    project.write({ 'models/t.sql': '{{config materialized="table"}}select count(*) as n from {{ref "s"}}' });
    await set(`1, 'a', 'Kitchen', null, null`);
    const ran = async (command: 'run' | 'snapshot' | 'build') =>
      (await project.run(database.warehouse, { command })).results.map(({ node }) => node.name);
    expect(await ran('snapshot')).toEqual(['s']);
    expect(await ran('run')).toEqual(['t']);
    expect(await ran('build')).toEqual(['s', 't']);
  });

  it('what is made of it by increments is rebuilt when it changed', async () => {
    snapshot('strategy="check" check_cols="all"', 'house, room, name');
    project.write({
      'models/i.sql':
        '{{config materialized="incremental" unique_key="version"}}select dbt_scd_id as version, name from {{ref "s"}} {{#incremental}}where false{{/incremental}}',
    });
    await set(`1, 'a', 'Kitchen', null, null`);
    await build(1);
    await build(2);
    expect(await rowsOf(database.warehouse, 'select name from public.i')).toEqual([{ name: 'Kitchen' }]);
    await set(`1, 'a', 'Bath', null, null`);
    await build(3);
    expect(await rowsOf(database.warehouse, 'select name from public.i order by 1')).toEqual([
      { name: 'Bath' },
      { name: 'Kitchen' },
    ]);
  });

  it.each([
    [
      'a key that is twice there',
      'check_cols="name" strategy="check"',
      "1 as house, 'a'::text as room, name",
      'unique_key of s is not unique',
    ],
    [
      'a NULL in updated_at',
      'strategy="timestamp" updated_at="at"',
      '*',
      'updated_at of s, "at", is NULL where house=1, room=a',
    ],
    [
      'check_cols that are not there',
      'strategy="check" check_cols="nam"',
      '*',
      's has no column "nam" (named in check_cols)',
    ],
  ])('says what is wrong with %s', async (_name, config, columns, message) => {
    snapshot(config, columns);
    await set(`1, 'a', 'Kitchen', null, null`, `1, 'b', 'Bath', null, null`);
    await expect(build(1)).rejects.toThrow(message);
  });
});
