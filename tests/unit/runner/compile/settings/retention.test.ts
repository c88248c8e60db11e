import { describe, expect, it } from 'vitest';
import { periodBefore, retentionOf } from '../../../../../runner/compile/settings/retention.ts';
import { dayLiteral, eventTimeTypes, keptOf } from '../../../../../runner/plan/lost-rows.ts';
import { compileFiles, modelOf, problemsOf } from '../../projects.ts';

const files = (retention: string) => ({
  'project.yml': `name: test\nretention: ${retention}\n`,
  'models/silver/readings.sql': '{{config materialized="table" event_time="at"}}select now() as at',
  'models/silver/notes.sql': '{{config materialized="table"}}select 1 as id',
  'models/gold/days.sql':
    '{{config materialized="incremental" unique_key="day" event_time="day"}}select date \'2024-01-01\' as day',
  'models/gold/shown.sql': 'select 1 as id',
});

const kept = (retention: string) => {
  const { manifest, project } = compileFiles(files(retention));
  return retentionOf(project, manifest.nodes).map(({ model, keep }) => `${model.name} ${keep.amount} ${keep.unit}`);
};

describe('how long rows are kept', () => {
  it.each([
    ['nothing is set', '{}', []],
    ['a layer: its tables with an event_time', '{ silver: 2 years }', ['readings 2 year']],
    ['a model', '{ days: 30 days }', ['days 30 day']],
    [
      'a model over its layer',
      '{ gold: 5 years, days: 6 months, silver: 1 week }',
      ['days 6 month', 'readings 1 week'],
    ],
  ])('%s', (_name, retention, expected) => {
    expect(kept(retention).sort()).toEqual(expected);
  });

  it.each([
    ['a name that is nothing', '{ silve: 2 years }', '"silve" is no layer and no table', 'Did you mean "silver"?'],
    ['a view', '{ shown: 2 years }', '"shown" is no layer and no table', undefined],
    [
      'a table without event_time',
      '{ notes: 2 years }',
      'notes has no event_time: nothing says how old a row is',
      undefined,
    ],
  ])('refuses %s', (_name, retention, what, hint) => {
    const [problem, ...others] = problemsOf(files(retention));
    expect(others).toEqual([]);
    expect(problem?.what).toBe(what);
    expect(problem?.place).toMatchObject({ file: 'project.yml', line: 2 });
    if (hint !== undefined) expect(problem?.hint).toContain(hint);
  });

  it.each(['2', 'years', '0 days', '-1 days', '1.5 years', '2 fortnights', '', '2 years ago'])(
    'refuses the period "%s"',
    (text) => {
      expect(() => compileFiles(files(`{ silver: "${text}" }`))).toThrow(`"${text}" is no period`);
    },
  );
});

describe('the start of a period', () => {
  it.each([
    ['2024-05-17T23:59:59Z', 1, 'day', '2024-05-16'],
    ['2024-05-17T00:00:00Z', 2, 'week', '2024-05-03'],
    ['2024-05-31T12:00:00Z', 3, 'month', '2024-02-29'],
    ['2023-05-31T12:00:00Z', 3, 'month', '2023-02-28'],
    ['2024-01-15T12:00:00Z', 13, 'month', '2022-12-15'],
    ['2024-02-29T12:00:00Z', 1, 'year', '2023-02-28'],
    ['2026-11-21T12:00:00Z', 2, 'year', '2024-11-21'],
  ] as const)('%s less %d %s', (now, amount, unit, expected) => {
    expect(periodBefore(new Date(now), { amount, unit }).toISOString()).toBe(`${expected}T00:00:00.000Z`);
  });

  it('is written in every type that says a time', () => {
    const at = new Date('2024-02-09T00:00:00Z');
    expect(eventTimeTypes.map((type) => dayLiteral(type, at))).toEqual([
      "date '2024-02-09'",
      "timestamptz '2024-02-09 00:00:00+00'",
      "timestamp '2024-02-09 00:00:00'",
      '20240209',
      '202402090000',
    ]);
    expect(dayLiteral('text', at)).toBeUndefined();
  });
});

it('a rebuild keeps what is older than the youngest end of what it reads, and a day more', () => {
  const compiled = compileFiles(files('{}'));
  const ends = new Map([
    ['a', new Date('2023-01-01T00:00:00Z')],
    ['b', new Date('2023-03-01T00:00:00Z')],
  ]);
  expect(keptOf(modelOf(compiled, 'days'), ends)).toEqual({ column: 'day', before: new Date('2023-03-02T00:00:00Z') });
  expect(keptOf(modelOf(compiled, 'days'), new Map())).toBeUndefined();
  expect(keptOf(modelOf(compiled, 'notes'), ends)).toBeUndefined();
});
