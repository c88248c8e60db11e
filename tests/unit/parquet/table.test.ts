import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { parquetTypeOf } from '../../../parquet/column-type.ts';
import { ParquetTable, parquetOf } from '../../../parquet/table.ts';

const columnsOf = (types: Readonly<Record<string, string>>) =>
  Object.entries(types).map(([name, type]) => ({ name, type: parquetTypeOf(type) }));
const bufferOf = (bytes: Uint8Array) => new Uint8Array(bytes).buffer;

const types = {
  id: 'bigint',
  home: 'integer',
  value: 'double precision',
  exact: 'numeric(20,10)',
  many: 'numeric',
  valid: 'boolean',
  note: 'text',
  day: 'date',
  at: 'timestamp with time zone',
  local: 'timestamp(3) without time zone',
};

describe('a Parquet file', () => {
  it('has the values of PostgreSQL, with every digit', async () => {
    const file = parquetOf(columnsOf(types), [
      {
        id: '9007199254740993',
        home: '-1',
        value: '0.1',
        exact: '-3.0000000001',
        many: '1.00000000000000000000000000000000000000001',
        valid: 'true',
        note: 'ü "x"',
        day: '2013-08-23',
        at: '2013-08-23 15:00:00.000001+00',
        local: '1999-12-31 23:59:59.5',
      },
      { value: 'NaN', day: 'infinity', at: '0044-03-15 12:00:00+00 BC', exact: 'NaN', valid: 'f', note: '' },
      { at: '2013-08-23 17:30:00+05:30', day: '1969-12-31', exact: '1', value: '-Infinity' },
    ]);
    const rows = await parquetReadObjects({
      file: bufferOf(file),
      parsers: {
        timestampFromMicroseconds: (value: bigint) => value,
        timestampFromMilliseconds: (value: bigint) => value,
        timestampFromNanoseconds: (value: bigint) => value,
        dateFromDays: (days: number) => days,
        stringFromBytes: (bytes: Uint8Array) => bytes && new TextDecoder().decode(bytes),
      } as never,
    });
    expect(rows[0]).toMatchObject({
      id: 9007199254740993n,
      home: -1,
      value: 0.1,
      exact: -3.0000000001,
      many: '1.00000000000000000000000000000000000000001',
      valid: true,
      note: 'ü "x"',
      day: Date.UTC(2013, 7, 23) / 86_400_000,
      at: BigInt(Date.UTC(2013, 7, 23, 15)) * 1000n + 1n,
      local: BigInt(Date.UTC(1999, 11, 31, 23, 59, 59, 500)) * 1000n,
    });
    expect(Object.values(rows[1] ?? {}).map(String)).toEqual(
      'null null NaN null null false  null null null'.split(' '),
    );
    expect(rows[2]).toMatchObject({
      at: BigInt(Date.UTC(2013, 7, 23, 12)) * 1000n,
      day: -1,
      exact: 1,
      value: -Infinity,
    });
  });

  it('declares types that other programs know', () => {
    const { schema } = parquetMetadata(bufferOf(parquetOf(columnsOf(types), [])));
    expect(
      schema
        .slice(1)
        .map(({ name, type, logical_type, converted_type }) => [name, type, logical_type?.type ?? converted_type]),
    ).toEqual([
      ['id', 'INT64', undefined],
      ['home', 'INT32', undefined],
      ['value', 'DOUBLE', undefined],
      ['exact', 'FIXED_LEN_BYTE_ARRAY', 'DECIMAL'],
      ['many', 'BYTE_ARRAY', 'UTF8'],
      ['valid', 'BOOLEAN', undefined],
      ['note', 'BYTE_ARRAY', 'UTF8'],
      ['day', 'INT32', 'DATE'],
      ['at', 'INT64', 'TIMESTAMP'],
      ['local', 'INT64', 'TIMESTAMP'],
    ]);
  });

  it('comes piece by piece', async () => {
    const table = new ParquetTable(columnsOf({ id: 'bigint' }));
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < 45_000; at += 1000)
      pieces.push(table.add(Array.from({ length: 1000 }, (_, index) => ({ id: String(at + index) }))));
    pieces.push(table.end());
    expect(pieces.filter(({ length }) => length > 0)).toHaveLength(4);
    const rows = await parquetReadObjects({ file: bufferOf(Buffer.concat(pieces)) });
    expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: 45_000 }, (_, index) => index));
  });
});
