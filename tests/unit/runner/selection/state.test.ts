import { beforeAll, describe, expect, it } from 'vitest';
import { comparingFiles, selectionFiles } from '../../../../runner/selection/files.ts';
import { type ManifestFile, manifestFile } from '../../../../runner/selection/manifest-file.ts';
import { type SelectionFiles, selectNodes } from '../../../../runner/selection/selection.ts';
import { tokenForm } from '../../../../runner/selection/token-form.ts';
import { TemporaryProject } from '../../../integration/temporary-project.ts';

const before: Readonly<Record<string, string>> = {
  'project.yml': 'name: shop\nmodels:\n  marts: { +materialized: table }\n',
  'macros/cents.sql': '({{amount}} / 100)',
  'macros/money.sql': 'round({{> cents amount=amount}}, 2)',
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: orders }] }]',
  'models/stg.sql': 'select id, amount from {{source "raw" "orders"}}',
  'models/marts/sales.sql': 'select id, {{> money amount="amount"}} as amount from {{ref "stg"}}',
  'models/marts/sales.yml': `models:
  - name: sales
    description: What was sold.
    config: { meta: { owner: anna }, contract: { enforced: true } }
    columns: [{ name: id, data_type: bigint, description: The order. }, { name: amount, data_type: numeric }]
  - { name: refunds, description: None., config: { persist_docs: { relation: false, columns: false } } }
exposures: [{ name: report, type: dashboard, owner: { email: a@example.org }, depends_on: [ref('sales')] }]
`,
  'models/marts/refunds.sql': 'select id from {{ref "stg"}}',
  'seeds/rooms.csv': 'room\nkitchen\n',
  'seeds/rooms.yml': 'seeds: [{ name: rooms, columns: [{ name: room, data_tests: [not_null] }] }]',
  'tests/adds_up.sql': 'select 1 from {{ref "sales"}} where amount < 0',
};

let comparing: SelectionFiles;
beforeAll(async () => {
  comparing = await comparingFiles();
});

/** The manifest of some files; a text of the empty string is a file that is not there. */
function compiled<T>(files: Readonly<Record<string, string>>, work: (project: TemporaryProject) => T): T {
  const there = Object.fromEntries(Object.entries({ ...before, ...files }).filter(([, text]) => text !== ''));
  const project = new TemporaryProject(there);
  try {
    return work(project);
  } finally {
    project.dispose();
  }
}

const old = compiled({}, (project) => manifestFile(project.compile(), '2024-01-01T00:00:00Z'));

/** What is selected after a change, against the manifest of before. */
function select(change: Readonly<Record<string, string>>, selector: string, manifest: ManifestFile = old): string {
  return compiled(change, (project) => {
    project.write({ 'state/manifest.json': JSON.stringify(manifest) });
    const now = project.compile();
    const { ids } = selectNodes(
      now,
      { select: [selector], indirect: 'empty', state: `${project.root}/state` },
      comparing,
    );
    return [...ids]
      .map((id) => now.manifest.nodes.get(id)?.name ?? id)
      .sort()
      .join(' ');
  });
}

const yml = before['models/marts/sales.yml'] ?? '';

describe('what has changed since an earlier manifest', () => {
  it.each([
    ['nothing', {}, 'state:modified', ''],
    ['nothing', {}, 'state:unmodified', 'adds_up not_null_rooms_room raw.orders refunds report rooms sales stg'],
    [
      'a comment, blanks and the case of words',
      { 'models/stg.sql': 'SELECT\n  id, -- the order\n  AMOUNT\nFROM {{ source "raw"  "orders" }}\n;' },
      'state:modified',
      '',
    ],
    [
      'a comment of Handlebars',
      { 'models/stg.sql': `{{!-- all -- }} of them --}}${before['models/stg.sql']}` },
      'state:modified',
      '',
    ],
    [
      'the SQL of a model',
      { 'models/stg.sql': 'select id, amount + 1 as amount from {{source "raw" "orders"}}' },
      'state:modified',
      'stg',
    ],
    [
      'the SQL of a model',
      { 'models/stg.sql': 'select id, amount + 1 as amount from {{source "raw" "orders"}}' },
      'state:modified.body',
      'stg',
    ],
    [
      'the SQL of a model',
      { 'models/stg.sql': 'select id, amount + 1 as amount from {{source "raw" "orders"}}' },
      'state:modified.configs',
      '',
    ],
    [
      'and what follows',
      { 'models/stg.sql': 'select id, 1 as amount from {{source "raw" "orders"}}' },
      'state:modified+',
      'adds_up refunds report sales stg',
    ],
    [
      'a text in quotes',
      { 'models/marts/refunds.sql': `select 'A' as id from {{ref "stg"}}` },
      'state:modified',
      'refunds',
    ],
    ['a macro', { 'macros/money.sql': 'round({{> cents amount=amount}}, 3)' }, 'state:modified', 'sales'],
    ['a macro of a macro', { 'macros/cents.sql': '({{amount}} / 1000)' }, 'state:modified.macros', 'sales'],
    ['a macro of a macro', { 'macros/cents.sql': '({{amount}} / 1000)' }, 'state:modified.body', ''],
    ['parentheses of a macro', { 'macros/cents.sql': '(({{amount}})\n/ 100)' }, 'state:modified', ''],
    [
      'parentheses and quotes that change nothing',
      { 'models/stg.sql': 'select (id), "amount" from {{source "raw" "orders"}}' },
      'state:modified',
      '',
    ],
    ['a comment of a macro', { 'macros/cents.sql': '({{amount}} /  100 /* cents */)' }, 'state:modified', ''],
    [
      'a setting of a folder',
      { 'project.yml': 'name: shop\nmodels:\n  marts: { +materialized: view }\n' },
      'state:modified.configs',
      'refunds sales',
    ],
    [
      'a setting in a .yml',
      { 'models/marts/sales.yml': yml.replace('anna', 'bob') },
      'state:modified.configs',
      'sales',
    ],
    ['a tag alone', { 'project.yml': `${before['project.yml']}  +tags: [nightly]\n` }, 'state:modified', ''],
    [
      'a schema',
      { 'project.yml': `${before['project.yml']}  +schema: other\n` },
      'state:modified.relation',
      'refunds sales stg',
    ],
    ['a schema', { 'project.yml': `${before['project.yml']}  +schema: other\n` }, 'state:modified.configs', ''],
    [
      'the schema of a source',
      { 'models/sources.yml': 'sources: [{ name: raw, schema: landed, tables: [{ name: orders }] }]' },
      'state:modified',
      'raw.orders',
    ],
    [
      'a description',
      { 'models/marts/sales.yml': yml.replace('was sold', 'we sold') },
      'state:modified.persisted_descriptions',
      'sales',
    ],
    [
      'the description of a column',
      { 'models/marts/sales.yml': yml.replace('The order', 'An order') },
      'state:modified',
      'sales',
    ],
    [
      'a description that is not persisted',
      { 'models/marts/sales.yml': yml.replace('None', 'Nothing') },
      'state:modified',
      '',
    ],
    [
      'the type of a contract',
      { 'models/marts/sales.yml': yml.replace('bigint', 'integer') },
      'state:modified.contract',
      'sales',
    ],
    [
      'an end of a contract',
      { 'models/marts/sales.yml': yml.replace('enforced: true', 'enforced: false') },
      'state:modified.contract',
      'sales',
    ],
    ['a row of a seed', { 'seeds/rooms.csv': 'room\nbathroom\n' }, 'state:modified', 'rooms'],
    ['line breaks of a seed', { 'seeds/rooms.csv': 'room\r\nkitchen\r\n' }, 'state:modified', ''],
    [
      'a singular test',
      { 'tests/adds_up.sql': 'select 1 from {{ref "sales"}} where amount < 1' },
      'state:modified',
      'adds_up',
    ],
    [
      'the severity of a test',
      {
        'seeds/rooms.yml':
          'seeds: [{ name: rooms, columns: [{ name: room, data_tests: [{ not_null: { severity: warn } }] }] }]',
      },
      'state:modified',
      'not_null_rooms_room',
    ],
    ['an exposure', { 'models/marts/sales.yml': yml.replace('dashboard', 'notebook') }, 'state:modified', 'report'],
    [
      'the folder of a model',
      { 'models/stg.sql': '', 'models/first/stg.sql': before['models/stg.sql'] ?? '' },
      'state:modified',
      'stg',
    ],
    ['a new model', { 'models/more.sql': 'select 1 as id' }, 'state:new', 'more'],
    ['a new model', { 'models/more.sql': 'select 1 as id' }, 'state:modified', 'more'],
    ['a new model', { 'models/more.sql': 'select 1 as id' }, 'state:modified.body', 'more'],
    ['a new model', { 'models/more.sql': 'select 1 as id' }, 'state:old,resource_type:model', 'refunds sales stg'],
  ])('%s (%#): %j is of %s: %s', (_what, change, selector, expected) => {
    expect(select(change, selector)).toBe(expected);
  });

  it('is refused for a state that there is not, and without a manifest', () => {
    expect(() => select({}, 'state:modifed')).toThrow(
      expect.objectContaining({ message: '"modifed" is no state', hint: 'Did you mean "modified"?' }),
    );
    compiled({}, (project) => {
      const now = project.compile();
      expect(() => selectNodes(now, { select: ['state:new'] }, selectionFiles)).toThrow(
        '"state:new" needs a manifest.json',
      );
      expect(() => selectNodes(now, { select: ['stg'], state: `${project.root}/nowhere` }, selectionFiles)).toThrow(
        'there is no folder',
      );
      project.write({ 'state/manifest.json': '{ "nodes": [] }' });
      expect(() => selectNodes(now, { select: ['stg'], state: `${project.root}/state` }, selectionFiles)).toThrow(
        'cannot be read',
      );
    });
  });
});

describe('what became of nodes', () => {
  const results = (...all: [string, string][]) =>
    JSON.stringify({ results: all.map(([id, status]) => ({ unique_id: id, status })) });
  const sources = (at: string | null) =>
    JSON.stringify({ results: [{ unique_id: 'source.shop.raw.orders', max_loaded_at: at, status: 'pass' }] });

  it('in the last run, or in that of --state', () => {
    compiled({}, (project) => {
      project.write({
        'target/run_results.json': results(['model.shop.stg', 'success'], ['model.shop.sales', 'error']),
        'state/run_results.json': results(['model.shop.refunds', 'error'], ['test.shop.adds_up', 'fail']),
      });
      const now = project.compile();
      const of = (selector: string, state?: string) =>
        [...selectNodes(now, { select: [selector], indirect: 'empty', state }, selectionFiles).ids].sort();
      expect(of('result:error')).toEqual(['model.sales']);
      expect(of('result:success+1')).toEqual(['model.refunds', 'model.sales', 'model.stg']);
      expect(of('result:error result:fail', `${project.root}/state`)).toEqual(['model.refunds', 'test.adds_up']);
      expect(of('result:skipped')).toEqual([]);
    });
  });

  it('and sources with rows that are newer than they were', () => {
    compiled({}, (project) => {
      const of = (then: string | null, now: string | null) => {
        project.write({ 'state/sources.json': sources(then), 'target/sources.json': sources(now) });
        const { ids } = selectNodes(
          project.compile(),
          {
            select: ['source_status:fresher+1'],
            indirect: 'empty',
            state: `${project.root}/state`,
          },
          selectionFiles,
        );
        return [...ids].sort();
      };
      const fresher = ['model.stg', 'source.raw.orders'];
      expect(of('2024-01-01T00:00:00Z', '2024-01-01T00:00:01Z')).toEqual(fresher);
      expect(of('2024-01-01T01:00:00+01:00', '2024-01-01T00:00:00Z')).toEqual([]);
      expect(of(null, '2024-01-01T00:00:00Z')).toEqual(fresher);
      expect(of('2024-01-01T00:00:00Z', null)).toEqual([]);
    });
  });
});

describe('a template without what makes no difference', () => {
  it.each([
    ['select  a\n from t', 'SELECT a FROM t -- all'],
    ['select "A"', 'select /* x /* y */ */ "A"'],
    [`select '{{a}}' from x`, `select '{{ a }}' from x;`],
    ['{{#if a}}x{{/if}}', '{{#if  a}} x {{/if}}'],
    ['select {{{a}}}, b', 'select {{{ a }}} , b'],
    ['a{{b}}c', 'A{{~b~}}C'],
  ])('%j is %j', (one, other) => expect(tokenForm(one)).toBe(tokenForm(other)));

  it.each([
    ['select "a"', 'select "A"'],
    [`select 'a'`, `select 'A'`],
    ['select a b', 'select ab'],
    ['{{ref "a"}}', '{{ref "b"}}'],
    ['a{{b}}', 'a {{b}}'],
  ])('%j is not %j', (one, other) => expect(tokenForm(one)).not.toBe(tokenForm(other)));
});
