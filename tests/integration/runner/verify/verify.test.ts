import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { verifiedProject } from './verified-project.ts';

describe.each(oneDatabase)('verify on $name', (kind) => {
  const { change, land, build, verify, equal } = verifiedProject(kind);

  it('finds all equal after builds of increments, tables with surrogate keys and tables without a key too', async () => {
    await build();
    await land(2, 13, 30);
    await build();
    expect(Object.fromEntries(await verify())).toMatchObject({
      readings: { ...equal, rows: 30 },
      facts: { ...equal, rows: 30 },
      log: { ...equal, rows: 30 },
    });
    expect(await verify(['rooms'])).toEqual(new Map([['rooms', { ...equal, rows: 3 }]]));
  });

  it.each([
    ['a value', `value = 7.5`, [{ column: 'value', actual: '7.5', expected: '5' }]],
    [
      'NULL for a value',
      `value = null, doc = null`,
      [
        { column: 'value', actual: null, expected: '5' },
        { column: 'doc', actual: null, expected: '{"n": 5, "list": [5, 1]}' },
      ],
    ],
    [
      'NaN for a value',
      `value = 'NaN', amount = 'NaN'`,
      [
        { column: 'value', actual: 'NaN', expected: '5' },
        { column: 'amount', actual: 'NaN', expected: '5.50' },
      ],
    ],
    [
      'a numeric far behind the point',
      `amount = 5.5000000000000000000000000001`,
      [{ column: 'amount', actual: '5.5000000000000000000000000001', expected: '5.50' }],
    ],
    ['an array', `tags = array['t5', 'x']`, [{ column: 'tags', actual: '{t5,x}', expected: '{t5,NULL}' }]],
    [
      'jsonb inside',
      `doc = '{"n": 5, "list": [5, 2]}'`,
      [{ column: 'doc', actual: '{"n": 5, "list": [5, 2]}', expected: '{"n": 5, "list": [5, 1]}' }],
    ],
  ])('finds planted drift: %s', async (_name, set, values) => {
    await build();
    await change(`update public.readings set ${set} where id = 5`);
    const found = await verify(['readings']);
    expect(found.get('readings')).toEqual({
      status: 'differs',
      rows: 12,
      counts: { changed: 1, missing: 0, surplus: 0, referenced: 0 },
      differences: [{ kind: 'changed', key: { id: '5', room: 'c' }, values }],
    });
    // What it says puts it right, does.
    await build({ select: ['readings'], fullRefresh: true });
    expect((await verify(['readings'])).get('readings')).toMatchObject(equal);
  });

  it('calls the same what is only written in another way: NaN and NaN, keys of jsonb in another order', async () => {
    await build();
    await change(`update public.readings set doc = jsonb_build_object('list', doc -> 'list', 'n', doc -> 'n')`);
    await change(`update public.readings set load_id = 99, value = 'NaN' where id = 4`);
    expect((await verify(['readings'])).get('readings')).toEqual({ ...equal, rows: 12 });
  });

  it('finds a value where NULL should be', async () => {
    await change('update raw.events set value = null where id = 5');
    await build();
    await change('update public.readings set value = 0 where id = 5');
    expect((await verify()).get('readings')).toMatchObject({
      differences: [{ kind: 'changed', values: [{ column: 'value', actual: '0', expected: null }] }],
    });
  });

  it('finds missing and surplus rows by a key of two columns, counts all and tells the first', async () => {
    await build();
    await change('delete from public.readings where id in (2, 3, 4)');
    await change(`insert into public.readings (id, room, value) values (1, 'z', 1), (2, 'z', null)`);
    await change('update public.readings set value = -1 where id = 7');
    const all = (await verify(['readings'], -1)).get('readings');
    expect(all).toMatchObject({ status: 'differs', rows: 11, counts: { changed: 1, missing: 3, surplus: 2 } });
    expect(all?.status === 'differs' ? all.differences.map(({ kind, key }) => [kind, key.id, key.room]) : []).toEqual([
      ['changed', '7', 'b'],
      ['missing', '2', 'c'],
      ['missing', '3', 'a'],
      ['missing', '4', 'b'],
      ['surplus', '1', 'z'],
      ['surplus', '2', 'z'],
    ]);
    const some = (await verify(['readings'], 2)).get('readings');
    expect(some).toMatchObject({
      counts: { changed: 1, missing: 3, surplus: 2 },
      differences: [{ kind: 'changed' }, { kind: 'missing', key: { id: '2', room: 'c' } }],
    });
    expect((await verify(['readings'], 0)).get('readings')).toMatchObject({ status: 'differs', differences: [] });
  });

  it('finds one row among many, and tells a few of many', async () => {
    await land(2, 13, 20_000);
    await build();
    await change('update public.readings set value = 0.5 where id = 17321');
    expect((await verify(['readings'])).get('readings')).toMatchObject({
      rows: 20_000,
      counts: { changed: 1, missing: 0, surplus: 0 },
      differences: [{ key: { id: '17321' }, values: [{ column: 'value', actual: '0.5', expected: '17321' }] }],
    });
    await change('update public.readings set value = -1');
    const many = (await verify(['readings'], 3)).get('readings');
    expect(many).toMatchObject({ counts: { changed: 20_000 }, differences: [{}, {}, {}] });
    expect(many?.status === 'differs' ? many.differences : []).toHaveLength(3);
  });

  it('compares tables without a key as multisets, audit columns aside', async () => {
    await change(`update raw.events set room = 'a', doc = '[]' where id <= 3`);
    await build();
    await change('update public.log set load_id = 77');
    expect((await verify(['log'])).get('log')).toEqual({ ...equal, rows: 12 });
    await change(
      `delete from public.log where ctid = (select min(ctid) from public.log where room = 'a' and doc = '[]')`,
    );
    await change(`insert into public.log values ('q', null, 1)`);
    expect((await verify(['log'])).get('log')).toEqual({
      status: 'differs',
      rows: 12,
      counts: { changed: 0, missing: 1, surplus: 1, referenced: 0 },
      differences: [
        {
          kind: 'missing',
          key: {},
          values: [
            { column: 'room', actual: null, expected: 'a' },
            { column: 'doc', actual: null, expected: '[]' },
          ],
        },
        { kind: 'surplus', key: {}, values: [{ column: 'room', actual: 'q', expected: null }] },
      ],
    });
  });

  describe('surrogate keys', () => {
    it('are compared through natural keys, and none is handed out', async () => {
      await build();
      await change(`insert into public.rooms values (50, 'd', 1)`);
      await change(`update public.facts set room_key = 50 where id = 1`);
      await change(`delete from public.facts where room_key = (select room_key from public.rooms where room = 'a')`);
      await change(`update public.rooms set room_key = 40 where room = 'a'`);
      const { rooms } = Object.fromEntries(await verify(['rooms']));
      expect(rooms).toMatchObject({
        status: 'differs',
        counts: { changed: 1, missing: 0, surplus: 0, referenced: 1 },
        differences: [
          { kind: 'changed', key: { room: 'a' }, values: [{ column: 'room_key', actual: '40', expected: '1' }] },
          { kind: 'referenced', key: { room: 'd' } },
        ],
      });
    });

    it('a row whose natural key has no number yet is missing, without one', async () => {
      await build();
      await change('delete from public.facts');
      await change(`delete from public.rooms where room = 'b'`);
      await change(`delete from datacycle.surrogate_key where natural_key = '["b"]'`);
      expect((await verify(['rooms'])).get('rooms')).toMatchObject({
        counts: { changed: 0, missing: 1, surplus: 0 },
        differences: [
          { kind: 'missing', key: { room: 'b' }, values: [{ column: 'events', actual: null, expected: '4' }] },
        ],
      });
    });

    it('a row that nothing makes any more but others point at is waiting, not wrong', async () => {
      await build();
      await change(`insert into public.rooms values (50, 'd', 1)`);
      await change(`insert into public.facts values (1, 50, 1)`);
      expect(Object.fromEntries(await verify(['rooms', 'facts']))).toMatchObject({
        rooms: { status: 'equal', rows: 4, counts: { surplus: 0, referenced: 1 } },
        facts: { status: 'differs', counts: { surplus: 1 } },
      });
    });
  });
});
