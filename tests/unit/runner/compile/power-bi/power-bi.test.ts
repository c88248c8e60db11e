import { describe, expect, it } from 'vitest';
import { showing } from '../../../../../runner/compile/power-bi/showing.ts';
import type { Exposure } from '../../../../../runner/manifest/exposure.ts';
import { formatProblem } from '../../../../../runner/text/errors.ts';
import { formatPlace } from '../../../../../runner/text/place.ts';
import { selectedBy } from '../../../../integration/selected.ts';
import { compileFiles, modelOf, problemsOf } from '../../projects.ts';

/** A project of one exposed table `room`; each line of its .yml can be replaced or followed by others. */
const yml = `models:
  - name: room
    description: Rooms
    bi: { name: Room }
    constraints: [{ type: primary_key, columns: [room_key] }]
    columns:
      - name: room_key
        data_type: integer
      - name: area_m2
        data_type: double precision
      - name: is_odd
        data_type: boolean
`;

const base = { 'models/gold/room.sql': '{{config materialized="table"}}select 1 as room_key' };

function problemsWith(text: string, more: Readonly<Record<string, string>> = {}) {
  return problemsOf({ ...base, 'models/gold/room.yml': text, ...more });
}

function exposureOf(text: string, more: Readonly<Record<string, string>> = {}): Exposure {
  const [exposure] = compileFiles({ ...base, 'models/gold/room.yml': text, ...more }).exposures;
  if (exposure === undefined) throw new Error('nothing is exposed');
  return exposure;
}

const area = '      - name: area_m2\n        data_type: double precision\n';
const withArea = (settings: string, type = 'double precision') =>
  yml.replace(area, `      - name: area_m2\n        data_type: ${type}\n        bi: ${settings}\n`);
const withBi = (settings: string) => yml.replace('bi: { name: Room }', `bi: ${settings}`);
const other = (bi: string) =>
  `models:\n  - name: other\n    bi: ${bi}\n    columns:\n      - { name: other_key, data_type: integer }\n`;
const otherSql = { 'models/gold/other.sql': '{{config materialized="table"}}select 1 as other_key' };

describe('what cannot be exposed is said with its place', () => {
  it.each<[string, string, string, string, Readonly<Record<string, string>>?]>([
    [
      'numeric without precision',
      withArea('{}', 'numeric'),
      '10:20',
      '"area_m2" is numeric without precision and scale',
    ],
    [
      'numeric of too many digits',
      withArea('{}', 'numeric(30,2)'),
      '10:20',
      "Power BI's decimal numbers have at most 28",
    ],
    ['json', withArea('{}', 'jsonb'), '10:20', '"area_m2" is jsonb, which Power BI cannot show'],
    ['an array', withArea('{}', 'integer[]'), '10:20', '"area_m2" is integer[], which'],
    ['bytes', withArea('{}', 'bytea'), '10:20', '"area_m2" is bytea, which'],
    ['an interval', withArea('{}', 'interval'), '10:20', '"area_m2" is interval, which'],
    ['no type', yml.replace('        data_type: double precision\n', ''), '9:9', '"area_m2" has no data_type'],
    ['a square bracket', withArea('{ name: "Area [m2]" }'), '11:21', 'the name "Area [m2]" holds a square bracket'],
    [
      'a control character',
      withArea('{ name: "Area\\tm2" }'),
      '11:21',
      'the name "Area\\tm2" holds a control character',
    ],
    ['a blank at the end', withArea('{ name: "Area " }'), '11:21', 'the name "Area " begins or ends with a blank'],
    ['a name too long', withArea(`{ name: ${'a'.repeat(64)} }`), '11:21', 'has 64 bytes'],
    ['a name too long with its zone', withArea(`{ name: ${'é'.repeat(28)} }`, 'timestamptz'), '11:21', 'has 64 bytes'],
    [
      'one name twice, in another case',
      withArea('{ name: IS ODD }'),
      '12:9',
      '"area_m2" and "is_odd" would both be called "Is odd"',
    ],
    ['a sum of texts', withArea('{ summarize: sum }', 'text'), '11:26', '"area_m2" is text, of which there is no sum'],
    ['an order that is not there', withArea('{ sort_by: aria }'), '11:24', 'cannot be sorted by "aria"'],
    ['an order by itself', withArea('{ sort_by: area_m2 }'), '11:24', 'cannot be sorted by "area_m2"'],
    ['an unknown setting', withArea('{ hiden: true }'), '11:15', '"hiden" is not a known key'],
    [
      'a flag that is not there',
      withBi('{ name: Room, blank: { if: is_od, columns: area_m2 } }'),
      '4:36',
      'there is no column "is_od"',
    ],
    [
      'a flag that is no boolean',
      withBi('{ name: Room, blank: { unless: room_key, columns: area_m2 } }'),
      '4:40',
      '"room_key" is integer, but a flag is boolean',
    ],
    [
      'a flag left out',
      withBi('{ name: Room, blank: { if: is_odd, columns: area_m2 } }').replace(
        'boolean',
        'boolean\n        bi: false',
      ),
      '4:36',
      '"is_odd" is left out of the view',
    ],
    [
      'a blanked column that is not there',
      withBi('{ name: Room, blank: { if: is_odd, columns: [area] } }'),
      '4:54',
      'there is no column "area"',
    ],
    [
      'a blanked flag',
      withBi('{ name: Room, blank: { if: is_odd, columns: [is_odd] } }'),
      '4:54',
      'the flag "is_odd" itself cannot be blanked',
    ],
    [
      'a blanked key',
      withBi('{ name: Room, blank: { if: is_odd, columns: [area_m2, room_key] } }'),
      '4:63',
      '"room_key" is a key',
    ],
    [
      'a calendar without dates',
      withBi('{ name: Room, kind: date }'),
      '4:29',
      'a calendar has one column of type date, this has none',
    ],
    ['a view with a bracket', withBi('{ name: "Room]" }'), '4:17', 'the name "Room]" holds a square bracket'],
    ['a view with a name too long', withBi(`{ name: ${'a'.repeat(64)} }`), '4:17', 'has 64 bytes'],
    [
      'two views of one name',
      yml,
      'room.yml:4:17',
      'the view "Room" is there already, that of other',
      { ...otherSql, 'models/gold/other.yml': other('{ name: ROOM }') },
    ],
    [
      'a measure with a bracket',
      withBi('{ name: Room, measures: [{ name: "a[b", expression: "1" }] }'),
      '4:42',
      'holds a square bracket',
    ],
    [
      'a text that a measure does not yield',
      withBi(`{ name: Room, measures: [{ name: A, expression: '"Open"', texts: [Open, Shut] }] }`),
      '4:81',
      'the measure "A" yields no text "Shut"',
    ],
    [
      'a measure called like a column',
      withBi('{ name: Room, measures: [{ name: IS ODD, expression: "1" }] }'),
      '4:42',
      'the measure "IS ODD" has the name of the column that shows "is_odd"',
    ],
    [
      'one measure twice',
      withBi('{ name: Room, measures: [{ name: A, expression: "1" }] }'),
      'room.yml:4:42',
      'the measure "A" is there already, in other',
      { ...otherSql, 'models/gold/other.yml': other('{ name: Other, measures: [{ name: a, expression: "1" }] }') },
    ],
    [
      'a column of an unexposed model',
      withArea('{ name: Area }').replace('    bi: { name: Room }\n', ''),
      '10:13',
      '"area_m2" says how Power BI shows it, but Power BI does not see room',
    ],
    [
      "a source's column",
      yml,
      'src.yml:1:90',
      '"a" is a source\'s',
      {
        'models/src.yml':
          'sources: [{ name: raw, tables: [{ name: events, columns: [{ name: a, data_type: int, bi: { name: A } }] }] }]',
      },
    ],
    [
      'a seed',
      yml,
      's.yml:1:24',
      's: a seed cannot be exposed',
      { 'seeds/s.csv': 'a\n1\n', 'seeds/s.yml': 'seeds: [{ name: s, bi: { name: S } }]' },
    ],
    [
      'an ephemeral model',
      yml,
      'room.yml:4:9',
      'an ephemeral model cannot be exposed',
      { 'models/gold/room.sql': '{{config materialized="ephemeral"}}select 1 as room_key' },
    ],
    [
      'a key that leads to what is not exposed',
      yml.replace(
        'columns: [room_key] }]',
        "columns: [room_key] }, { type: foreign_key, columns: area_m2, to: ref('other'), to_columns: other_key }]",
      ),
      '9:9',
      '"area_m2" leads to other.other_key, which Power BI does not see',
      otherSql,
    ],
    [
      'a time zone that does not exist',
      yml,
      'project.yml:2:18',
      '"Europe/Zurch" is no time zone',
      { 'project.yml': 'name: t\nbi: { time_zone: Europe/Zurch }\n' },
    ],
  ])('%s', (_, text, place, what, more = {}) => {
    const problems = problemsWith(text, more);
    expect(problems.map((problem) => formatProblem(problem))).toHaveLength(1);
    expect(problems[0]?.what).toContain(what);
    const where = problems[0]?.place;
    expect(where && formatPlace(where)).toMatch(new RegExp(`${place.includes('.yml') ? '' : 'room\\.yml:'}${place}$`));
  });

  it('an unknown setting, with what it may mean', () => {
    expect(problemsWith(withArea('{ hiden: true }')).map(({ hint }) => hint)).toEqual(['Did you mean "hidden"?']);
    expect(problemsWith(withArea('true')).map(({ what }) => what)).toEqual([
      '"models.0.columns.1.bi": expected settings, e.g. { name, format }, or false',
    ]);
  });

  it('a table in the schema of the views', () => {
    const problems = problemsOf({ 'models/a.sql': '{{config materialized="table" schema="bi"}}select 1 as a' });
    expect(problems.map(({ what }) => what)).toEqual([
      'models/a.sql: a would be a table in schema bi, which holds what Power BI reads and nothing but views',
    ]);
  });

  it('a model of the name that the view has', () => {
    const problems = problemsWith(yml, { 'models/bi_room.sql': 'select 1 as a' });
    expect(problems.map(({ what }) => what)).toEqual([
      'the name "bi_room" is taken twice: models/bi_room.sql and models/gold/room.yml',
    ]);
  });
});

describe('the types that Power BI is shown', () => {
  it.each([
    ['smallint', 'bigint', true],
    ['int', 'integer', false],
    ['bigint', 'bigint', false],
    ['real', 'double precision', true],
    ['float8', 'double precision', false],
    ['varchar(10)', 'text', true],
    ['text', 'text', false],
    ['bool', 'boolean', false],
    ['date', 'date', false],
    ['timestamp', 'timestamp without time zone', false],
    ['timestamp(3)', 'timestamp without time zone', true],
    ['NUMERIC(12, 4)', 'numeric(12,4)', false],
  ])('%s as %s', (declared, sqlType, cast) => {
    expect(showing(declared)).toMatchObject({ kind: 'value', sqlType, cast });
  });

  it.each(['timestamptz', 'timestamp(3) with time zone'])('%s as two times', (declared) => {
    expect(showing(declared)).toEqual({ kind: 'instant' });
  });
});

describe('an exposed model', () => {
  it('has names in words, keys hidden, numbers summed and everything as its .yml says', () => {
    const exposure = exposureOf(
      withArea(
        '{ name: Area (m²), format: "0.0", summarize: average, folder: Size, sort_by: is_odd, description: How big }',
      ),
    );
    expect(exposure).toMatchObject({
      name: 'Room',
      id: 'model.bi_room',
      model: 'model.room',
      view: { schema: 'bi', name: 'Room' },
      description: 'Rooms',
      key: 'Room key',
    });
    expect(exposure.columns).toEqual([
      {
        name: 'Room key',
        source: 'room_key',
        type: 'bigint',
        sqlType: 'integer',
        description: '',
        hidden: true,
        summarize: 'none',
      },
      {
        name: 'Area (m²)',
        source: 'area_m2',
        type: 'double precision',
        sqlType: 'double precision',
        description: 'How big',
        format: '0.0',
        hidden: false,
        summarize: 'average',
        folder: 'Size',
        sortBy: 'Is odd',
      },
      {
        name: 'Is odd',
        source: 'is_odd',
        type: 'boolean',
        sqlType: 'boolean',
        description: '',
        hidden: false,
        summarize: 'none',
      },
    ]);
    expect(exposureOf(yml).columns.map(({ summarize }) => summarize)).toEqual(['none', 'sum', 'none']);
    expect(exposureOf(withArea('false')).columns.map(({ source }) => source)).toEqual(['room_key', 'is_odd']);
  });

  it('knows its foreign keys by the names of the views', () => {
    const text = yml.replace(
      'columns: [room_key] }]',
      "columns: [room_key] }, { type: foreign_key, columns: area_m2, to: ref('other'), to_columns: other_key }]",
    );
    const more = { ...otherSql, 'models/gold/other.yml': other('{ name: Others }') };
    const compiled = compileFiles({ ...base, ...more, 'models/gold/room.yml': text });
    expect(compiled.exposures.find(({ name }) => name === 'Room')?.references).toEqual([
      { column: 'Area m2', toExposure: 'Others', toColumn: 'Other key' },
    ]);
  });

  it('has a view that is selected by name, folder, tag and what is below its model, and has its place in the .yml', () => {
    const compiled = compileFiles({
      ...base,
      'models/gold/room.yml': yml.replace('bi: {', 'config: { tags: [nightly] }\n    bi: {'),
      'project.yml': 'name: t\nbi: { schema: power }\n',
      'tests/data/t.sql': 'select * from {{ref "bi_room"}} where false',
    });
    const view = modelOf(compiled, 'bi_room');
    expect(view).toMatchObject({ file: 'models/gold/room.yml', materialized: 'view', dependsOn: ['model.room'] });
    expect(view.relation).toEqual({ schema: 'power', name: 'Room' });
    expect(view.fullSql.placeAt(3)).toEqual({ file: 'models/gold/room.yml', line: 5, column: 5 });
    for (const select of ['bi_room', 'room+', 'gold', 'path:models/gold', 'tag:nightly', 'power.Room']) {
      const selected = selectedBy(compiled, { select: [select] });
      expect([select, selected.has('model.bi_room'), selected.has('test.t')]).toEqual([select, true, true]);
    }
    expect(selectedBy(compiled, { select: ['+bi_room'] })).toContain('model.room');
  });

  it('gives its view another checksum when a name changes, and not when a description does', () => {
    const checksum = (text: string) =>
      modelOf(compileFiles({ ...base, 'models/gold/room.yml': text }), 'bi_room').checksum;
    expect(checksum(withArea('{ description: x }'))).toBe(checksum(yml));
    expect(checksum(withArea('{ name: x }'))).not.toBe(checksum(yml));
    expect(checksum(withBi('{ name: x }'))).not.toBe(checksum(yml));
  });
});
