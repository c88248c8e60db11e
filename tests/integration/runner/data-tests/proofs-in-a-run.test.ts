import { describe, expect, it } from 'vitest';
import { RelationCache } from '../../../../runner/data-test/run-test.ts';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';
import { resultOf } from '../../temporary-project.ts';

describe.each(oneDatabase)('constraints that prove tests of a run on $name', (kind) => {
  const { database, project, rows } = projectOn(kind, {
    'models/visits.sql': '{{config materialized="table" unique_key="id"}}select 1 as id',
    'models/rooms.sql': '{{config materialized="table" unique_key="id"}}select id from {{ref "visits"}}',
    'models/models.yml': `models:
  - name: visits
    columns:
      - { name: id, tests: [not_null, { relationships: { to: ref('rooms'), field: id } }] }
`,
  });
  const tested = async () => {
    const { results } = await project.run(database.warehouse, { reuse: false });
    return Object.fromEntries(
      results.flatMap(({ node, status, message }) =>
        node.kind === 'test' ? [[node.name, `${status} ${message}`]] : [],
      ),
    );
  };

  it('are read again after a hook, which may change any table', async () => {
    await tested();
    await rows('alter table public.visits add constraint by_hand foreign key (id) references public.rooms (id)');
    const names = Object.entries(await tested());
    expect(names.map(([, outcome]) => outcome)).toEqual(['pass held by a constraint', 'pass held by a constraint']);
    // The test of NOT NULL has read the table by then, and the other one waits for the rooms.
    project.write({
      'models/rooms.sql': `{{config materialized="table" unique_key="id" pre_hook="alter table public.visits drop constraint if exists by_hand"}}
select id from {{ref "visits"}}`,
    });
    expect(Object.values(await tested()).sort()).toEqual(['pass ', 'pass held by a constraint']);
    expect(resultOf(await project.run(database.warehouse), 'rooms').status).toBe('success');
  });

  it('are read once for each relation, and again for the one that is invalidated', async () => {
    await project.run(database.warehouse);
    let asked = 0;
    const relations = new RelationCache({
      query: (sql, params) => {
        asked += 1;
        return database.warehouse.query(sql, params);
      },
    });
    const [visits, rooms] = ['visits', 'rooms'].map((name) => ({ schema: 'public', name }));
    if (visits === undefined || rooms === undefined) throw new Error('both are named');
    const added = async (name: typeof visits) => {
      const before = asked;
      await relations.get(name);
      return asked - before;
    };
    const once = [await added(visits), await added(rooms)];
    expect(Math.min(...once)).toBeGreaterThan(0);
    expect([await added(visits), await added(rooms)]).toEqual([0, 0]);
    relations.invalidate(visits);
    expect([await added(visits), await added(rooms)]).toEqual([once[0], 0]);
    relations.invalidateAll();
    expect([await added(visits), await added(rooms)]).toEqual(once);
  });
});
