import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyModels } from '../../../runner/verify/verify.ts';
import { identifier, literal, relation } from '../../../warehouse/quote.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { emptyButBookkeeping } from '../emptied.ts';
import { selectedBy } from '../selected.ts';
import { resultOf, rowsOf, TemporaryProject } from '../temporary-project.ts';

const names = [
  'Capital Letters',
  'capitals',
  'CAPITALS',
  'with.dot',
  '.',
  'quo"te',
  '""',
  "apo'strophe",
  'back\\slash',
  "E'\\'",
  'Übergröße',
  '温度',
  '😀',
  'x'.repeat(63),
  `${'ü'.repeat(31)}x`,
  'select',
  'semi;colon -- comment',
  '/* comment */',
  '$1',
  '$tag$',
  '%I %s',
  ':name',
  'tab\tnew\nline',
  ' spaces around ',
  'datacycle_new',
  'excluded',
  't',
  'pg_temp',
] as const;

/** Another name made of `name`, as long as PostgreSQL allows. */
function like(name: string, ending: string): string {
  let start = name;
  while (Buffer.byteLength(start + ending) > 63) start = [...start].slice(0, -1).join('');
  return start + ending;
}

/** A model of every kind whose schema, name, keys and columns are `name` or much like it. */
function projectNamed(name: string): Record<string, string> {
  const column = identifier(name);
  const other = like(name, '+');
  const key = like(name, '#');
  const schema = name.startsWith('pg_') ? like(name.slice(3), ' s') : name;
  const inOneLine = name.replace(/\s+/g, ' ').trim();
  const of = (alias: string) => ({ schema, alias: like(name, alias) });
  const described = (model: string, config: object, more: object = {}) => ({
    name: model,
    description: `What is called ${name}.`,
    config,
    columns: [
      {
        name,
        data_type: 'integer',
        description: `Also ${name}.`,
        data_tests: ['not_null', 'unique'],
        ...('bi' in more ? { bi: { name: inOneLine } } : {}),
      },
    ],
    ...more,
  });
  const rows = `select n as ${column}, 'value of ' || n as ${identifier(other)} from {{ref "numbers"}}`;
  return {
    'seeds/numbers.csv': 'n\n1\n2\n',
    'models/parent.sql': rows,
    'models/child.sql': `select p.*, 1 as load_id from {{ref "parent"}} as p`,
    'models/replaced.sql': rows,
    'models/appended.sql': `${rows}{{#incremental}} where n not in (select ${column} from {{this}}){{/incremental}}`,
    'models/shown.sql': 'select * from {{ref "child"}}',
    'models/kept.sql': `select ${column}, ${identifier(other)} from {{ref "shown"}}`,
    'models/all.yml': JSON.stringify({
      models: [
        described('parent', { ...of(''), materialized: 'table', unique_key: [name], surrogate_key: key }),
        described(
          'child',
          {
            ...of('c'),
            materialized: 'incremental',
            unique_key: [name],
            audit_columns: ['load_id'],
            merge_exclude_columns: [],
            indexes: [
              { columns: [other, name], where: `${column} > 0` },
              { columns: [key], name: like(name, 'i') },
              { expressions: [`${column} % 2`], include: [other] },
            ],
          },
          {
            constraints: [
              { type: 'foreign_key', columns: [key], to: "ref('parent')", to_columns: [key], name: like(name, 'f') },
              { type: 'check', expression: `${column} > 0`, name: like(name, 'k') },
              { type: 'not_null', columns: [other] },
            ],
            bi: { name: like(inOneLine, 'b') },
          },
        ),
        described('replaced', {
          ...of('r'),
          materialized: 'incremental',
          incremental_strategy: 'delete+insert',
          unique_key: [name],
        }),
        described('appended', { ...of('a'), materialized: 'incremental', incremental_strategy: 'append' }),
        described('shown', { ...of('v'), materialized: 'view' }),
        described('kept', {
          ...of('s'),
          materialized: 'snapshot',
          unique_key: [name],
          strategy: 'check',
          check_cols: [other],
          snapshot_meta_column_names: { dbt_scd_id: like(name, 'd') },
        }),
      ],
    }),
  };
}

describe.each(oneDatabase)('names that need care, on $name', (kind) => {
  let database: TestDatabase;
  let project: TemporaryProject;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());
  afterEach(async () => {
    project.dispose();
    await emptyButBookkeeping(database.warehouse);
  });

  it.each(names)('%j: built, built on, rebuilt and verified', async (name) => {
    project = new TemporaryProject(projectNamed(name));
    const errors = async (options: { fullRefresh?: boolean; exclude?: string[] }) =>
      (await project.run(database.warehouse, options)).results.flatMap(({ node, error, status }) =>
        error === undefined && (status === 'success' || status === 'pass') ? [] : [`${node.name}: ${error?.message}`],
      );
    expect(await errors({})).toEqual([]);
    project.write({ 'seeds/numbers.csv': 'n\n1\n2\n3\n' });
    expect(await errors({})).toEqual([]);
    // The tests of data have been run twice.
    const exclude = ['resource_type:test'];
    expect(await errors({ fullRefresh: true, exclude })).toEqual([]);
    const again = await project.run(database.warehouse, { exclude });
    for (const model of ['parent', 'child', 'appended', 'kept'])
      expect(resultOf(again, model), model).toMatchObject({ inserted: 0, updated: 0, deleted: 0 });
    const { manifest, graph } = project.compile();
    for (const node of manifest.nodes.values()) {
      if (node.kind !== 'model' || node.materialized === 'ephemeral') continue;
      const found = await rowsOf(database.warehouse, `select count(*) as n from ${relation(node.relation)}`);
      expect(found, node.name).toEqual([{ n: 3 }]);
      const [comment] = await rowsOf(
        database.warehouse,
        `select obj_description(c.oid) as comment from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
         where n.nspname = ${literal(node.relation.schema)} and c.relname = ${literal(node.relation.name)}`,
      );
      expect(comment?.comment, node.name).toContain(name);
    }
    const verdicts = await verifyModels({ ...project.compile(), manifest, graph }, database.warehouse, {
      selected: selectedBy({ ...project.compile(), manifest, graph }, { select: ['child', 'replaced', 'appended'] }),
      limit: 5,
      clock: () => new Date(),
      onVerified: () => undefined,
    });
    expect(verdicts.map(({ verdict }) => verdict.status)).toEqual(['equal', 'equal', 'equal']);
  });
});
