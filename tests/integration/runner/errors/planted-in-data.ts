import { ephemeral, event, type Fault, model, noColumn, source, table } from './fault.ts';

const seed = (csv: string, yml = '') => ({ 'seeds/rooms.csv': csv, 'seeds/rooms.yml': yml });
const integerFloor = 'seeds: [{ name: rooms, columns: [{ name: floor, data_type: integer }] }]';
const seeds: readonly Fault[] = [
  {
    name: 'a seed: a bad value',
    message: 'invalid input syntax for type integer: "x"',
    files: seed('room,floor\nkitchen,1\nbath,‸x\n', integerFloor),
  },
  {
    name: 'a seed: a bad value behind quotes, line breaks and emoji',
    message: 'invalid input syntax for type integer: "x"',
    files: seed('\uFEFFroom,floor\r\n"🏠, a\r\nb ""c""",1\r\n\r\n"🏠, ""d""",‸x\r\n', integerFloor),
  },
  {
    name: 'a seed: a bad value behind another delimiter',
    message: 'invalid input syntax for type integer: "x"',
    files: seed('room;floor\nkitchen, small;‸x\n', `${integerFloor.slice(0, -2)}, config: { delimiter: ";" } }]`),
  },
  {
    name: 'a seed: too few values',
    message: 'this line has 1 value, and the first one names 2 columns',
    files: seed('room,floor\n‸kitchen\n'),
  },
  {
    name: 'a seed: a column that is listed twice',
    message: 'the column name "room" is empty or occurs twice',
    files: seed('room,floor,‸room\n'),
  },
  {
    name: 'a seed: a column that is declared only',
    message: 'there is no column "flor"',
    files: seed('room,floor\nkitchen,1\n', 'seeds: [{ name: rooms, columns: [{ name: ‸flor, data_type: integer }] }]'),
  },
  {
    name: 'a seed: a type that there is not',
    message: 'type "intger" does not exist',
    files: seed('room,floor\nkitchen,1\n', 'seeds: [{ name: rooms, columns: [{ name: floor, data_type: ‸intger }] }]'),
  },
];

const query = (name: string, inline: string, message = noColumn, more: Partial<Fault> = {}): Fault => ({
  name: `show --inline: ${name}`,
  message,
  inline,
  ...more,
  files: { ...more.files },
});
const queries: readonly Fault[] = [
  query('a name', 'select 1 as a, ‸nme'),
  query('a name behind blanks and line breaks', '\n  select 1 as a,\n    ‸nme;\n'),
  query('a macro', 'select {{> low}}', noColumn, { files: { 'macros/low.sql': 'lower(‸nme)' } }),
  query('an ephemeral model', 'select * from {{ref "e"}}', noColumn, {
    files: { 'models/e.sql': `${ephemeral}select ‸nme` },
  }),
  query('the end is missing', 'select 1 as a‸,', 'the query ends too early'),
  query('a macro that there is not', 'select ‸{{> lwo}}', 'there is no macro "lwo"'),
];

const events = { 'models/s.yml': source };
const values: readonly Fault[] = [
  model('the only division', `${table}select 1 as a,\n  10 ‸/ amount as b -- a/b\nfrom ${event}`, 'division by zero', {
    files: events,
    also: ['this is the only division in the query itself'],
  }),
  model(
    'the only cast to a type',
    `${table}select load_id::text as a,\n  code‸::integer as b\nfrom ${event}`,
    'invalid input syntax for type integer: "a"',
    {
      files: events,
      also: ['this is the only cast to integer in the query itself'],
    },
  ),
  {
    name: 'one of several divisions',
    message: 'division by zero',
    file: 'models/m.sql',
    files: { ...events, 'models/m.sql': `${table}select 10 / amount as a,\n  amount % 2 as b\nfrom ${event}` },
    also: ['Each division in the query: models/m.sql:2:11, models/m.sql:3:10.'],
  },
  {
    name: 'a function of the database',
    message: 'division by zero',
    file: 'models/m.sql',
    files: { 'models/m.sql': `${table}select 4 / 2 as a, public.refused(1) as b` },
    also: ['PL/pgSQL function refused(integer) line 1 at RETURN'],
  },
  {
    name: 'a duplicate key of an increment',
    after: 'a full build',
    message: 'unique_key of m is not unique: (code=b) is duplicated in 2 rows',
    files: {
      ...events,
      'models/m.sql': `{{config materialized="incremental" ‸unique_key="code"}}
select {{#incremental}}{{else}}distinct{{/incremental}} code from ${event}`,
    },
  },
  model('what is no JSON', `${table}select code‸::jsonb as a\nfrom ${event}`, 'invalid input syntax for type json', {
    files: events,
  }),
  {
    name: 'a number in a test',
    message: 'invalid input syntax for type integer: "a"',
    files: { ...events, 'tests/data/t.sql': `select *\nfrom ${event}\nwhere code‸::int > 5` },
  },
  model(
    'the only cast, in words',
    `${table}select ‸cast(code as integer) as b\nfrom ${event}`,
    'invalid input syntax for type integer: "a"',
    { files: events },
  ),
];

/** In seeds, queries of `show` and values. */
export const dataFaults: readonly Fault[] = [...seeds, ...queries, ...values];
