import { beforeEach, expect } from 'vitest';
import { type Verified, verifiedByDefault, verifyModels } from '../../../../runner/verify/verify.ts';
import type { Verdict } from '../../../../runner/verify/verify-node.ts';
import type { DatabaseKind } from '../../databases.ts';
import { newLoads, projectOn } from '../../project-on.ts';
import { selectedBy } from '../../selected.ts';
import type { TemporaryProject } from '../../temporary-project.ts';
import { expectUntouched } from '../../untouched.ts';

export const models = {
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
  'models/readings.sql': `{{config materialized="incremental" unique_key="id, room" audit_columns="load_id"}}
select id, room, value, amount, tags, doc, load_id from {{source "raw" "events"}} ${newLoads}`,
  'models/rooms.sql': `{{config materialized="table" unique_key="room" surrogate_key="room_key"}}
select room, count(*) as events from {{ref "readings"}} group by room`,
  'models/facts.sql': `{{config materialized="incremental" unique_key="id, room_key"}}
select id, room_key, value from {{ref "readings"}} join {{ref "rooms"}} using (room)
{{#incremental}}where load_id > {{high_water "readings"}}{{/incremental}}`,
  'models/facts.yml': `models: [{ name: facts, constraints: [{ type: foreign_key, columns: room_key, to: ref('rooms') }] }]`,
  'models/rooms.yml': 'models: [{ name: rooms, constraints: [{ type: primary_key, columns: room_key }] }]',
  'models/log.sql': `{{config materialized="incremental" incremental_strategy="append" audit_columns="load_id"}}
select room, doc, load_id from {{source "raw" "events"}} ${newLoads}`,
  'models/shown.sql': 'select * from {{ref "readings"}}',
  'models/passing.sql': '{{config materialized="ephemeral"}}select * from {{ref "readings"}}',
  'seeds/floors.csv': 'room,floor\na,1\n',
};

/** A project with a model of each kind, and its verification, which may touch nothing. */
export function verifiedProject(kind: DatabaseKind) {
  const { database, project } = projectOn(kind, models, [
    'create table raw.events (load_id bigint, id int, room text, value double precision, amount numeric, tags text[], doc jsonb)',
  ]);
  beforeEach(async () => {
    await land(1, 1, 12);
  });

  const change = (sql: string) => database.warehouse.query(sql);
  const land = (load: number, first: number, last: number) =>
    change(
      `insert into raw.events
       select ${load}, n, chr(96 + n % 3 + 1), case when n = 4 then 'NaN'::float8 else n end, n * 1.10, array['t' || n, null],
           jsonb_build_object('n', n, 'list', array[n, 1])
       from generate_series(${first}, ${last}) as n`,
    );
  const build = async (options: Parameters<TemporaryProject['run']>[1] = {}) =>
    expect((await project.run(database.warehouse, options)).ok).toBe(true);
  /** Verifies, and expects that nothing in the database is touched by it. */
  const verify = async (select: string[] = [], limit = 20) => {
    const compiled = project.compile();
    const selected = select.length === 0 ? verifiedByDefault(compiled.manifest) : selectedBy(compiled, { select });
    const told: Verified[] = [];
    const results = await expectUntouched(database.warehouse, () =>
      verifyModels(compiled, database.warehouse, {
        selected,
        limit,
        clock: () => new Date(),
        onVerified: (verified) => told.push(verified),
      }),
    );
    expect(told).toEqual(results);
    return new Map(results.map(({ node, verdict }) => [node.name, verdict]));
  };
  const statuses = (verdicts: ReadonlyMap<string, Verdict>) =>
    Object.fromEntries([...verdicts].map(([name, { status }]) => [name, status]));
  const equal = { status: 'equal', counts: { changed: 0, missing: 0, surplus: 0, referenced: 0 }, differences: [] };
  return { database, project, change, land, build, verify, statuses, equal };
}
