import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyIn } from '../../../api/keys/header.ts';
import type { Reader } from '../../../api/keys/keys.ts';
import { Logins } from '../../../api/keys/logins.ts';
import { servers } from '../databases.ts';
import { ServedProject } from './served.ts';

describe.each(servers)('statements of a key, on $name', (kind) => {
  const served = new ServedProject(kind);
  let logins: Logins;
  let reader: Reader;
  beforeAll(async () => {
    await served.start(20);
    await served.rows('create table shown.changing as select i as id, i * 2 as n from generate_series(1, 3) as i');
    logins = new Logins({ url: served.database.url ?? '', statementSecs: 20 });
    const key = keyIn(served.key(1));
    if (key === undefined) throw new Error('there is no key');
    reader = await logins.letIn(key);
  });
  afterAll(async () => {
    await logins?.close();
    await served.close();
  });

  const above = async (id: number) => {
    const { rows } = await reader.query('select id, n from shown.changing where id > $1::integer order by id', [id]);
    return rows;
  };
  const plans = async () => {
    const { rows } = await reader.query(
      `select (generic_plans + custom_plans)::text as n from pg_prepared_statements where statement like '%shown.changing where%'`,
      [],
      'parsed',
    );
    return rows;
  };

  it('are prepared once and run with the values of each request', async () => {
    expect(await above(1)).toEqual([
      { id: '2', n: '4' },
      { id: '3', n: '6' },
    ]);
    expect(await above(2)).toEqual([{ id: '3', n: '6' }]);
    expect(await plans()).toEqual([{ n: '2' }]);
  });

  it('go on when a build has changed the type of a column', async () => {
    await above(2);
    await served.rows('alter table shown.changing alter column n type numeric(10,2)');
    expect(await above(2)).toEqual([{ id: '3', n: '6.00' }]);
    expect(await above(2)).toEqual([{ id: '3', n: '6.00' }]);
    expect(await plans()).toEqual([{ n: '1' }]);
  });

  it('of many kinds do not fill the memory of their connection', async () => {
    for (let at = 0; at < 130; at += 1) await reader.query(`select ${at} as n`, []);
    const { rows } = await reader.query('select count(*)::integer as n from pg_prepared_statements', [], 'parsed');
    expect(Number(rows[0]?.n)).toBeLessThanOrEqual(100);
  });
});
