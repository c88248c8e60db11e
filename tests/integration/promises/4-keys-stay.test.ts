import { beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { eventsOn } from '../project-on.ts';
import { resultOf } from '../temporary-project.ts';

describe.each(oneDatabase)('4: keys stay, on $name', (kind) => {
  const { database, project, rows, land } = eventsOn(kind);
  const keys = () => rows('select room, room_key from public.rooms order by room');
  beforeEach(async () => {
    project.write({
      'models/rooms.sql': `{{config materialized="table" unique_key="room" surrogate_key="room_key"}}select distinct room from {{source "raw" "events"}}`,
    });
    await land(1, `(1, 'c', 1.0), (2, 'a', 1.0)`);
    await project.run(database.warehouse);
    expect(await keys()).toEqual([
      { room: 'a', room_key: 1 },
      { room: 'c', room_key: 2 },
    ]);
  });

  it('over a full refresh, with new rooms before, between and behind', async () => {
    await land(2, `(3, 'b', 1.0), (4, 'Z', 1.0)`);
    await project.run(database.warehouse, { fullRefresh: true });
    expect(await keys()).toEqual(
      expect.arrayContaining([
        { room: 'a', room_key: 1 },
        { room: 'c', room_key: 2 },
      ]),
    );
    expect((await keys()).map((row) => row.room_key).sort()).toEqual([1, 2, 3, 4]);
  });

  it('for a room that was gone for a while', async () => {
    await database.warehouse.query(`delete from raw.events where room = 'a'`);
    await land(2, `(3, 'b', 1.0)`);
    await project.run(database.warehouse);
    await land(3, `(4, 'a', 1.0)`);
    await project.run(database.warehouse);
    expect(await keys()).toEqual([
      { room: 'a', room_key: 1 },
      { room: 'b', room_key: 3 },
      { room: 'c', room_key: 2 },
    ]);
  });

  it('over a drop of the table by hand', async () => {
    await database.warehouse.query('drop table public.rooms');
    await land(2, `(3, 'b', 1.0)`);
    await project.run(database.warehouse);
    expect(await keys()).toEqual([
      { room: 'a', room_key: 1 },
      { room: 'b', room_key: 3 },
      { room: 'c', room_key: 2 },
    ]);
  });

  it('over the loss of schema datacycle', async () => {
    await database.warehouse.query(`delete from raw.events where room = 'a'`);
    await project.run(database.warehouse);
    await database.warehouse.query('drop schema datacycle cascade');
    await land(2, `(3, 'b', 1.0)`);
    expect((await project.run(database.warehouse)).ok).toBe(true);
    expect(await keys()).toEqual([
      { room: 'b', room_key: 3 },
      { room: 'c', room_key: 2 },
    ]);
  });

  it('of a table that gets them only now are handed out', async () => {
    project.write({
      'models/late.sql':
        '{{config materialized="table" unique_key="room"}}select distinct room from {{source "raw" "events"}}',
    });
    await project.run(database.warehouse);
    project.write({
      'models/late.sql':
        '{{config materialized="table" unique_key="room" surrogate_key="late_key"}}select distinct room from {{source "raw" "events"}}',
    });
    expect(resultOf(await project.run(database.warehouse), 'late').error).toBeUndefined();
    expect(await rows('select room, late_key from public.late order by room')).toEqual([
      { room: 'a', late_key: 1 },
      { room: 'c', late_key: 2 },
    ]);
  });
});
