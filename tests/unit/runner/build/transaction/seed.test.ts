import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSeed } from '../../../../../runner/build/transaction/seed.ts';
import { NodeError } from '../../../../../runner/text/errors.ts';
import { TemporaryProject } from '../../../../integration/temporary-project.ts';

let project: TemporaryProject;
beforeAll(() => {
  project = new TemporaryProject({});
});
afterAll(() => project.dispose());

function read(csv: string, yml = '') {
  project.write({ 'seeds/rooms.csv': csv, 'seeds/rooms.yml': yml });
  const seed = project.compile().manifest.nodes.get('seed.rooms');
  if (seed?.kind !== 'seed') throw new Error('there is no seed');
  return readSeed(project.root, seed);
}

/** The type of a column with these values. */
function typeOf(...values: readonly string[]): string | undefined {
  return read(stringify([['a', 'b'], ...values.map((value) => [value, 'x'])])).columns[0]?.type;
}

it('takes the word null for no value, as dbt does, and nothing that is longer', () => {
  expect(read('a,b\nnull,Null\nnull value,nullable\n').csv).toBe('"a","b"\n,\n"null value","nullable"\n');
});

describe('the type of a column of a seed', () => {
  it.each([
    ['integer', ['1', '-20', '0', '999999999', '']],
    ['bigint', ['1', '2147483648']],
    ['bigint', ['999999999999999999']],
    ['numeric', ['1', '1000000000000000000000']],
    ['numeric', ['1', '2.50']],
    ['boolean', ['true', 'FALSE', '']],
    ['date', ['2024-02-29', '1999-12-31']],
    ['integer', ['1', 'null', 'NULL']],
    ['timestamp without time zone', ['2024-02-29 12:00', '2024-02-29T12:00:30.123456', '2024-03-01', '']],
    ['timestamp with time zone', ['2024-02-29T12:00:00Z', '2024-02-29 12:00+01:00', '2024-02-29T12:00:00-0530']],
    ['text', ['2024-02-29T12:00:00Z', '2024-02-29 12:00']],
    ['text', ['2023-02-29 12:00']],
    ['text', ['2024-02-29 24:00', '2024-02-29 12:00:00.1234567']],
    ['text', ['', '']],
    ['text', ['1', 'x']],
    ['text', ['true', '1']],
    // Read as a number these would lose something.
    ['text', ['01', '2']],
    ['text', ['1.0', '01.5']],
    ['text', ['+41', '1']],
    ['text', ['1e5']],
    ['text', ["1'000"]],
    ['text', ['NaN']],
    ['text', ['2024-2-9']],
    // Not in the calendar.
    ['text', ['2024-02-30']],
    ['text', ['2023-02-29']],
    ['text', ['0000-01-01']],
  ])('is %s for %j', (type, values) => {
    expect(typeOf(...values)).toBe(type);
  });

  it('is text when there is no row', () => {
    expect(read('a,b\n')).toEqual({
      columns: [
        { name: 'a', type: 'text' },
        { name: 'b', type: 'text' },
      ],
      csv: '"a","b"\n',
    });
  });

  it('is the declared one, in column_types before data_type, as PostgreSQL prints it', () => {
    const seed = read(
      'code,price,since\n1,2,2024-01-01\n',
      'seeds: [{ name: rooms, config: { column_types: { price: "decimal(10, 2)" } }, columns: [{ name: code, data_type: varchar(3) }, { name: price, data_type: int }] }]',
    );
    expect(seed.columns.map((column) => column.type)).toEqual(['character varying(3)', 'numeric(10,2)', 'date']);
  });
});

describe('the file of a seed', () => {
  it('may begin with a byte-order mark, end without a line break, hold Windows line ends and blank lines', () => {
    expect(read('\uFEFFcode,name\r\n01,Küche\r\n\r\n02,Bad')).toEqual({
      columns: [
        { name: 'code', type: 'text' },
        { name: 'name', type: 'text' },
      ],
      csv: '"code","name"\n"01","Küche"\n"02","Bad"\n',
    });
  });

  it('may quote delimiters, quotes and line breaks; blanks around a value do not count, nothing is NULL', () => {
    expect(read('a , b\n "x, ""y""" , "two\nlines"\n  padded  ,\n"",1\n').csv).toBe(
      '"a","b"\n"x, ""y""","two\nlines"\n"padded",\n,"1"\n',
    );
  });

  it('may have another delimiter', () => {
    const seed = read('a;b\n1,5;2\n', 'seeds: [{ name: rooms, config: { delimiter: ";" } }]');
    expect(seed.csv).toBe('"a","b"\n"1,5","2"\n');
    expect(seed.columns.map((column) => column.type)).toEqual(['text', 'integer']);
  });

  it('comes through whatever it holds', () => {
    const value = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '').trim());
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1 }), (rows) => {
        // A row of nothing but empty values is a blank line.
        const kept = rows.filter((row) => row.some((one) => one !== ''));
        const { csv } = read(stringify([['a', 'b'], ...kept], { quoted: true }));
        expect(parse(csv)).toEqual([['a', 'b'], ...kept]);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['nothing', '', 'seeds/rooms.csv is empty'],
    ['a column twice', 'a,b,a\n1,2,3\n', 'seeds/rooms.csv: the column name "a" is empty or occurs twice'],
    ['a column without a name', 'a,,b\n1,2,3\n', 'seeds/rooms.csv: the column name "" is empty or occurs twice'],
    [
      'a row that is too short',
      'a,b\n1,2\n3\n',
      'seeds/rooms.csv: this line has 1 value, and the first one names 2 columns',
    ],
    [
      'a row that is too long',
      'a\n1\n2,5\n',
      'seeds/rooms.csv: this line has 2 values, and the first one names 1 column',
    ],
    ['a quote that is not closed', 'a,b\n1,"2\n', /^seeds\/rooms\.csv cannot be read: .*line 2/i],
  ])('is refused with %s', (_name, csv, message) => {
    expect(() => read(csv)).toThrow(NodeError);
    expect(() => read(csv)).toThrow(message);
  });

  it('is refused with the place of a row of another length, and what to do', () => {
    const told = (where: string, hint: string) => expect.objectContaining({ where, hint });
    const short = 'Each column needs its delimiter, also where a value is empty.';
    expect(() => read('a,b\n1,2\n3\n')).toThrow(told('seeds/rooms.csv:3:1', short));
    const long = 'A value that holds the delimiter belongs in double quotes.';
    expect(() => read('a,b\n1,2,5\n')).toThrow(told('seeds/rooms.csv:2:1', long));
  });

  it('is refused without a column that the .yml declares', () => {
    const failing = () => read('rom\n1\n', 'seeds: [{ name: rooms, columns: [{ name: room, data_type: int }] }]');
    expect(failing).toThrow('seeds/rooms.csv: there is no column "room", which is declared for it');
    expect(failing).toThrow(expect.objectContaining({ hint: 'Did you mean "rom"?' }));
  });
});
