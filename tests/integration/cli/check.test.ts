import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { compileProject } from '../../../runner/compile/compile.ts';
import { normalType } from '../../../runner/manifest/column-type.ts';
import { readProject } from '../../../runner/project/read-project.ts';
import { ensureState } from '../../../runner/state/schema.ts';
import { openEmbedded } from '../databases.ts';
import { ProjectCopy } from './command.ts';

// Each check starts an embedded database of its own, and on a busy machine that takes its time.
vi.setConfig({ testTimeout: 180_000 });

let project: ProjectCopy;
beforeEach(() => {
  project = new ProjectCopy();
});
afterEach(() => project.dispose());

/** Every file of the project with its time of change. */
const files = () =>
  readdirSync(project.root, { recursive: true, encoding: 'utf8' })
    .map((name) => `${name} ${statSync(join(project.root, name)).mtimeMs}`)
    .sort();

it('finds this project clean, without its database, its secrets or a trace on disk', async () => {
  const before = files();
  const outcome = await project.run(['check'], { DB_URL: 'postgres://nobody@localhost:1/nothing' });
  expect(outcome.stdout + outcome.stderr).toMatch(
    /^Checked \d+ models in both forms, \d+ seeds, \d+ tests in [\d.]+s\.\n$/,
  );
  expect(outcome.code).toBe(0);
  expect(files()).toEqual(before);
});

it('quotes the line of every fault, for people and for machines', async () => {
  const model = join(project.root, 'models', 'gold', 'dim_weather_site.sql');
  writeFileSync(model, `${readFileSync(model, 'utf8').trimEnd()}\norder by nonsense\n`);
  const test = 'tests/data/no_token_in_staging.sql';
  writeFileSync(join(project.root, test), 'select paylod\nfrom {{source "staging" "sensor_file"}}\n');
  const line = readFileSync(model, 'utf8').split('\n').indexOf('order by nonsense') + 1;

  const people = await project.run(['check', '--select', 'dim_weather_site', 'no_token_in_staging']);
  expect(people.code).toBe(1);
  expect(people.stdout).toContain('Error: dim_weather_site: column "nonsense" does not exist\n');
  expect(people.stdout).toContain(`  at models/gold/dim_weather_site.sql:${line}:10\n`);
  expect(people.stdout).toContain(`  ${line} | order by nonsense\n`);
  expect(people.stdout).toContain(`  at ${test}:1:8\n  1 | select paylod\n`);
  expect(people.stdout).toMatch(/found 2 problems in [\d.]+s\.\n$/);

  const machines = await project.run([
    '--log-format',
    'json',
    'check',
    '--select',
    'dim_weather_site',
    'no_token_in_staging',
  ]);
  expect(machines.code).toBe(1);
  const objects = machines.stdout
    .trim()
    .split('\n')
    .map((text): unknown => JSON.parse(text));
  expect(objects).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        type: 'problem',
        node: 'dim_weather_site',
        where: `models/gold/dim_weather_site.sql:${line}:10`,
      }),
      expect.objectContaining({ type: 'problem', node: 'no_token_in_staging', where: `${test}:1:8` }),
      expect.objectContaining({ type: 'finished', ok: false, problems: 2 }),
    ]),
  );
});

it('a name in freshness that is neither a source nor a model', async () => {
  const settings = join(project.root, 'project.yml');
  writeFileSync(settings, readFileSync(settings, 'utf8').replace('  fact_weather_day:', '  fact_wether_day:'));
  const outcome = await project.run(['check']);
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toContain('Did you mean "fact_weather_day"?');
});

it('models/sources.yml declares exactly the columns that the tables have', async () => {
  const warehouse = await openEmbedded();
  try {
    await ensureStaging(warehouse);
    await ensureState(warehouse);
    const { manifest } = compileProject(readProject({ root: project.root, env: { PSEUDONYM_KEY: 'x' } }));
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
    await warehouse.close();
  }
});

it('says how many measures it has not computed, for lack of their views', async () => {
  const outcome = await project.run(['check', '--select', 'dim_weather_site']);
  expect(outcome.code).toBe(0);
  expect(outcome.stdout).toMatch(/^Not computed: \d+ measures of views that were not selected, or failed\.$/m);
});

it('computes the sql of measures, and says at which line PostgreSQL refuses one', async () => {
  const file = join(project.root, 'models', 'gold', 'fact_presence_minute.yml');
  const text = readFileSync(file, 'utf8').replace('sql: sum(motion_count)', 'sql: sum(motion_cuont)');
  writeFileSync(file, text);
  const line = text.split('\n').findIndex((one) => one.includes('motion_cuont')) + 1;
  const outcome = await project.run(['check']);
  expect(outcome.code).toBe(1);
  expect(outcome.stdout).toContain(
    'Error: fact_presence_minute: the sql of measure "Motion count": column "motion_cuont" does not exist\n',
  );
  expect(outcome.stdout).toContain(`  at models/gold/fact_presence_minute.yml:${line}:`);
  expect(outcome.stdout).toMatch(/found 1 problem in [\d.]+s\.\n$/);
});
