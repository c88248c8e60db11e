import { expect, test } from 'vitest';
import { convertProject } from '../../../../cli/convert/convert.ts';
import { openPglite } from '../../../../warehouse/pglite.ts';

/** The text of a model after conversion, and what is left to do in it. */
function converted(text: string, others: readonly { readonly path: string; readonly text: string }[] = []) {
  const { files, tasks } = convertProject([{ path: 'models/a.sql', text }, ...others]);
  return {
    text: files.find(({ path }) => path === 'models/a.sql')?.text,
    tasks: tasks.map(({ line, what }) => `${line}: ${what}`),
  };
}

test.each([
  ["{{ ref('x') }}", '{{ref "x"}}'],
  ["{{ ref('p', 'x', v=2) }}", '{{ref "p" "x" v=2}}'],
  [
    '{% if is_incremental() and x and y %}a{% else %}b{% endif %}',
    '{{#incremental}}{{#if (and x y)}}a{{else}}b{{/if}}{{else}}b{{/incremental}}',
  ],
  [
    '{% if is_incremental() and x %}a{% elif y %}b{% else %}c{% endif %}',
    '{{#incremental}}{{#if x}}a{{else if y}}b{{else}}c{{/if}}{{else}}{{#if y}}b{{else}}c{{/if}}{{/incremental}}',
  ],
  ["{{ 'a' + b + 'c' }} {{ ' d ' | trim }} {{ e | string }}", 'a{{b}}c d {{e}}'],
  [
    '{{ 12345678901234567890 }} {{ -1.50 }} {{ var("x", 12345678901234567890) }}',
    '12345678901234567890 -1.5 {{var "x" "12345678901234567890"}}',
  ],
  ["{{- source('a', 'b') -}}", '{{source "a" "b"}}'],
  ["{{ config(tags=['a', 'b'], meta={'k': 1}) }}", '{{config tags=(list "a" "b") meta=(object k=1)}}'],
  ["{{ var('x') | default(3) }} {{ env_var('X', 'y') }}", '{{var "x" 3}} {{env "X" "y"}}'],
  ['{% if is_incremental() %}a{% else %}b{% endif %}', '{{#incremental}}a{{else}}b{{/incremental}}'],
  ['{% if not is_incremental() %}a{% endif %}', '{{^incremental}}a{{/incremental}}'],
  [
    "{% if target.name == 'x' or not y %}a{% elif z is none %}b{% else %}c{% endif %}",
    '{{#if (or (eq target.name "x") (not y))}}a{{else if (not z)}}b{{else}}c{{/if}}',
  ],
  [
    '{% for a in [1, 2] %}{{ a }}{{ b }}{% if not loop.last %},{% endif %}{% endfor %}',
    '{{#each (list 1 2) as |a|}}{{a}}{{../b}}{{#if (not @last)}},{{/if}}{{/each}}',
  ],
  ["{{ 'a' ~ b | join('-') }} {{ 'x' | upper }}", 'a{{join b "-"}} X'],
  // Filters of constants, as Jinja computes them.
  [
    "{{ 'a b-c' | title }} {{ 'ABC' | lower | capitalize }} {{ 'a.b' | replace('.', '_') }} {{ ['a', 'b'] | join(', ') }}",
    'A B-C Abc a_b a, b',
  ],
  [
    "{{ ['a', 'b'] | length }} {{ '12' | int }} {{ 2.5 | round | int }} {{ 3.5 | round | int }} {{ ['a', 'b'] | last }}",
    '2 12 2 4 b',
  ],
  ["{{ '' | default('x', true) }} {{ ['c'] | first | upper }}", 'x C'],
  ["{% set xs = ['a', 'b'] %}{{ xs | join('-') | upper }} {{ xs | length }}", '{{set xs=(list "a" "b")}}A-B 2'],
  [
    "{% for x in ['a', 'b'] %}{{ loop.index }} of {{ loop.length }}{% endfor %}",
    '{{#each (list "a" "b") as |x|}}{{lookup (list 1 2) @index}} of 2{{/each}}',
  ],
  ["{{ '{#' }} {{ ref('x') }} {# note #}{{ ref('y') }}", '{# {{ref "x"}} {{!-- note --}}{{ref "y"}}'],
  // Braces within braces, as Jinja reads them.
  ["{{ config(meta={'a': {'b': 1}}) }}x", '{{config meta=(object a=(object b=1))}}x'],
  ["{% set x = {'a': {'b': '}}'}} %}y", '{{set x=(object a=(object b="}}"))}}y'],
  ["{{ 'x' if y else 'z' }}", '{{#if y}}x{{else}}z{{/if}}'],
  ['a {%- if b -%} c {%- endif %} d', 'a{{#if b}}c{{/if}} d'],
  ['{# a -- b #}', '{{!-- a - - b --}}'],
  ['{% raw %}{{ x }}{% endraw %}', '\\{{ x }}'],
])('%s', (jinja, ours) => {
  expect(converted(jinja)).toEqual({ text: ours, tasks: [] });
});

test('what is not known for certain is left to be done, with its line', () => {
  const left = (text: string) => converted(text).tasks;
  expect(left("{% set xs = ['a'] %}{% do xs.append('b') %}{{ xs | last }}")).toEqual([
    "1: there is no xs.append: of a package, copy the macro into macros/; of Python, write it in SQL: {% do xs.append('b') %}",
    '1: the filter "last" has no counterpart: do it in SQL: {{ xs | last }}',
  ]);
  expect(left('{% for x in xs %}{{ loop.index }}{% endfor %}')).toEqual([
    '1: loop.index has no counterpart; there are @first, @last and @index: {{ loop.index }}',
  ]);
  expect(left('{{ 4.25 | round(1) }} {{ y | upper }}')).toEqual([
    '1: the filter "round" has no counterpart: do it in SQL: {{ 4.25 | round(1) }}',
    '1: the filter "upper" has no counterpart: do it in SQL: {{ y | upper }}',
  ]);
});

const day = "dbt.datediff('a', 'b', 'day')";
test.each([
  [`{{ ${day} }}`, '((b)::date - (a)::date)'],
  ["{{ dbt.safe_cast('a', dbt.type_int()) }}", 'cast(a as int)'],
  ["{{ dbt.position(\"'x'\", 'a') }}", "position('x' in a)"],
  [
    "{{ dbt_utils.pivot('size', ['S', \"L'\"], agg='max', then_value='qty', else_value='null', prefix='is_') }}",
    `max(case when size = 'S' then qty else null end) as "is_S",\n    max(case when size = 'L''' then qty else null end) as "is_L'"`,
  ],
  ['{{ dbt.listagg(measure="a", order_by_clause="order by a") }}', "string_agg(a, ',' order by a)"],
  ["{{ dbt.last_day('a', 'month') }}", "(date_trunc('month', a) + interval '1 month' - interval '1 day')::date"],
  [
    "{{ dbt_utils.deduplicate(relation=ref('x'), partition_by='a, b', order_by='at desc') }}",
    'select distinct on (a, b) * from {{ref "x"}} order by a, b, at desc',
  ],
])('of what dbt brings, %s becomes SQL', (jinja, sql) => {
  expect(converted(jinja)).toEqual({ text: sql, tasks: [] });
});

test('differences of times are those that dbt counts', async () => {
  const cases = [
    [
      '2024-02-29 23:59:59',
      '2024-03-01 00:00:00',
      { day: 1, week: 0, month: 1, quarter: 0, year: 0, hour: 1, minute: 1, second: 1 },
    ],
    ['2023-12-30 10:00:00', '2024-01-07 09:30:00', { day: 8, week: 2, month: 1, quarter: 1, year: 1, hour: 191 }],
    ['2024-01-07 09:30:00', '2024-01-01 09:30:00', { day: -6, week: -1, month: 0, year: 0, hour: -144 }],
  ] as const;
  const wanted = cases.flatMap(([from, to, parts]) =>
    Object.entries(parts).map(([part, number]) => ({ from, to, part, number })),
  );
  const columns = wanted.map(
    ({ from, to, part }) => converted(`{{ dbt.datediff("'${from}'", "'${to}'", '${part}') }}`).text,
  );
  const warehouse = await openPglite({ folder: 'memory://', applicationName: 'tests', settings: {} });
  try {
    const { rows } = await warehouse.query<{ found: string[] }>(`select array[${columns.join(', ')}]::text[] as found`);
    expect(rows[0]?.found).toEqual(wanted.map(({ number }) => `${number}`));
  } finally {
    await warehouse.close();
  }
});

test('a macro gets its arguments by name, with its defaults, and the one for PostgreSQL is taken', () => {
  const macros = {
    path: 'macros/m.sql',
    text: "{# what it does #}\n{% macro m(a, b='x') %}{{ return(adapter.dispatch('m')(a, b)) }}{% endmacro %}\n{% macro default__m(a, b) %}d{% endmacro %}\n{% macro postgres__m(a, b) %}{{ a }}{% endmacro %}",
  };
  expect(converted("{{ m('c') }}", [macros]).text).toBe('{{> m a="c" b="x"}}');
  const { files } = convertProject([macros]);
  expect(files.filter(({ path }) => path.startsWith('macros/'))).toEqual([
    { path: 'macros/m.sql', text: '{{!-- what it does --}}\n{{a}}' },
  ]);
  expect(files).toContainEqual({ path: 'not-converted/macros/default__m.sql.txt', text: 'd' });
});

test('what has no counterpart stays as a comment and is listed at its line', () => {
  const left = [
    "{% set rows = run_query('select 1') %}",
    '{% if a > 1 %}b{% endif %}',
    '{{ 1 + 2 }}',
    '{{ a + b }}',
    '{{ x | replace("a", "b") }}',
    '{{ nobody(1) }}',
    '{% for a in b if c %}d{% endfor %}',
    '{{ loop.index }}',
    '{% do list.append(1) %}',
    "{{ dbt_utils.star(ref('x'), except=['a']) }}",
    '{% call statement() %}e{% endcall %}',
    '{{ adapter.get_columns_in_relation(this) }}',
    '{% set x %}text{% endset %}',
  ];
  const { text, tasks } = converted(left.join('\n'));
  expect(tasks.map((task) => Number.parseInt(task, 10))).toEqual(left.map((_, index) => index + 1));
  for (const line of (text ?? '').split('\n')) expect(line).toMatch(/^\{\{!-- CONVERT: /);
});

test('files that have no place here are kept aside and listed', () => {
  const { files, tasks } = convertProject([
    { path: 'packages.yml', text: 'packages: []' },
    { path: 'models/a.py', text: 'def model' },
    { path: 'tests/a.yml', text: 'data_tests: []' },
    { path: 'models/m.yml', text: 'version: 2\nmetrics:\n  - name: x\n' },
    { path: 'profiles.yml', text: 'password: secret' },
  ]);
  expect(tasks.map(({ file }) => file)).toEqual([
    'models/a.py',
    'models/m.yml',
    'packages.yml',
    'profiles.yml',
    'tests/a.yml',
  ]);
  expect(files.map(({ path }) => path).sort()).toEqual([
    'models/m.yml',
    'not-converted/models/a.py.txt',
    'not-converted/packages.yml.txt',
    'not-converted/tests/a.yml.txt',
  ]);
  expect(files.find(({ path }) => path === 'models/m.yml')?.text).toContain('# CONVERT: {"metrics"');
  expect(JSON.stringify(files)).not.toContain('secret');
});

test('`is_incremental() and x or y` is no condition of the incremental form alone, and is listed', () => {
  expect(converted('{% if is_incremental() and x or y %}a{% endif %}').tasks).toEqual([
    expect.stringMatching(/^1: .*is_incremental/),
  ]);
});

test('filters that are left out are listed', () => {
  const filters = ['{{ a | trim }}', '{% set b = a | list %}', '{% if a | as_bool %}{% endif %}'];
  const { text, tasks } = converted(filters.join('\n'));
  expect(text).toBe('{{a}}\n{{set b=a}}\n{{#if a}}{{/if}}');
  expect(tasks.map((task) => task.slice(0, task.indexOf(' has')))).toEqual([
    '1: the filter "trim"',
    '2: the filter "list"',
    '3: the filter "as_bool"',
  ]);
});

test('a macro within a comment is none, and what is not taken over from a file of macros is listed at its line', () => {
  const text =
    '{# {% macro old(a) %}x{% endmacro %} #}\n{% macro m(a) %}{# {% endmacro %} #}{{ a }}{% endmacro %}\n\nselect 1\n{% macro default__m(a) %}\nd{% endmacro %}\n{% materialization z, default %}e{% endmaterialization %}';
  const { files, tasks } = convertProject([{ path: 'macros/m.sql', text }]);
  expect(files.find(({ path }) => path === 'macros/m.sql')?.text).toBe(
    '{{!-- {% macro old(a) %}x{% endmacro %} --}}\n{{!-- {% endmacro %} --}}{{a}}',
  );
  expect(files.map(({ path }) => path).sort()).toEqual([
    'macros/m.sql',
    'not-converted/macros/default__m.sql.txt',
    'not-converted/macros/m.sql.txt',
    'not-converted/macros/z.sql.txt',
  ]);
  expect(tasks.map(({ file, line }) => `${file}:${line}`)).toEqual([
    'macros/m.sql:4',
    'macros/m.sql:5',
    'macros/m.sql:7',
  ]);
});

test('paths that name nested folders, or folders without texts, stay', () => {
  const text = 'name: p\nmodel-paths: [models/core/, models/gone]\nseed-paths: [data]\n';
  const { files } = convertProject([{ path: 'dbt_project.yml', text }], ['models/core/a.sql', 'data/b.csv']);
  expect(files[0]?.text).toBe('name: p\nmodel-paths:\n  - models/core\nseed-paths:\n  - data\n');
});
