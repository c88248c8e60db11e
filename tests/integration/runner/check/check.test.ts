import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkProject } from '../../../../runner/check/check.ts';
import type { Warehouse } from '../../../../warehouse/warehouse.ts';
import { openEmbedded } from '../../databases.ts';
import { selectedBy } from '../../selected.ts';
import { TemporaryProject } from '../../temporary-project.ts';
import { faults, plant, readings, readingsYml, textOf } from './planted-faults.ts';
import { roomsProject } from './rooms-project.ts';

let warehouse: Warehouse;
beforeAll(async () => {
  const settings = { 'datacycle.secret_salt': 'stand-in' };
  warehouse = await openEmbedded(settings);
});
afterAll(() => warehouse.close());

let project: TemporaryProject;
afterEach(async () => {
  project.dispose();
  for (const schema of ['raw', 'seeds', 'datacycle', 'public'])
    await warehouse.query(`drop schema if exists ${schema} cascade`);
  await warehouse.query('create schema public');
});

async function check(files: Readonly<Record<string, string>>, select: readonly string[] = []) {
  project = new TemporaryProject({ ...roomsProject, ...files });
  const compiled = project.compile({ SALT: 'stand-in' });
  const selected = selectedBy(compiled, { select });
  return checkProject(compiled, warehouse, { selected, clock: () => new Date() });
}

describe('a project without a fault', () => {
  it('is found clean, also twice over', async () => {
    const summary = await check({});
    expect(summary).toMatchObject({ ok: true, findings: [], unchecked: [], models: 4, seeds: 1, tests: 5 });
  });
});

describe('a materialized view', () => {
  const file = 'models/by_room.sql';
  const made = (columns: string) => ({
    [file]: `{{config materialized="materialized_view" unique_key="room_key" row_security=false}}
select room_key, ${columns} from {{ref "readings"}} group by room_key
`,
  });

  it('is made and refreshed', async () => {
    expect(await check(made('count(*) as readings'))).toMatchObject({ ok: true, findings: [], models: 5 });
  });

  it('has its fault reported once, with its place', async () => {
    expect(errorsOf(await check(made('sum(dubled) as doubled')))).toMatchObject([
      { node: 'by_room', what: 'by_room: column "dubled" does not exist', where: `${file}:2:22` },
    ]);
  });
});

describe('a fault is found at its place, once:', () => {
  it.each(Object.entries(faults))('%s', async (_name, fault) => {
    const { files, where } = plant(fault);
    const { findings, ok } = await check(files);
    const errors = findings.map(({ error }) => ({ where: error.where, what: error.message }));
    const says =
      typeof fault.says === 'string' ? expect.stringContaining(fault.says) : expect.stringMatching(fault.says);
    expect(errors[0]).toEqual({ where, what: says });
    expect(errors.length, JSON.stringify(errors, undefined, 2)).toBe(1);
    expect(ok).toBe(false);
  });
});

const errorsOf = ({ findings }: Awaited<ReturnType<typeof check>>) =>
  findings.map(({ severity, node, also, error }) => ({
    severity,
    node,
    also,
    what: error.message,
    where: error.where,
  }));

describe('a microbatch model that has no batch yet', () => {
  const later = (column: string) => ({
    'models/later.sql': `{{config materialized="incremental" incremental_strategy="microbatch" event_time="measured_at" batch_size="day" begin="2999-01-01"}}
select ${column}, measured_at, {{batch_start}} as since from {{source "raw" "events"}}`,
    'models/on_later.sql': 'select id from {{ref "later"}}',
  });

  it('is there for what reads it', async () => {
    expect(await check(later('id'))).toMatchObject({ ok: true, findings: [] });
  });

  it('is checked all the same', async () => {
    expect(errorsOf(await check(later('idd as id')))).toMatchObject([{ node: 'later', where: 'models/later.sql:2:8' }]);
  });
});

describe('behind a fault', () => {
  it('what is made of a model is checked against the columns it declares', async () => {
    const summary = await check({
      [readings]: textOf(readings).replace('e.measured_at', 'e.mesured_at'),
      'models/latest.sql': textOf('models/latest.sql').replace('group by room_key', 'group by rom_key'),
    });
    expect(errorsOf(summary)).toMatchObject([
      { node: 'readings', where: 'models/readings.sql:13:5' },
      { node: 'latest', where: 'models/latest.sql:4:10' },
    ]);
    expect(summary.unchecked).toEqual([]);
  });

  it('what is made of a model that breaks its contract is checked against what it yields', async () => {
    const summary = await check({
      [readingsYml]: textOf(readingsYml).replace('data_type: timestamptz', 'data_type: date'),
      'models/hours.sql': 'select extract(hour from measured_at) as hour from {{ref "readings"}}',
    });
    expect(errorsOf(summary)).toMatchObject([{ node: 'readings', where: 'models/readings.yml:20:20' }]);
  });

  it('what is made of a model that declares none is left out, and nothing else', async () => {
    const summary = await check({
      'models/untold.sql': 'select nothing_such from {{ref "rooms"}}',
      'models/on_untold.sql': 'select * from {{ref "untold"}}',
      'models/on_that.sql': 'select * from {{ref "on_untold"}}',
      'tests/data/of_untold.sql': 'select * from {{ref "on_that"}}',
      'models/latest.sql': textOf('models/latest.sql').replace('group by room_key', 'group by rom_key'),
    });
    expect(errorsOf(summary)).toMatchObject([{ node: 'untold' }, { node: 'latest' }]);
    expect(summary.unchecked).toEqual([
      { node: 'on_untold', because: 'untold' },
      { node: 'on_that', because: 'untold' },
      { node: 'of_untold', because: 'untold' },
    ]);
  });

  it('the same fault of a macro in several models is reported once, with their names', async () => {
    const summary = await check({
      'macros/doubled.sql': '({{value}} || true)',
      'models/other.sql': 'select {{> doubled value="floor"}} as doubled from {{ref "rooms"}} where floor > 0',
      'models/third.sql': 'select {{> doubled value="floor"}} as doubled from {{ref "rooms"}}',
    });
    expect(errorsOf(summary)).toMatchObject([
      { node: 'other', where: 'macros/doubled.sql:1:12', also: ['third'] },
      { node: 'readings', where: 'macros/doubled.sql:1:12', also: [] },
    ]);
  });

  it('a fault in an ephemeral model is reported once, and what it is part of named', async () => {
    const summary = await check({
      'models/measured.sql': textOf('models/measured.sql').replace('where value', 'where v'),
    });
    expect(errorsOf(summary)).toMatchObject([
      { node: 'measured', where: 'models/measured.sql:4:7', also: ['readings'] },
    ]);
  });
});

describe('also reported are', () => {
  it('forms that yield different columns', async () => {
    const summary = await check({
      [readingsYml]: 'models: [{ name: readings }]',
      [readings]: textOf(readings).replace(
        'e.load_id\n',
        '{{#incremental}}e.load_id{{else}}e.load_id::text as load_id{{/incremental}}\n',
      ),
    });
    expect(errorsOf(summary)).toMatchObject([
      {
        where: readings,
        what: expect.stringContaining('load_id: text in the full form, bigint in the incremental form'),
      },
    ]);
  });

  it('a duplicate key of what a seed alone makes', async () => {
    const summary = await check({ 'seeds/rooms.csv': 'room,floor\nOffice,1\nOffice,2\n' });
    expect(errorsOf(summary)).toMatchObject([
      {
        node: 'floors',
        where: 'models/floors.sql:1:31',
        what: expect.stringContaining('(room=Office) is duplicated in 2 rows'),
      },
      { node: 'unique_rooms_room', where: 'seeds/rooms.yml:6:22' },
    ]);
  });

  it('an audit of new rows that can only be run on all of them', async () => {
    const { findings } = await check({
      'tests/data/audit.sql': `{{config audit="new_rows"}}
with recursive readings as (
    select * from {{ref "readings"}}
)

select * from readings where false`,
    });
    expect(findings.map(({ node, error }) => [node, error.message, error.where])).toEqual([
      [
        'readings',
        expect.stringMatching(/^audit audit: recursive query/),
        expect.stringMatching(/^tests\/data\/audit/),
      ],
    ]);
  });

  it('a test that wants rows, as a warning', async () => {
    const summary = await check({
      'tests/data/has_rows.sql': 'select 1 as missing where not exists (select from {{ref "readings"}})',
    });
    expect(errorsOf(summary)).toMatchObject([{ severity: 'warning', where: 'tests/data/has_rows.sql:1:1' }]);
    expect(summary.ok).toBe(true);
  });

  it('a declared column that an existing table does not have', async () => {
    await warehouse.query('create schema raw');
    await warehouse.query('create table raw.events (load_id bigint, id text, room text, value double precision)');
    const summary = await check({});
    expect(errorsOf(summary)).toMatchObject([
      { where: 'models/sources.yml:7:36', what: 'raw.events: id is text, not integer' },
      { where: 'models/sources.yml:10:21', what: 'raw.events: there is no column "measured_at"' },
    ]);
    expect(summary.unchecked.map(({ node }) => node)).toEqual(
      expect.arrayContaining(['measured', 'readings', 'latest', 'no_future']),
    );
  });
});

it('checks what is selected, on what that is made of', async () => {
  const broken = { 'models/latest.sql': 'select nonsense' };
  const summary = await check(broken, ['readings']);
  expect(summary).toMatchObject({ ok: true, findings: [] });
  project.dispose();
  for (const schema of ['raw', 'seeds', 'datacycle', 'public']) await warehouse.query(`drop schema ${schema} cascade`);
  await warehouse.query('create schema public');
  expect(errorsOf(await check(broken, ['latest']))).toMatchObject([{ where: 'models/latest.sql:1:8' }]);
});
