import { describe, expect, test } from 'vitest';
import { subjectNodes } from '../../../../runner/subject/predicate.ts';
import { eraseRows, refreshMaterializedViews } from '../../../../runner/subject/rows.ts';
import { relation } from '../../../../warehouse/quote.ts';
import { oneDatabase } from '../../databases.ts';
import { eventsOn, newLoads } from '../../project-on.ts';
import { rounds } from '../../rounds.ts';

const warn = '{{config severity="warn"}}\n';
const files = {
  'models/sources.yml': `sources:
  - name: raw
    tables:
      - name: events
        rows_version: select max(load_id), count(*), sum(value) from raw.events
      - name: others
        rows_version: select max(load_id), count(*) from raw.others
`,
  'seeds/kinds.csv': 'value,label\n1,one\n2,two\n3,three\n',
  // Two sources, whose loads do not come in the order of their numbers.
  'models/readings.sql': `{{config materialized="incremental" unique_key="room, id" subject="room"}}
select id, room, max(value) as value, max(load_id) as load_id
from (
    select id, room, value, load_id from {{source "raw" "events"}} ${newLoads}
    union all
    select id, room, value, load_id from {{source "raw" "others"}}
    {{#incremental}}where load_id > {{high_water "raw.others"}}{{/incremental}}
) as e
group by id, room`,
  // Follows the readings, and takes rows away again.
  'models/days.sql': `{{config materialized="incremental" unique_key="room, id" incremental_strategy="delete+insert" subject="room"}}
select id, room, value * {{var "factor" 1}} as value, load_id from {{ref "readings"}}
{{#incremental}}where load_id > {{high_water "readings"}}{{/incremental}}`,
  'models/named.sql':
    'select r.id, r.room, r.value, k.label from {{ref "readings"}} as r left join {{ref "kinds"}} as k using (value)',
  'models/labels.sql':
    '{{config materialized="table" subject=false}}\nselect label, count(*) as n, sum(value) as total from {{ref "named"}} group by label',
  'models/totals.sql':
    '{{config materialized="materialized_view" unique_key="one" subject=false}}\nselect 1 as one, count(*) as n from {{ref "labels"}}',
  'models/latest.sql':
    '{{config materialized="table" subject=false}}\nselect max(load_id) as load_id, count(*) as n from {{source "raw" "events"}}',
  // Merges all rows each time, if any has changed.
  'models/labels_seen.sql': `{{config materialized="incremental" unique_key="label" subject=false}}
select coalesce(label, '') as label, max(n) as n from {{ref "labels"}} group by 1`,
  'models/known.sql':
    '{{config materialized="table" unique_key="value" subject=false}}\nselect value, label from {{ref "kinds"}}',
  'models/models.yml': `
models:
  - name: readings
    columns:
      - name: id
      - name: load_id
      - name: room
        data_type: text
        data_tests: [{ accepted_values: { values: [a, b], severity: warn } }]
      - name: value
        data_tests:
          - not_null: { severity: warn }
          - accepted_values: { values: [1, 2, 3], quote: false, severity: warn }
          - relationships: { to: ref('kinds'), field: value, severity: warn }
          - relationships: { to: ref('known'), field: value, severity: warn }
          - not_null: { name: audited, audit: new_rows, severity: warn, where: "id < 5" }
  - name: days
    columns:
      - { name: room, data_type: text }
      # What is made of it waits until they pass.
      - { name: value, data_tests: [{ accepted_values: { values: [0, 1, 2, 3, 4, 6], quote: false } }] }
  - name: labels
    columns: [{ name: label, data_tests: [{ not_null: { severity: warn } }, { unique: { severity: warn } }] }]
  - name: totals
    columns: [{ name: n, data_tests: [{ accepted_values: { values: [1, 2, 3, 4], quote: false, severity: warn } }] }]
`,
  'models/of_days.sql':
    '{{config materialized="table" subject=false}}\nselect room, count(*) as n from {{ref "days"}} group by room',
  'tests/data/rows_match.sql': `${warn}select r.id from {{ref "readings"}} as r full join {{ref "named"}} as n using (room, id) where r.value is distinct from n.value`,
  'tests/data/days_match.sql': `${warn}select r.id from {{ref "readings"}} as r full join {{ref "days"}} as d using (room, id)
where d.value is distinct from r.value * {{var "factor" 1}}
{{#incremental}}and coalesce(r.load_id, d.load_id) > {{high_water "readings"}}{{/incremental}}`,
  'tests/data/few.sql': `${warn}select * from {{ref "latest"}} where n > 25`,
  'tests/data/small.sql':
    '{{config severity="warn" scope="new_rows"}}\nselect * from {{ref "readings"}} where value > 5',
};

/** The same sequence in every run with the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe.each(oneDatabase)('builds that leave out what nothing has changed for, on $name', (kind) => {
  // The same steps are taken on both.
  const reusing = eventsOn(kind, files);
  const whole = eventsOn(kind, files);
  const both = [reusing, whole];

  test(
    'give the rows and the verdicts of builds that leave out nothing',
    async () => {
      const pick = numbers(20231027);
      const load = { events: 0, others: 0 };
      const everywhere = async (work: (on: typeof reusing) => Promise<unknown> | unknown) => {
        await Promise.all(both.map(work));
      };
      const oneRow = () =>
        `(${1 + pick(9)}, '${['a', 'b', 'c'][pick(pick(4) === 0 ? 3 : 2)]}', ${['1', '2', '3', 'null', '7'][pick(pick(2) === 0 ? 5 : 3)]})`;
      const land = (source: keyof typeof load, values: string) => {
        // The other source may have got further meanwhile.
        load[source] = Math.max(load[source] + 1, load.events - 1);
        return everywhere(({ rows }) =>
          rows(
            `insert into raw.${source} select ${load[source]}, id, room, value::float8 from (values ${values}) as v (id, room, value)`,
          ),
        );
      };
      const change = (changed: Readonly<Record<string, string>>) => everywhere(({ project }) => project.write(changed));
      const run = (options: Parameters<typeof reusing.project.run>[1]) =>
        everywhere((on) => on.project.run(on.database.warehouse, { ...options, reuse: on === reusing }));
      const erase = (room: string) =>
        everywhere(async ({ database: { warehouse }, project, rows }) => {
          const { manifest } = project.compile();
          for (const source of ['events', 'others']) await rows(`delete from raw.${source} where room = '${room}'`);
          for (const node of subjectNodes(manifest))
            await eraseRows(warehouse, manifest, node, { id: room, known: {} });
          await refreshMaterializedViews(warehouse, manifest);
        });
      const steps: readonly (() => Promise<unknown> | undefined)[] = [
        () => land('events', Array.from({ length: 1 + pick(3) }, oneRow).join(', ')),
        () => land('events', oneRow()),
        () => land('others', oneRow()),
        () => undefined,
        () => {
          const two = ['two', 'deux', 'one', ''][pick(4)];
          return change({
            'seeds/kinds.csv': `value,label\n1,one\n2,${two}\n${pick(3) === 0 ? '' : '3,three\n'}${pick(2) === 0 ? '' : '7,seven\n'}`,
          });
        },
        () => change({ 'models/named.sql': `${files['models/named.sql']} where r.id > ${pick(3)}` }),
        () => change({ 'tests/data/few.sql': `${files['tests/data/few.sql']} and n < ${pick(60)}` }),
        () => change({ 'project.yml': `name: test\nvars: { factor: ${pick(3)} }\n` }),
        () => run({ command: 'run' }),
        () => run({ select: ['readings'] }),
        () => run({ command: 'run', select: ['days'] }),
        () => run({ fullRefresh: true }),
        () => run({ command: 'seed' }),
        () =>
          everywhere(({ rows }) =>
            rows('delete from raw.events where load_id < (select max(load_id) - 8 from raw.events)'),
          ),
        () => erase(['a', 'b', 'c'][pick(3)] ?? 'a'),
      ];
      await everywhere(({ rows }) =>
        rows('create table raw.others (load_id bigint, id int, room text, value double precision)'),
      );
      const outcomes = async (on: typeof reusing) => {
        const { results } = await on.project.run(on.database.warehouse, { reuse: on === reusing });
        const verdicts = results.map(({ node, status, failures }) => [node.name, `${status} ${failures}`]);
        const tables: [string, unknown][] = [];
        for (const { node } of results)
          if (node.kind === 'model' && node.materialized !== 'ephemeral' && node.materialized !== 'view')
            tables.push([
              node.name,
              await on.rows(`select to_jsonb(t)::text as row from ${relation(node.relation)} as t order by 1`),
            ]);
        return { results, verdicts: Object.fromEntries(verdicts), tables: Object.fromEntries(tables) };
      };
      const reused = { tests: 0, models: 0 };
      for (let step = 0; step < rounds({ gate: 25, long: 300 }); step += 1) {
        const which = step === 0 ? 0 : pick(steps.length);
        await steps[which]?.();
        const [ours, theirs] = await Promise.all([outcomes(reusing), outcomes(whole)]);
        expect(ours.verdicts, `verdicts at step ${step}, ${which}`).toEqual(theirs.verdicts);
        expect(ours.tables, `rows at step ${step}, ${which}`).toEqual(theirs.tables);
        for (const { node, message } of ours.results) {
          if (/unchanged since|new rows/.test(message)) reused.tests += 1;
          if (node.kind === 'model' && message === 'nothing that it reads has changed') reused.models += 1;
        }
      }
      expect(reused.tests).toBeGreaterThan(50);
      expect(reused.models).toBeGreaterThan(15);
    },
    rounds({ gate: 300_000, long: 1_800_000 }),
  );
});
