import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureStaging, stagingMigrations } from '../../../loaders/landing/staging.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { ProjectCopy } from './command.ts';

/** Takes back the newest steps, as a database is that was made before them. */
const older = [
  'alter table staging.file drop column messages',
  'drop table staging.published_file, staging.published_up_to',
  'drop table staging.predictor_run',
  'drop function staging.write_motion_prediction, staging.write_consumption_prediction cascade',
  'drop table staging.model, staging.prediction_run cascade',
  'drop table staging.stream_message, staging.stream_offset, staging.replay',
  'drop table staging.load_order',
  'alter table staging.load drop column transaction_id',
  'drop function staging.note_change cascade',
  'drop function staging.rows_version(text), staging.rows_version(text, text)',
  'drop table staging.change',
  'alter table staging.attempt drop column unread',
  'alter table staging.file drop column source_stamp',
  'drop function staging.leave_out_erased_prediction cascade',
  'drop function staging.is_erased',
  'drop table staging.tombstone',
  'alter table staging.file drop column archived_at',
  'delete from staging.migration where number > 3',
];

describe.runIf(databases.length > 1)('a database whose staging is older than the program', () => {
  const project = new ProjectCopy({
    'project.yml': 'name: small\n',
    'models/dim_apartment.sql': '{{config materialized="table" unique_key="id"}}\nselect 1 as id\n',
  });
  const reader = `datacycle_test_reader_${process.pid}`;
  let database: TestDatabase;
  beforeAll(async () => {
    const opened = await databases.at(-1)?.open();
    if (opened === undefined) throw new Error('there is no server');
    database = opened;
    await ensureStaging(database.warehouse);
    await database.warehouse.query(`create role ${reader} login`);
  });
  afterAll(async () => {
    project.dispose();
    await database.warehouse.query(`drop role ${reader}`);
    await database.drop();
  });
  const makeOlder = async () => {
    for (const statement of older) await database.warehouse.query(statement);
  };
  const version = async () =>
    (await database.warehouse.query('select max(number) as newest from staging.migration')).rows[0]?.newest;
  const run = (...args: string[]) => project.run(args, { DB_URL: database.url ?? '' });

  it.each([
    ['build'],
    ['run', '--select', 'dim_apartment'],
    ['verify', '--select', 'dim_apartment'],
    ['show', '--select', 'dim_apartment'],
  ])('is brought up to date by %s', async (...args) => {
    await makeOlder();
    expect(await version()).toBe(3);
    const outcome = await run(...args);
    expect([outcome.code, outcome.stderr], outcome.stdout).toEqual([0, '']);
    expect(await version()).toBe(stagingMigrations.steps.length);
  });

  it('stays as it is for who may not change it', async () => {
    await makeOlder();
    const url = Object.assign(new URL(database.url ?? ''), { username: reader, password: '' }).href;
    const shown = await project.run(['show', '--inline', 'select 1 as one', '--output', 'csv'], { DB_URL: url });
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('one\n1') });
    expect(await version()).toBe(3);
  });

  it.each([['status'], ['show', '--inline', 'select 1 as one'], ['run', '--select', 'dim_apartment']])(
    'is refused by %s once it is newer than the program',
    async (...args) => {
      await database.warehouse.query('insert into staging.migration (number) values (99)');
      try {
        const { code, stderr } = await run(...args);
        expect(code).toBe(1);
        expect(stderr).toContain('the schema staging of this database has version 99');
        expect(stderr).toContain('Update datacycle');
      } finally {
        await database.warehouse.query('delete from staging.migration where number = 99');
      }
    },
  );

  it('is not made where it is missing', async () => {
    await database.warehouse.query('drop schema staging cascade');
    expect((await run('show', '--inline', 'select 1 as one')).code).toBe(0);
    const { rows } = await database.warehouse.query(`select from pg_namespace where nspname = 'staging'`);
    expect(rows).toEqual([]);
  });
});
