import { afterAll, beforeAll } from 'vitest';
import type { DatabaseKind } from '../../databases.ts';
import { eventSources, projectOn } from '../../project-on.ts';

export const kinds = ['view', 'table', 'incremental', 'materialized_view', 'seed'] as const;
export type Kind = (typeof kinds)[number];
export const relkinds: Readonly<Record<Kind, string>> = {
  view: 'v',
  table: 'r',
  incremental: 'r',
  materialized_view: 'm',
  seed: 'r',
};
export const select = `select 1 as id, 'kitchen' as room union all select 2, 'bath'`;
export const bi = `columns: [{ name: id, data_type: integer, bi: { name: Id } }, { name: room, data_type: text, bi: { name: Room } }]`;

/** The files of `rooms` as one kind; a materialized view has no view for Power BI. */
export function rooms(kind: Kind): Record<string, string> {
  if (kind === 'seed')
    return {
      'seeds/rooms.csv': 'id,room\n1,kitchen\n2,bath\n',
      'seeds/rooms.yml': 'seeds: [{ name: rooms, config: { schema: public, unique_key: id } }]',
    };
  const shown = kind === 'materialized_view' ? '' : `, bi: { name: All rooms }, ${bi}`;
  const key = kind === 'view' ? '' : ', unique_key: id, indexes: [{ columns: room, name: by_room }]';
  return {
    'models/rooms.sql': kind === 'incremental' ? `${select}{{#incremental}} limit 0{{/incremental}}` : select,
    'models/rooms.yml': `models: [{ name: rooms, config: { materialized: ${kind}${key} }${shown} }]`,
  };
}

/** Rooms of any kind, which a test makes another one, with a reader who may lose nothing. */
export function changingRooms(kind: DatabaseKind) {
  const reader = `reader_${Math.random().toString(36).slice(2)}`;
  const {
    database,
    project,
    rows,
    run,
    errorOf: fails,
  } = projectOn(kind, { 'models/sources.yml': eventSources }, [
    'create schema hand',
    'create table raw.events (load_id bigint, id int, room text)',
  ]);
  beforeAll(async () => {
    await query(`create role "${reader}"`);
  });
  afterAll(async () => {
    await query(`drop owned by "${reader}"`);
    await query(`drop role "${reader}"`);
  });

  const query = (sql: string) => database.warehouse.query(sql);
  const become = (files: Record<string, string>) => {
    for (const path of ['models/rooms.sql', 'models/rooms.yml', 'seeds/rooms.csv', 'seeds/rooms.yml'])
      project.remove(path);
    project.write(files);
  };
  const privileges = async (name: string) =>
    (
      await rows(
        `select coalesce(r.rolname, 'public') || ' ' || a.privilege_type || coalesce(' of ' || a.attname, '') as given
         from (
             select g.grantee, g.privilege_type, null as attname, c.relowner
             from pg_class as c, aclexplode(c.relacl) as g where c.oid = '${name}'::regclass
             union all
             select g.grantee, g.privilege_type, t.attname, c.relowner
             from pg_class as c, pg_attribute as t, aclexplode(t.attacl) as g
             where c.oid = '${name}'::regclass and t.attrelid = c.oid
         ) as a
         left join pg_roles as r on r.oid = a.grantee
         where a.grantee <> a.relowner
         order by 1`,
      )
    ).map(({ given }) => String(given).replace(reader, 'reader'));
  const commentOn = async (name: string, number = 0) =>
    (
      await rows(`select case ${number} when 0 then obj_description('${name}'::regclass, 'pg_class')
        else col_description('${name}'::regclass, ${number}) end as text`)
    )[0]?.text;
  const relkind = async () =>
    (await rows(`select relkind from pg_class where oid = 'public.rooms'::regclass`))[0]?.relkind;

  const pairs = kinds.flatMap((from) => kinds.filter((to) => to !== from).map((to) => [from, to] as const));
  return { reader, database, project, rows, run, fails, query, become, privileges, commentOn, relkind, pairs };
}
