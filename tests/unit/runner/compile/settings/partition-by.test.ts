import { describe, expect, it } from 'vitest';
import { partitioningOf } from '../../../../../runner/manifest/manifest.ts';
import { isPartitionName, partitionPrefix } from '../../../../../runner/manifest/partition-names.ts';
import { formatProblem } from '../../../../../runner/text/errors.ts';
import { compileFiles, modelOf, problemsOf } from '../../projects.ts';

const monthly = 'partition_by: { column: at, granularity: month }';
const model = (config: string, more = '', materialized = 'table') => ({
  'models/t.sql': `{{config materialized="${materialized}"}}select 1 as id, now() as at`,
  'models/t.yml': `models:\n  - name: t\n    config: { ${config} }\n${more}`,
});
const columns = (type: string) => `    columns: [{ name: id }, { name: at, data_type: ${type} }]\n`;

describe('partition_by', () => {
  it('is by UTC unless it names a time zone', () => {
    expect(partitioningOf(modelOf(compileFiles(model(monthly)), 't'))).toEqual({
      column: 'at',
      granularity: 'month',
      timeZone: 'UTC',
    });
    const zoned = 'partition_by: { column: at, granularity: day, time_zone: Europe/Zurich }';
    expect(partitioningOf(modelOf(compileFiles(model(zoned, columns('timestamptz'))), 't'))).toEqual({
      column: 'at',
      granularity: 'day',
      timeZone: 'Europe/Zurich',
    });
  });

  it('set for a folder counts for the tables there that declare the column', () => {
    const compiled = compileFiles({
      'project.yml':
        'name: test\nmodels: { +materialized: table, +partition_by: { column: at, granularity: month } }\nseeds: { +partition_by: { column: at, granularity: day } }\n',
      'models/with.sql': 'select now() as at',
      'models/without.sql': 'select 1',
      'models/view.sql': '{{config materialized="view"}}select now() as at',
      'models/out.sql': 'select now() as at',
      'seeds/s.csv': 'at\n2024-01-01\n',
      'models/all.yml': `models:
  - { name: with, columns: [{ name: at }] }
  - { name: view, columns: [{ name: at }] }
  - { name: out, config: { partition_by: false }, columns: [{ name: at }] }
`,
    });
    expect(partitioningOf(modelOf(compiled, 'with'))?.column).toBe('at');
    for (const name of ['without', 'view', 'out']) expect(partitioningOf(modelOf(compiled, name))).toBeUndefined();
  });

  const key = 'Add the column to the key';
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string, string])[] = [
    [
      'an unknown granularity',
      model('partition_by: { column: at, granularity: week }'),
      'models/t.yml:3:56: t: partition_by knows no granularity "week"',
      'Write month or day.',
    ],
    [
      'an unknown key',
      model('partition_by: { column: at, granularity: month, timezone: UTC }'),
      'models/t.yml:3:63: "timezone" is not a known key',
      'Did you mean "time_zone"',
    ],
    [
      'a view',
      model(monthly, '', 'view'),
      'models/t.yml:3:29: t: partition_by is for tables, and this is a view',
      'materialized="table"',
    ],
    ['an ephemeral model', model(monthly, '', 'ephemeral'), 'this is an ephemeral', 'materialized="table"'],
    [
      'a snapshot',
      model(`${monthly}, unique_key: [id, at], strategy: check, check_cols: all`, '', 'snapshot'),
      'this is a snapshot',
      'Take it out',
    ],
    [
      'a seed',
      { 'seeds/s.csv': 'at\n2024-01-01\n', 'seeds/s.yml': `seeds: [{ name: s, config: { ${monthly} } }]` },
      'seeds/s.yml:1:44: s: partition_by is for tables, and this is a seed',
      'Take it out',
    ],
    [
      'a column that says no time',
      model(monthly, columns('text')),
      'models/t.yml:3:39: t: partition_by needs a column of type date',
      'Name another column',
    ],
    [
      'a time zone that is none',
      model('partition_by: { column: at, granularity: month, time_zone: Europe/Zürich }'),
      '"Europe/Zürich" is no time zone',
      'Did you mean "Europe/Zurich"?',
    ],
    [
      'a time zone of a date',
      model('partition_by: { column: at, granularity: month, time_zone: Europe/Zurich }', columns('date')),
      '"at" is date, whose months and days are the same in every time zone',
      'Take time_zone out',
    ],
    [
      'a unique_key without the column',
      model(`${monthly}, unique_key: id`),
      'models/t.yml:3:77: t: unique_key (id) must hold "at"',
      key,
    ],
    [
      'a surrogate key',
      model(`${monthly}, unique_key: [id, at], surrogate_key: k`),
      'a partitioned table has no surrogate_key',
      'Take one of the two out',
    ],
    [
      'a primary key without the column',
      model(monthly, '    constraints: [{ type: primary_key, columns: id }]\n'),
      'models/t.yml:4:19: t: primary_key (id) must hold "at"',
      key,
    ],
    [
      'a unique column',
      model(monthly, '    columns: [{ name: id, constraints: [{ type: unique }] }]\n'),
      'unique (id) must hold "at"',
      key,
    ],
    [
      'a unique index without the column',
      model(`${monthly}, indexes: [{ columns: id, unique: true }]`),
      'the unique index on (id) must hold "at"',
      key,
    ],
    [
      'a unique index of an expression',
      model(`${monthly}, indexes: [{ expressions: [lower(id)], unique: true }]`),
      'the unique index on (lower(id)) must hold "at"',
      key,
    ],
    [
      'a model with the name of a partition',
      { ...model(monthly), 'models/t_2023_10.sql': 'select 1' },
      "a partition of it may have to be called t_2023_10, which is the name of t_2023_10's table",
      'another alias',
    ],
  ];

  it.each(cases)('refuses %s', (_, files, message, hint) => {
    const [problem, ...others] = problemsOf(files).map((problem) => formatProblem(problem));
    expect(others).toEqual([]);
    expect(problem).toContain(message);
    expect(problem).toContain(hint);
  });
});

describe('the names of partitions', () => {
  it('begin with that of the table, cut and made its own where it is too long', () => {
    expect(partitionPrefix('visits', 'month')).toBe('visits');
    const long = ['a', 'b'].map((end) => partitionPrefix('ü'.repeat(30) + end, 'day'));
    expect(long.map((name) => Buffer.byteLength(name) + '_12023_10_24'.length)).toEqual([63, 63]);
    expect(new Set(long).size).toBe(2);
  });

  it('are known again', () => {
    expect(isPartitionName('visits_2023_10', 'visits', 'month')).toBe(true);
    expect(isPartitionName('visits_2023_10_24', 'visits', 'day')).toBe(true);
    for (const other of ['visits', 'visits_2023', 'visits_2023_10_24', 'visits2023_10'])
      expect(isPartitionName(other, 'visits', 'month')).toBe(false);
  });
});
