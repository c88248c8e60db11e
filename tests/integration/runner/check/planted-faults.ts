import { roomsProject } from './rooms-project.ts';

/** A fault: in `file`, `from` becomes `to`, where ¦ marks the expected place; `at` has it if that is another file. */
export interface Fault {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Another file and the text there at whose beginning the fault is to be reported. */
  readonly at?: readonly [file: string, text: string];
  readonly says: string | RegExp;
}

/** What a file of the project says. */
export function textOf(file: string): string {
  const text = roomsProject[file];
  if (text === undefined) throw new Error(`there is no ${file}`);
  return text;
}

export function plant({ file, from, to, at }: Fault): { files: Record<string, string>; where: string } {
  const before = textOf(file);
  if (before.split(from).length !== 2) throw new Error(`"${from}" does not stand once in ${file}`);
  const marked = before.replace(from, () => to);
  const files = { [file]: marked.replace('¦', '') };
  const [placeFile, text, offset] =
    at === undefined ? [file, marked, marked.indexOf('¦')] : [at[0], textOf(at[0]), textOf(at[0]).indexOf(at[1])];
  if (offset < 0) throw new Error('the fault has no place');
  const lines = text.slice(0, offset).split('\n');
  return { files, where: `${placeFile}:${lines.length}:${(lines.at(-1) ?? '').length + 1}` };
}

export const readings = 'models/readings.sql';
export const readingsYml = 'models/readings.yml';

export const faults: Readonly<Record<string, Fault>> = {
  'a misspelt column in both forms': {
    file: readings,
    from: 'e.measured_at',
    to: '¦e.mesured_at',
    says: 'column e.mesured_at does not exist',
  },
  'a misspelt column in the incremental form only': {
    file: readings,
    from: 'where load_id >',
    to: 'where ¦laod_id >',
    says: /readings \(incremental\): column "laod_id" does not exist/,
  },
  'a wrong type in the incremental form only': {
    file: readings,
    from: 'where load_id >',
    to: 'where room ¦>',
    says: /readings \(incremental\): operator does not exist: text > integer/,
  },
  'a misspelt column in the full form only': {
    file: readings,
    from: '{{/incremental}}',
    to: '{{else}}where ¦laod_id > 0\n    {{/incremental}}',
    says: /readings: column "laod_id"/,
  },
  'a mark on an upstream without load_id': {
    file: readings,
    from: '{{high_water "raw.events"}}',
    to: '¦{{high_water "floors"}}',
    says: 'cannot read load_id of floors',
  },
  'a join of unlike types': {
    file: readings,
    from: 'f.room = e.room',
    to: 'f.room ¦= e.id',
    says: 'operator does not exist: text = integer',
  },
  'a function that does not exist': {
    file: readings,
    from: 'e.load_id\n',
    to: '¦coalese(e.load_id, 0) as load_id\n',
    says: 'function coalese(bigint, integer) does not exist',
  },
  'a table that is not there': {
    file: 'models/latest.sql',
    from: '{{ref "readings"}}',
    to: '¦gold.readings',
    says: 'relation "gold.readings" does not exist',
  },
  'a query that ends too early': {
    file: 'models/latest.sql',
    from: 'group by room_key',
    to: 'group by room_key¦,',
    says: 'the query ends too early',
  },
  'a column that a source does not have': {
    file: 'models/measured.sql',
    from: 'id, room, value',
    to: 'id, room, ¦valeu',
    says: 'measured: column "valeu" does not exist',
  },
  'a column that an ephemeral model does not have': {
    file: 'models/measured.sql',
    from: 'where value',
    to: 'where ¦valeu',
    says: 'measured: column "valeu" does not exist',
  },
  'a type of a source that does not exist': {
    file: 'models/sources.yml',
    from: 'data_type: double precision',
    to: 'data_type: ¦dubble',
    says: '"dubble" is no type of PostgreSQL',
  },
  'a type of a source that cannot be read': {
    file: 'models/sources.yml',
    from: 'data_type: double precision',
    to: 'data_type: ¦numeric(',
    says: '"numeric(" is no type of PostgreSQL',
  },
  'a column of a source without a type': {
    file: 'models/sources.yml',
    from: '{ name: value, data_type: double precision }',
    to: '{ name: ¦value }',
    says: 'value has no data_type',
  },
  'a source without columns': {
    file: 'models/sources.yml',
    from: 'tables:\n',
    to: 'tables:\n      - ¦name: other\n',
    says: 'raw.other: no columns are declared',
  },
  'a macro': {
    file: 'macros/doubled.sql',
    from: '* 2',
    to: '¦|| true',
    says: 'readings: operator does not exist: double precision || boolean',
  },
  'a wrong type in a contract': {
    file: readingsYml,
    from: 'data_type: double precision',
    to: 'data_type: ¦text',
    says: 'doubled: declared text, but the query yields double precision',
  },
  'a column of a contract that is not selected': {
    file: readingsYml,
    from: '      - name: load_id\n        data_type: bigint\n',
    to: '      - name: load_id\n        data_type: bigint\n      - name: ¦extra\n        data_type: text\n',
    says: 'extra: declared, but not selected',
  },
  'a primary key of a missing column': {
    file: readingsYml,
    from: '{ type: primary_key, columns: [id] }',
    to: '¦{ type: primary_key, columns: [idd] }',
    says: 'no column "idd" (named in primary_key)',
  },
  'a foreign key between unlike types': {
    file: readingsYml,
    from: '{ type: foreign_key, columns: [room_key]',
    to: '¦{ type: foreign_key, columns: [measured_at]',
    says: 'cannot be implemented',
  },
  'a foreign key to what is not unique': {
    file: readingsYml,
    from: "{ type: foreign_key, columns: [room_key], to: ref('floors'), to_columns: [room_key] }",
    to: "¦{ type: foreign_key, columns: [room_key], to: ref('floors'), to_columns: [floor] }",
    says: 'there is no unique constraint',
  },
  'a check of a missing column': {
    file: readingsYml,
    from: 'doubled >= -1000',
    to: '¦dubled >= -1000',
    says: 'column "dubled" does not exist',
  },
  'a data test': {
    file: 'tests/data/no_future.sql',
    from: 'measured_at >',
    to: '¦mesured_at >',
    says: 'no_future: column "mesured_at" does not exist',
  },
  'a test of a column that is not there': {
    file: readingsYml,
    from: "- relationships: { to: ref('floors'), field: room_key }",
    to: "- relationships: { to: ref('floors'), field: ¦romm_key }",
    says: 'romm_key does not exist',
  },
  'the condition of a test that a constraint proves': {
    file: 'seeds/rooms.yml',
    from: 'data_tests: [unique, not_null]',
    to: 'data_tests: [unique, { not_null: { where: "¦flor > 0" } }]',
    says: 'column "flor" does not exist',
  },
  'a value that a seed cannot hold': {
    file: 'seeds/rooms.csv',
    from: 'Office,2',
    to: 'Office,¦second',
    says: 'invalid input syntax for type integer: "second"',
  },
  'a type of a seed that does not exist': {
    file: 'seeds/rooms.yml',
    from: 'data_type: integer',
    to: 'data_type: ¦intger',
    says: '"intger" is no type of PostgreSQL',
  },
  'bad rows in a seed': {
    file: 'seeds/rooms.csv',
    from: 'Office,2',
    to: 'Office,3',
    at: ['seeds/rooms.yml', 'accepted_values:'],
    says: 'accepted_values_rooms_floor: 1 bad row',
  },
  'freshness of a missing column': {
    file: 'project.yml',
    from: 'max(measured_at)',
    to: '¦max(mesured_at)',
    says: 'freshness of readings: column "mesured_at" does not exist',
  },
  'freshness of a wrong type': {
    file: 'project.yml',
    from: 'max(measured_at)',
    to: '¦max(id)',
    says: 'cannot cast type integer to timestamp with time zone',
  },
};
