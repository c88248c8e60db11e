import { describe, expect, it } from 'vitest';
import { recordPruned } from '../../../../runner/state/pruned.ts';
import type { Session, Warehouse } from '../../../../warehouse/warehouse.ts';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';
import { resultOf } from '../../temporary-project.ts';

const columns = Array.from({ length: 8 }, (_, at) => `c${at}`);
const files = {
  'models/plain.sql': 'select 1 as id',
  'models/described.sql': `select ${columns.map((name) => `1 as ${name}`).join(', ')}`,
  'models/models.yml': `models: [{ name: described, description: What's in it, columns: [${columns
    .map((name) => `{ name: ${name}, description: 'Column $do$ ${name}' }`)
    .join(', ')}] }]`,
};

/** The same database, with the statements in each of its transactions noted, `begin` and `commit` apart. */
function noting(warehouse: Warehouse, transactions: string[][]): Warehouse {
  return new Proxy(warehouse, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (key === 'transaction')
        return (work: (session: Session) => Promise<unknown>, ...more: []) => {
          const sent: string[] = [];
          transactions.push(sent);
          return target.transaction(
            (session) =>
              work({
                ...session,
                query: (sql, ...rest) => {
                  sent.push(sql);
                  return session.query(sql, ...rest);
                },
              }),
            ...more,
          );
        };
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

type Transaction = 'looked' | 'looked in vain' | 'built';

/** The same database, with `then` done after each transaction, before the run goes on: those that look at several nodes, and others. */
function telling(warehouse: Warehouse, then: (what: Transaction) => Promise<unknown>): Warehouse {
  return new Proxy(warehouse, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (key !== 'transaction') return typeof value === 'function' ? value.bind(target) : value;
      return async (work: (session: Session) => Promise<unknown>, ...more: []) => {
        let looks = false;
        const noted = (session: Session): Session => ({
          ...session,
          query: (sql, ...rest) => {
            looks ||= sql.includes('jsonb_to_recordset');
            return session.query(sql, ...rest);
          },
        });
        const [end] = await Promise.allSettled([target.transaction((session) => work(noted(session)), ...more)]);
        await then(looks ? (end.status === 'fulfilled' ? 'looked' : 'looked in vain') : 'built');
        if (end.status === 'rejected') throw end.reason;
        return end.value;
      };
    },
  });
}

describe.each(oneDatabase)('the statements of a run on $name', (kind) => {
  const { database, project, rows } = projectOn(kind, files);
  const sentFor = async (name: string) => {
    const transactions: string[][] = [];
    const { ok } = await project.run(noting(database.warehouse, transactions), { select: [name] });
    expect(ok).toBe(true);
    return transactions.filter((sent) => sent[0]?.includes('as "upstreamShape"'));
  };

  it('are four for a new view, and two more for all of its comments', async () => {
    expect(await sentFor('plain')).toEqual([
      [
        expect.stringContaining('from datacycle.high_water'),
        expect.stringMatching(/^create view "public"."plain"/),
        expect.stringContaining(') as upstream'),
        expect.stringMatching(/^with[^;]*into datacycle.model [^;]*into datacycle.run_result /),
      ],
    ]);
    expect((await sentFor('described')).map((sent) => sent.length)).toEqual([6]);
    const found = await rows(`select attname, col_description(attrelid, attnum) as comment from pg_attribute
      where attrelid = 'described'::regclass order by attnum`);
    expect(found).toEqual(columns.map((attname) => ({ attname, comment: `Column $do$ ${attname}` })));
    expect(await rows(`select obj_description('described'::regclass, 'pg_class') as comment`)).toEqual([
      { comment: "What's in it" },
    ]);
  });

  it('are one for a view that stays as it is, besides those of the run', async () => {
    await sentFor('plain');
    expect((await sentFor('plain')).map((sent) => sent.length)).toEqual([1]);
  });

  it('record a view once, and its result', async () => {
    await sentFor('plain');
    expect(await rows('select model, rows_version, removals from datacycle.model')).toEqual([
      { model: 'plain', rows_version: 1, removals: 1 },
    ]);
    expect(await rows('select node, status, message from datacycle.run_result')).toEqual([
      { node: 'plain', status: 'success', message: 'new' },
    ]);
  });

  it('are one transaction for all that stays as it is, and one for each that reads what has changed', async () => {
    const query = (from: string) => `{{config materialized="table"}}\nselect id from {{ref "${from}"}}`;
    project.write({
      'models/first.sql': `{{config materialized="table"}}\nselect 1 as id`,
      'models/second.sql': query('first'),
      'models/third.sql': query('second'),
      'models/shown.sql': '{{config materialized="view"}}\nselect id from {{ref "third"}}',
      'models/beside.sql': query('plain'),
    });
    const sent = async () => {
      const transactions: string[][] = [];
      const { results } = await project.run(noting(database.warehouse, transactions));
      expect(results.map(({ status }) => status)).not.toContain('error');
      const left = results.flatMap((result) => (result.left === true ? [result.node.name] : []));
      // What is asked of each that is built, besides what its upstreams have become.
      const asked = transactions.flat().filter((sql) => sql.includes('as "bare"'));
      return { transactions: transactions.length, asked: asked.length, left: left.sort() };
    };
    await sent();
    const all = ['beside', 'described', 'first', 'plain', 'second', 'shown', 'third'];
    expect(await sent()).toEqual({ transactions: 1, asked: 1, left: all });
    project.write({ 'models/first.sql': `{{config materialized="table"}}\nselect 2 as id` });
    expect(await sent()).toEqual({ transactions: 4, asked: 1, left: ['beside', 'described', 'plain', 'shown'] });
    expect(await rows('select id from shown')).toEqual([{ id: 2 }]);
  });

  it('leave as it is what reads by an ephemeral model what was new in the run before', async () => {
    project.write({
      'models/first.sql': `{{config materialized="table"}}\nselect 1 as id`,
      'models/within.sql': '{{config materialized="ephemeral"}}\nselect id from {{ref "first"}}',
      'models/second.sql': '{{config materialized="table"}}\nselect id from {{ref "within"}}',
    });
    await project.run(database.warehouse);
    expect(resultOf(await project.run(database.warehouse), 'second').left).toBe(true);
  });

  it('are all looked at before one is built, also where a look fails', async () => {
    project.write({
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: gone }] }]',
      'models/a_follower.sql': `{{config materialized="incremental" unique_key="id"}}
select id, load_id from {{source "raw" "gone"}}{{#incremental}} where load_id > {{high_water "raw.gone"}}{{/incremental}}`,
      // As many as are looked at by two statements.
      ...Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`models/v${at}.sql`, 'select 1 as id'])),
    });
    const done: string[] = [];
    const slowly = telling(database.warehouse, async (what) => {
      if (what === 'looked') await new Promise((resolve) => setTimeout(resolve, 200));
      done.push(what);
    });
    const { results } = await project.run(slowly);
    expect(results.filter(({ status }) => status === 'error').map(({ node }) => node.name)).toEqual(['a_follower']);
    const since = done.indexOf('looked in vain');
    expect(done.slice(since, since + 3)).toEqual(['looked in vain', 'looked', 'built']);
  });

  it('see in the snapshot of a rebuild what was pruned since the look, and refuse to lose it', async () => {
    project.write({
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
      'models/first.sql': `{{config materialized="table"}}\nselect 1 as id`,
      'models/follower.sql': `{{config materialized="incremental" unique_key="id"}}
select id, load_id from {{source "raw" "events"}}{{#incremental}} where load_id > {{high_water "raw.events"}}{{/incremental}}`,
    });
    await rows('create table raw.events as select 1 as id, 1 as load_id');
    const select = ['first', 'follower'];
    await project.run(database.warehouse, { select });
    const pruning = telling(database.warehouse, async (what) => {
      if (what !== 'looked') return;
      await rows('delete from raw.events');
      await recordPruned(database.warehouse, 'raw.events', { loadId: 1, at: '2024-06-15T10:00:00Z' });
    });
    const { error } = resultOf(await project.run(pruning, { select, fullRefresh: true }), 'follower');
    expect(error?.message).toContain('rows it is made of have been pruned: raw.events (up to load 1');
    expect(await rows('select id from follower')).toEqual([{ id: 1 }]);
  });
});
