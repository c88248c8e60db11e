import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { normalType } from '../../../runner/manifest/column-type.ts';
import { ensureState } from '../../../runner/state/schema.ts';
import { compiledAt } from '../compiled-project.ts';
import { oneDatabase } from '../databases.ts';
import { ProjectCopy } from './command.ts';

// Each check starts an embedded database of its own, and on a busy machine that takes its time.
vi.setConfig({ testTimeout: 180_000 });

let project: ProjectCopy;
beforeEach(() => {
  project = new ProjectCopy();
});
afterEach(() => project.dispose());

/** A table that Power BI sees, with two measures, and one that it does not. */
const room = `models:
  - name: dim_room
    description: Rooms
    bi:
      name: Room
      measures:
        - { name: Whole area, description: All of it, expression: "SUM('Room'[Area])", sql: sum(area_m2) }
        - { name: Rooms, description: All of them, expression: "COUNTROWS('Room')", sql: count(*) }
    constraints: [{ type: primary_key, columns: [room_key] }]
    columns:
      - { name: room_key, data_type: integer }
      - { name: area_m2, data_type: double precision, bi: { name: Area } }
`;

/** A small project instead, where a test is about what the command says. */
const small = (files: Readonly<Record<string, string>>) => {
  project.dispose();
  project = new ProjectCopy({
    'project.yml': 'name: small\n',
    'models/dim_room.sql':
      '{{config materialized="table" unique_key="room_key"}}\nselect 1 as room_key, 2.5::float8 as area_m2\n',
    'models/dim_room.yml': room,
    'models/dim_area.sql': '{{config materialized="table"}}\nselect 1 as area_key\n',
    ...files,
  });
};

/** Every file of the project with its time of change. */
const files = () =>
  readdirSync(project.root, { recursive: true, encoding: 'utf8' })
    .map((name) => `${name} ${statSync(join(project.root, name)).mtimeMs}`)
    .sort();

it('finds this project clean within seconds, without its database, its secrets or a trace on disk', async () => {
  const before = files();
  const began = process.cpuUsage();
  const outcome = await project.run(['check'], { DB_URL: 'postgres://nobody@localhost:1/nothing' });
  expect(outcome.stdout + outcome.stderr).toMatch(
    /^Checked \d+ models in both forms, \d+ seeds, \d+ tests in [\d.]+s\.\n$/,
  );
  expect(outcome.code).toBe(0);
  expect(files()).toEqual(before);
  // Processor time, since what else the machine does is no part of it.
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1e6).toBeLessThan(40);
});

it('quotes the line of every fault, for people and for machines', async () => {
  const test = 'tests/data/no_token.sql';
  small({
    'models/dim_site.sql': '{{config materialized="table"}}\nselect 1 as site_key\norder by nonsense\n',
    [test]: 'select paylod\nfrom {{ref "dim_room"}}\n',
  });
  const people = await project.run(['check', '--select', 'dim_site', 'no_token']);
  expect(people.code).toBe(1);
  expect(people.stdout).toContain('Error: dim_site: column "nonsense" does not exist\n');
  expect(people.stdout).toContain('  at models/dim_site.sql:3:10\n  3 | order by nonsense\n');
  expect(people.stdout).toContain(`  at ${test}:1:8\n  1 | select paylod\n`);
  expect(people.stdout).toMatch(/found 2 problems in [\d.]+s\.\n$/);

  const machines = await project.run(['--log-format', 'json', 'check', '--select', 'dim_site', 'no_token']);
  expect(machines.code).toBe(1);
  const objects = machines.stdout
    .trim()
    .split('\n')
    .map((text): unknown => JSON.parse(text));
  expect(objects).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: 'problem', node: 'dim_site', where: 'models/dim_site.sql:3:10' }),
      expect.objectContaining({ type: 'problem', node: 'no_token', where: `${test}:1:8` }),
      expect.objectContaining({ type: 'finished', ok: false, problems: 2 }),
    ]),
  );
});

it('a name in freshness that is neither a source nor a model', async () => {
  small({ 'project.yml': 'name: small\nfreshness:\n  dim_rom: { error_after: 1 hour }\n' });
  const outcome = await project.run(['check']);
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toContain('Did you mean "dim_room"?');
});

it.each(oneDatabase)(
  'models/sources.yml declares exactly the columns that the tables have, on $name',
  async ({ open }) => {
    const { warehouse, drop } = await open();
    try {
      await ensureStaging(warehouse);
      await ensureState(warehouse);
      const { manifest } = compiledAt(project.root, {});
      for (const node of manifest.nodes.values()) {
        if (node.kind !== 'source') continue;
        const { rows } = await warehouse.query<{ name: string; type: string }>(
          `select a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type
         from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped order by a.attnum`,
          [node.relation.schema, node.relation.name],
        );
        const declared = node.columns.map(({ name, dataType }) => ({ name, type: normalType(dataType ?? '') }));
        expect(declared, node.name).toEqual(rows);
      }
    } finally {
      await drop();
    }
  },
);

it('computes the sql of measures, says at which line PostgreSQL refuses one, and how many lack their views', async () => {
  small({});
  const clean = await project.run(['check', '--select', 'dim_area']);
  expect([clean.code, clean.stdout]).toEqual([
    0,
    expect.stringMatching(/^Not computed: 2 measures of views that were not selected, or failed\.$/m),
  ]);
  const file = 'models/dim_room.yml';
  project.write({ [file]: room.replace('sql: sum(area_m2)', 'sql: sum(aera_m2)') });
  const outcome = await project.run(['check']);
  expect(outcome.code).toBe(1);
  expect(outcome.stdout).toContain(
    'Error: dim_room: the sql of measure "Whole area": column "aera_m2" does not exist\n',
  );
  expect(outcome.stdout).toContain(`  at ${file}:7:`);
  expect(outcome.stdout).toMatch(/found 1 problem in [\d.]+s\.\n$/);
});
