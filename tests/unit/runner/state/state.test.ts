import { DataType, newDb } from 'pg-mem';
import { beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../../../../runner/database/question.ts';
import { nothingCreated } from '../../../../runner/state/created.ts';
import { allModels, consumedBy } from '../../../../runner/state/models.ts';
import { beginRun, finishRun } from '../../../../runner/state/runs.ts';
import { ensureState } from '../../../../runner/state/schema.ts';
import type { Queryable, Result, Row, Warehouse } from '../../../../warehouse/warehouse.ts';

/** A database that is there within a millisecond; it can do all that the record of runs needs. */
function inMemory(): Pick<Warehouse, 'query' | 'transaction'> {
  const database = newDb();
  database.public.registerFunction({
    name: 'to_regclass',
    args: [DataType.text],
    returns: DataType.text,
    implementation: (name: string) => {
      // It keeps no sequences of identity columns; where the table is, that is there too.
      const [schema = '', table = ''] = name.replace(/_run_no_seq$/, '').split('.');
      try {
        return database.getSchema(schema).getTable(table, true) === null ? null : name;
      } catch {
        return null;
      }
    },
  });
  database.public.registerFunction({
    name: 'pg_advisory_xact_lock',
    args: [DataType.integer],
    returns: DataType.integer,
    implementation: (key: number) => key,
    impure: true,
  });
  database.public.registerFunction({
    name: 'set_config',
    args: [DataType.text, DataType.text, DataType.bool],
    returns: DataType.text,
    implementation: (_name: string, value: string) => value,
    impure: true,
  });
  const { Pool } = database.adapters.createPg();
  const pool = new Pool();
  const queryable: Queryable = {
    async query<R extends Row>(sql: string, params: readonly unknown[] = []): Promise<Result<R>> {
      const { rows, rowCount } = await pool.query(sql, [...params]);
      return { rows, rowCount, columns: [] };
    },
  };
  return {
    ...queryable,
    transaction: (work) =>
      work({
        ...queryable,
        process: undefined,
        copyIn: () => Promise.reject(new Error('pg-mem has no COPY')),
        copyOut: () => {
          throw new Error('pg-mem has no COPY');
        },
      }),
  };
}

describe('the record of runs', () => {
  let database: ReturnType<typeof inMemory>;
  const run = (runId: string, startedAt: string) => ({ runId, command: 'run', target: 'dev', startedAt });
  const runs = async () =>
    (await database.query('select run_id, status, finished_at from datacycle.run order by run_id')).rows;
  const date = (text: string) => new Date(text);

  beforeEach(async () => {
    database = inMemory();
    await ensureState(database);
  });

  it('says that a run is going on, and how and when it ended', async () => {
    await beginRun(database, run('a', '2024-01-01T00:00:00Z'));
    expect(await runs()).toEqual([{ run_id: 'a', status: 'running', finished_at: null }]);
    await finishRun(database, 'a', '2024-01-01T00:02:00Z', 'success');
    expect(await runs()).toEqual([{ run_id: 'a', status: 'success', finished_at: date('2024-01-01T00:02:00Z') }]);
  });

  it('closes a run that was killed when the next one begins, and no other', async () => {
    await beginRun(database, run('a', '2024-01-01T00:00:00Z'));
    await finishRun(database, 'a', '2024-01-01T00:01:00Z', 'success');
    await beginRun(database, run('killed', '2024-01-02T00:00:00Z'));
    await beginRun(database, run('next', '2024-01-03T00:00:00Z'));
    expect(await runs()).toEqual([
      { run_id: 'a', status: 'success', finished_at: date('2024-01-01T00:01:00Z') },
      { run_id: 'killed', status: 'error', finished_at: date('2024-01-03T00:00:00Z') },
      { run_id: 'next', status: 'running', finished_at: null },
    ]);
  });

  it('stays when it is asked for again', async () => {
    await beginRun(database, run('a', '2024-01-01T00:00:00Z'));
    await ensureState(database);
    expect(await runs()).toHaveLength(1);
  });

  const created = { ...nothingCreated, objects: [{ name: 'a_key', definition: null }], notNull: ['id'] };

  it('tells of every model what was built, and what of its upstreams it has consumed', async () => {
    await database.query(
      `insert into datacycle.model (model, relation, materialized, checksum, generation, built_at, made)
       values ('a', 'public.a', 'table', 'abc', 3, '2024-01-01', '${JSON.stringify(created)}')`,
    );
    await database.query(
      `insert into datacycle.high_water values ('a', 'raw.events', 41, 'source'), ('a', 'rooms', null, '2'), ('b', 'a', 7, '3')`,
    );
    expect([...(await ask(database, allModels))]).toMatchObject([['a', { checksum: 'abc', generation: 3, created }]]);
    expect([...(await ask(database, consumedBy('a')))].sort()).toEqual([
      ['raw.events', { loadId: 41, version: 'source' }],
      ['rooms', { loadId: null, version: '2' }],
    ]);
    expect(await ask(database, consumedBy('c'))).toEqual(new Map());
  });
});
