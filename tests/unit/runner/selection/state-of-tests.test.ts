import { describe, expect, it } from 'vitest';
import { comparingFiles } from '../../../../runner/selection/files.ts';
import { manifestFile } from '../../../../runner/selection/manifest-file.ts';
import { selectNodes } from '../../../../runner/selection/selection.ts';
import { TemporaryProject } from '../../../integration/temporary-project.ts';

const before = {
  'project.yml': 'name: shop\nvars: { rate: 3 }\n',
  'macros/cents.sql': '({{amount}} / 100)',
  'macros/late.sql': 'current_date - 1',
  'macros/words.sql': '{{return (list "a" "b")}}',
  'macros/generate_schema_name.sql': '{{#if custom_schema_name}}{{custom_schema_name}}{{else}}main{{/if}}',
  'models/orders.sql': `select id, 'a' as status, {{> cents amount="amount"}} as amount from {{ref "raw"}}`,
  'models/words.sql': `select {{#each (call "words") as |word|}}'{{word}}' as {{word}},{{/each}} 1 as id`,
  'models/hooked.sql': '{{config post_hook="select {{> late}}"}}select 1 as id',
  'models/orders.yml': `models:
  - name: orders
    columns:
      - name: status
        data_tests: [{ accepted_values: { arguments: { values: [a, b] } } }]
      - name: amount
        data_tests: [{ at_least: { arguments: { lowest: 1 } } }]
unit_tests:
  - name: in_francs
    model: orders
    overrides: { vars: { rate: 1 } }
    given: [{ input: ref('raw'), rows: [{ id: 1, amount: 200 }] }]
    expect: { rows: [{ id: 1, amount: 2 }] }
`,
  'seeds/raw.csv': 'id,amount\n1,100\n',
  'tests/generic/at_least.sql':
    '{{arguments lowest="number"}}select * from {{model}} where {{column_name}} < {{lowest}}',
  'tests/not_late.sql': 'select 1 from {{ref "orders"}} where current_date < {{> late}}',
} as const;

type Change = Readonly<Partial<Record<keyof typeof before | 'macros/generate_alias_name.sql', string>>>;

function manifestOf(change: Change) {
  const project = new TemporaryProject({ ...before, ...change });
  try {
    return manifestFile(project.compile(), '');
  } finally {
    project.dispose();
  }
}

const old = JSON.stringify(manifestOf({}));

/** What is modified by a change. */
async function modified(change: Change, selector = 'state:modified'): Promise<string> {
  const project = new TemporaryProject({ ...before, ...change, 'state/manifest.json': old });
  try {
    const now = project.compile();
    const selection = { select: [selector], indirect: 'empty', state: `${project.root}/state` } as const;
    const { ids } = selectNodes(now, selection, await comparingFiles());
    return [...ids]
      .map((id) => now.manifest.nodes.get(id)?.name ?? id)
      .sort()
      .join(' ');
  } finally {
    project.dispose();
  }
}

const yml = before['models/orders.yml'];
const built = 'hooked orders raw words';

describe('state:modified, of tests and by macros', () => {
  it.each<[string, Change, string]>([
    ['nothing', {}, ''],
    ['the values of a test', { 'models/orders.yml': yml.replace('[a, b]', '[a, c]') }, 'accepted_values_orders_status'],
    ['the number of a test', { 'models/orders.yml': yml.replace('lowest: 1', 'lowest: 2') }, 'at_least_orders_amount'],
    ['a line above a test', { 'models/orders.yml': `# all\n${yml}` }, ''],
    [
      'the SQL of a generic test',
      { 'tests/generic/at_least.sql': before['tests/generic/at_least.sql'].replace('<', '<=') },
      'at_least_orders_amount',
    ],
    [
      'the form of a generic test',
      { 'tests/generic/at_least.sql': before['tests/generic/at_least.sql'].replace('select *', 'SELECT  *') },
      '',
    ],
    ['what a unit test is given', { 'models/orders.yml': yml.replace('amount: 200', 'amount: 300') }, 'in_francs'],
    ['what it expects', { 'models/orders.yml': yml.replace('amount: 2 ', 'amount: 3 ') }, 'in_francs'],
    ['what it overrides', { 'models/orders.yml': yml.replace('rate: 1', 'rate: 2') }, 'in_francs'],
    ['the model of a unit test', { 'models/orders.sql': `${before['models/orders.sql']} where true` }, 'orders'],
    ['a macro of a singular test and of a hook', { 'macros/late.sql': 'current_date - 2' }, 'hooked not_late'],
    ['a macro that yields a list', { 'macros/words.sql': '{{return (list "a" "c")}}' }, 'words'],
    [
      'the macro that names schemas',
      { 'macros/generate_schema_name.sql': before['macros/generate_schema_name.sql'].replace('main', 'other') },
      built,
    ],
    ['a macro that names relations, and is new', { 'macros/generate_alias_name.sql': '{{node.name}}' }, built],
  ])('%s', async (_what, change, expected) => expect(await modified(change)).toBe(expected));

  it('is told by what has changed', async () => {
    const values = { 'models/orders.yml': yml.replace('[a, b]', '[a, c]') };
    expect(await modified(values, 'state:modified.body')).toBe('accepted_values_orders_status');
    expect(await modified({ 'macros/late.sql': 'now()' }, 'state:modified.macros')).toBe('hooked not_late');
    expect(await modified({ 'macros/late.sql': 'now()' }, 'state:modified.body')).toBe('');
  });
});
