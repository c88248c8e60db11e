import { describe, expect, it } from 'vitest';
import {
  isSubjectNode,
  type KnownSubject,
  subjectNodes,
  subjectPredicate,
} from '../../../../../runner/subject/predicate.ts';
import { formatProblem } from '../../../../../runner/text/errors.ts';
import { compileFiles, problemsOf } from '../../projects.ts';

const project = `name: test
models:
  silver:
    +schema: silver
    +materialized: table
    +subject: apartment
  gold:
    +schema: gold
    +materialized: table
    +subject: { column: apartment_key, of: dim_apartment }
`;
const sources = `sources:
  - name: raw
    tables:
      - { name: events }
      - { name: calendar, subject: false }
`;
const events = '{{source "raw" "events"}}';
const described = (name: string, columns: string[], rest = '') =>
  `models:\n  - name: ${name}\n${rest}    columns: [${columns.map((column) => `{ name: ${column} }`).join(', ')}]\n`;
const files = {
  'project.yml': project,
  'models/sources.yml': sources,
  'models/silver/readings.sql': `select apartment, room from ${events}`,
  'models/silver/readings.yml': described('readings', ['apartment', 'room']),
  'models/silver/recent.sql': '{{config materialized="view"}} select * from {{ref "readings"}}',
  'models/gold/dim_apartment.sql': 'select distinct apartment from {{ref "readings"}}',
  'models/gold/dim_apartment.yml': described(
    'dim_apartment',
    ['apartment_key', 'apartment_id'],
    '    config: { subject: apartment_id }\n',
  ),
  'models/gold/fact.sql': 'select 1 as apartment_key from {{ref "recent"}} join {{ref "dim_apartment"}} on true',
  'models/gold/fact.yml': described('fact', ['apartment_key']),
  'models/gold/dim_date.sql': 'select * from {{source "raw" "calendar"}}',
};
const messages = (more: Readonly<Record<string, string>>) =>
  problemsOf({ ...files, ...more }).map((problem) => formatProblem(problem));

describe('whose the rows are', () => {
  it('is said by folder for the models that declare the column, and stronger by the model itself', () => {
    const { manifest } = compileFiles(files);
    const subjects = [...manifest.nodes.values()].map((node) => [node.name, 'subject' in node ? node.subject : 'none']);
    expect(Object.fromEntries(subjects)).toEqual({
      'raw.events': 'none',
      'raw.calendar': 'none',
      readings: { column: 'apartment', of: undefined },
      recent: undefined,
      dim_apartment: { column: 'apartment_id', of: undefined },
      fact: { column: 'apartment_key', of: 'model.dim_apartment' },
      dim_date: undefined,
    });
  });

  it('has to be declared for what is made of a subject’s rows, through views and ephemeral models too', () => {
    const count = { 'models/gold/busy.sql': 'select count(*) from {{ref "recent"}}' };
    expect(messages(count)).toEqual([
      expect.stringMatching(
        /^models\/gold\/busy\.sql:1:1: busy does not say whose its rows are: it is made of readings, where rows belong to a subject\n {2}Set subject/,
      ),
    ]);
    expect(messages({ ...count, 'models/gold/busy.yml': described('busy', ['count']) })[0]).toMatch(
      /^models\/gold\/busy\.yml:2:11: busy/,
    );
    const nobodys = described('busy', ['count'], '    config: { subject: false }\n');
    expect(messages({ ...count, 'models/gold/busy.yml': nobodys })).toEqual([]);
    expect(
      messages({
        'models/gold/named.sql': '{{config materialized="ephemeral"}} select * from {{source "raw" "events"}}',
        'models/gold/busy.sql': 'select count(*) from {{ref "named"}}',
      })[0],
    ).toContain('it is made of raw.events');
  });

  it('need not be said of what is made of nobody, nor in a project that does not know subjects', () => {
    const nobodys = described('days', ['day'], '    config: { subject: false }\n');
    expect(
      messages({
        'models/gold/days.sql': 'select 1 as day from {{ref "readings"}}',
        'models/gold/days.yml': nobodys,
        'models/gold/weeks.sql': 'select day / 7 as week from {{ref "days"}}',
      }),
    ).toEqual([]);
    expect(
      problemsOf({
        'models/sources.yml': sources,
        'models/a.sql': `{{config materialized="table"}} select * from ${events}`,
      }),
    ).toEqual([]);
  });

  it.each([
    [
      'a column that is not there',
      { 'models/silver/readings.yml': described('readings', ['apartment'], '    config: { subject: apartmnt }\n') },
      /^models\/silver\/readings\.yml:3:24: subject of readings: there is no column "apartmnt" in its \.yml\n[\s\S]*Did you mean "apartment"\?$/,
    ],
    [
      'a setting in the model itself',
      { 'models/silver/readings.sql': `{{config\n    subject="flat"}}\nselect apartment from ${events}` },
      /^models\/silver\/readings\.sql:2:5: subject of readings: there is no column "flat"/,
    ],
    [
      'a model that does not exist',
      { 'project.yml': project.replace('of: dim_apartment', 'of: dim_apartmant') },
      /^project\.yml:10:44: subject: there is no model or seed "dim_apartmant"\n[\s\S]*Did you mean "dim_apartment"\?$/,
    ],
    [
      'a view',
      { 'models/silver/recent.yml': described('recent', ['apartment'], '    config: { subject: apartment }\n') },
      /^models\/silver\/recent\.yml:3:24: subject of recent: a view has no rows of its own/,
    ],
    [
      'a way through a table without the column',
      {
        'models/gold/fact.yml': described(
          'fact',
          ['room'],
          '    config: { subject: { column: room, of: dim_apartment } }\n',
        ),
      },
      /^models\/gold\/fact\.yml:3:34: subject of fact: dim_apartment has no column "room"/,
    ],
    [
      'a way that ends at nobody',
      {
        'models/gold/dim_apartment.yml': described(
          'dim_apartment',
          ['apartment_key'],
          '    config: { subject: false }\n',
        ),
      },
      /^project\.yml:10:44: subject of fact: dim_apartment does not say whose its own rows are/,
    ],
    [
      'a way through a view',
      {
        'models/gold/fact.yml': described('fact', ['room'], '    config: { subject: { column: room, of: recent } }\n'),
      },
      /subject of fact: recent is no table/,
    ],
    [
      'a way through itself',
      { 'models/gold/dim_apartment.yml': described('dim_apartment', ['apartment_key', 'apartment_id']) },
      /^subject: rows cannot be found through what is made of them: dim_apartment -> dim_apartment/,
    ],
    [
      'a way through what is made of it',
      {
        'models/silver/readings.yml': described(
          'readings',
          ['apartment_key'],
          '    config: { subject: { column: apartment_key, of: dim_apartment } }\n',
        ),
      },
      /^subject: rows cannot be found through what is made of them: .*readings -> dim_apartment/,
    ],
  ] as const)('is an error with its place: %s', (_, changed, expected) => {
    const found = messages(changed);
    expect(found).toEqual([expect.stringMatching(expected)]);
  });
});

describe('rows of a subject', () => {
  const chain = {
    'project.yml': 'name: test\nmodels: { silver: { +schema: silver, +materialized: table, +subject: apartment } }\n',
    'models/sources.yml': sources,
    'models/silver/buildings.sql': `select * from ${events}`,
    'models/silver/buildings.yml': described('buildings', ['building_id', 'apartment']),
    'models/silver/rooms.sql': `select * from ${events}`,
    'models/silver/rooms.yml': described(
      'rooms',
      ['room_id', 'building_id'],
      '    config: { subject: { column: building_id, of: buildings } }\n',
    ),
    'models/silver/sensors.sql': `select * from ${events}`,
    'models/silver/sensors.yml': described(
      'sensors',
      ['room_id', 'a"b'],
      '    config: { subject: { column: room_id, of: rooms } }\n',
    ),
  };

  it('are erased before those they are found through', () => {
    expect(subjectNodes(compileFiles(chain).manifest).map(({ name }) => name)).toEqual([
      'sensors',
      'rooms',
      'buildings',
    ]);
    expect(subjectNodes(compileFiles(files).manifest).map(({ name }) => name)).toEqual([
      'fact',
      'dim_apartment',
      'readings',
    ]);
  });

  describe('that are nobody’s', () => {
    const knownBy = (list: string) => ({
      ...chain,
      'models/silver/rooms.yml': described(
        'rooms',
        ['room_id', 'building_id'],
        `    config: { subject: { column: building_id, of: buildings, known_by: { room_id: ${list} } } }\n`,
      ),
    });
    const conditionOf = (list: string, known: KnownSubject['known']) => {
      const { manifest } = compileFiles(knownBy(list));
      const node = manifest.nodes.get('model.rooms');
      if (!isSubjectNode(node)) throw new Error('rooms has no subject');
      return subjectPredicate(node, manifest, { id: 'jimmy', known });
    };
    const now = `t."building_id" in (select t1."building_id" from "silver"."buildings" as t1 where t1."apartment" = 'jimmy')`;

    it('are the subject’s by values that are known of it', () => {
      expect(conditionOf('rooms', { rooms: ['3', '5'] })).toBe(
        `(${now} or (not exists (select from "silver"."buildings" as t1 where t1."building_id" = t."building_id") and (t."room_id"::text in ('3', '5'))))`,
      );
      expect(conditionOf('rooms', { rooms: [] })).toBe(now);
    });

    it('may be known by a list that there is, and by columns that there are', () => {
      expect(() => conditionOf('romms', { rooms: [] })).toThrow(
        expect.objectContaining({
          message: 'subject of rooms: known_by names "romms", which nothing knows',
          where: 'models/silver/rooms.sql',
          hint: 'Did you mean "rooms"?',
        }),
      );
      const undeclared = {
        ...knownBy('rooms'),
        'models/silver/rooms.yml': knownBy('rooms')['models/silver/rooms.yml'].replace(
          'room_id: rooms',
          'rom_id: rooms',
        ),
      };
      expect(() => compileFiles(undeclared)).toThrow(/subject of rooms: there is no column "rom_id" in its \.yml/);
    });
  });

  it('are found through as many tables as it takes, every name quoted', () => {
    const { manifest } = compileFiles(chain);
    const sql = subjectNodes(manifest).map((node) => subjectPredicate(node, manifest, { id: 'jimmy', known: {} }));
    expect(sql).toEqual([
      `t."room_id" in (select t1."room_id" from "silver"."rooms" as t1 where t1."building_id" in (select t2."building_id" from "silver"."buildings" as t2 where t2."apartment" = 'jimmy'))`,
      `t."building_id" in (select t1."building_id" from "silver"."buildings" as t1 where t1."apartment" = 'jimmy')`,
      `t."apartment" = 'jimmy'`,
    ]);
  });
});
