import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { StatementError } from '../../../warehouse/errors.ts';
import { oneDatabase } from '../databases.ts';
import { projectOn } from '../project-on.ts';
import { checkedManifest, exporting, filesBelow } from './export-place.ts';

const table = `create table raw.reading (
    id integer primary key, day date, room text, at timestamptz, local timestamp, power numeric(10,4), total bigint, ratio double precision,
    is_on boolean, extra json, load_id bigint)`;
const rows = `insert into raw.reading values
    (1, '2023-10-12', 'Kitchen', '2023-10-12 07:30:00.25+02', '2023-10-12 07:30', 12.5, 9007199254740993, 0.1, true, '{"a": [1,
 2]}', 1),
    (2, '2023-10-12', '=cmd()', '2023-10-12 08:00+02', null, -0.0001, -5, 'NaN', false, null, 1),
    (3, '2023-10-13', null, null, null, null, null, null, null, null, 2),
    (4, '2023-10-13', '', '0099-01-01 00:00+00', '1969-12-31 23:59:59.5', 999999.9999, 0, 1e-7, null, '"x\\ny"', 2)`;
const settings = (text: string) => ({
  'project.yml': `name: test\nexports:\n  daily:\n${text.replace(/^/gm, '    ')}\n`,
});
const query =
  'query: "select id, day, room, at, local, power, total, ratio, is_on, extra from raw.reading order by id"';

describe.each(oneDatabase)('exports on $name', (kind) => {
  const { database, project } = projectOn(kind, settings(`${query}\nto: { folder: out }`), [table, rows]);
  const out = () => filesBelow(join(project.root, 'out'));
  const run = (options = {}) => exporting(project, database.warehouse, 'daily', options);

  it('a CSV file has each value as it is, no formula, and a manifest beside it', async () => {
    expect(await run()).toEqual({ written: 1, unchanged: 0, removed: 0, files: 1, rows: 4, bytes: expect.any(Number) });
    expect(String(out().get('daily.csv'))).toBe(`id,day,room,at,local,power,total,ratio,is_on,extra
1,2023-10-12,Kitchen,2023-10-12T05:30:00.25+00:00,2023-10-12T07:30:00,12.5000,9007199254740993,0.1,true,"{""a"": [1,
 2]}"
2,2023-10-12,'=cmd(),2023-10-12T06:00:00+00:00,,-0.0001,-5,NaN,false,
3,2023-10-13,,,,,,,,
4,2023-10-13,"",0099-01-01T00:00:00+00:00,1969-12-31T23:59:59.5,999999.9999,0,1e-07,,"""x\\ny"""
`);
    const manifest = checkedManifest(out());
    expect(manifest).toMatchObject({
      export: 'daily',
      format: 'csv',
      rows: 4,
      exported_at: '2023-11-01T06:00:00.000Z',
    });
    expect(manifest.columns[5]).toEqual({ name: 'power', type: 'numeric(10,4)' });
  });

  it('JSON lines have one object a line', async () => {
    project.write(settings(`${query}\nto: { folder: out }\nformat: jsonl`));
    await run();
    const lines = String(out().get('daily.jsonl')).split('\n');
    expect(lines).toHaveLength(5);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      at: '2023-10-12T05:30:00.25+00:00',
      power: 12.5,
      is_on: true,
      extra: { a: [1, 2] },
    });
    expect(lines[0]).toContain('"total":9007199254740993');
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ room: '=cmd()', ratio: 'NaN', local: null });
    expect(JSON.parse(lines[3] ?? '')).toMatchObject({ room: '', extra: 'x\ny' });
  });

  it('takes a column for a column, whatever it is called', async () => {
    project.write(
      settings('query: "select id as q, power as r from raw.reading order by id"\nto: { folder: out }\nformat: jsonl'),
    );
    await run();
    expect(String(out().get('daily.jsonl')).split('\n')[0]).toBe('{"q":1,"r":12.5000}');
    await database.warehouse.query('update raw.reading set power = 13 where id = 1');
    expect(await run()).toMatchObject({ written: 1 });
    expect(String(out().get('daily.jsonl')).split('\n')[0]).toBe('{"q":1,"r":13.0000}');
  });

  it('Parquet has types, each digit of decimals and each NULL', async () => {
    project.write(settings(`${query}\nto: { folder: out }\nformat: parquet`));
    await run();
    const bytes = out().get('daily.parquet') ?? Buffer.alloc(0);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    const read = await parquetReadObjects({ file });
    expect(read[0]).toMatchObject({
      id: 1,
      day: new Date('2023-10-12'),
      room: 'Kitchen',
      at: new Date('2023-10-12T05:30:00.250Z'),
      local: new Date('2023-10-12T07:30:00Z'),
      // The reader divides in floating point.
      power: expect.closeTo(12.5, 9),
      total: 9007199254740993n,
      ratio: 0.1,
      is_on: true,
    });
    expect(read[1]).toMatchObject({ power: expect.closeTo(-0.0001, 9), ratio: Number.NaN, extra: null });
    expect(Object.values(read[2] ?? {}).filter((value) => value !== null)).toEqual([3, new Date('2023-10-13')]);
    expect(read[3]).toMatchObject({
      room: '',
      local: new Date('1969-12-31T23:59:59.500Z'),
      power: expect.closeTo(999999.9999, 6),
    });
    const types = new Map(parquetMetadata(file).schema.map((one) => [one.name, one]));
    expect(types.get('power')).toMatchObject({ converted_type: 'DECIMAL', precision: 10, scale: 4 });
    expect(types.get('at')?.logical_type).toMatchObject({ type: 'TIMESTAMP', isAdjustedToUTC: true });
    expect(types.get('local')?.logical_type).toMatchObject({ type: 'TIMESTAMP', isAdjustedToUTC: false });
  });

  it('parts are folders as Hive names them, and only those that have changed are written again', async () => {
    project.write(settings(`${query}\nto: { folder: out }\npartition_by: [day, room]`));
    expect(await run()).toMatchObject({ written: 4, files: 4, rows: 4 });
    const paths = [
      'day=2023-10-12/room=%3Dcmd()/daily.csv',
      'day=2023-10-12/room=Kitchen/daily.csv',
      'day=2023-10-13/room=/daily.csv',
      'day=2023-10-13/room=__HIVE_DEFAULT_PARTITION__/daily.csv',
    ];
    expect([...out().keys()]).toEqual([...paths, 'manifest.json']);
    expect(String(out().get(paths[1] ?? '')).split('\n')[0]).toBe('id,at,local,power,total,ratio,is_on,extra');
    expect(await run()).toMatchObject({ written: 0, unchanged: 4, files: 4 });
    await database.warehouse.query('update raw.reading set power = 1 where id = 4');
    await database.warehouse.query('delete from raw.reading where id = 3');
    await database.warehouse.query(`insert into raw.reading (id, day, room) values (5, '2023-10-14', 'Kitchen')`);
    expect(await run()).toMatchObject({ written: 2, unchanged: 2, removed: 1, files: 4, rows: 4 });
    expect([...out().keys()]).toEqual([...paths.slice(0, 3), 'day=2023-10-14/room=Kitchen/daily.csv', 'manifest.json']);
    checkedManifest(out());
    expect(await run({ full: true })).toMatchObject({ written: 4, unchanged: 0 });
    project.write(
      settings(`${query}\nto: { folder: out }\npartition_by: [day]\npartition_columns: both\nformat: jsonl`),
    );
    expect(await run()).toMatchObject({ written: 3, removed: 4 });
    expect([...out().keys()]).toEqual([
      'day=2023-10-12/daily.jsonl',
      'day=2023-10-13/daily.jsonl',
      'day=2023-10-14/daily.jsonl',
      'manifest.json',
    ]);
    expect(String(out().get('day=2023-10-14/daily.jsonl'))).toContain('"day":"2023-10-14"');
  });

  it('refuses two parts that would be one folder where letter case does not count', async () => {
    project.write(settings(`${query}\nto: { folder: out }\npartition_by: room`));
    await run();
    const before = out();
    await database.warehouse.query(`insert into raw.reading (id, day, room) values (5, '2023-10-14', 'KITCHEN')`);
    await expect(run()).rejects.toMatchObject({
      name: 'ExportError',
      message: expect.stringMatching(/: room=(KITCHEN|Kitchen)\/daily\.csv and room=(KITCHEN|Kitchen)\/daily\.csv$/),
      where: 'project.yml:4',
      hint: expect.stringContaining('lower(room)'),
    });
    expect(out()).toEqual(before);
    // One letter in two ways: U+00E9, and e with U+0301.
    await database.warehouse.query(
      `update raw.reading set room = case id when 5 then 'caf' || chr(233) when 1 then 'cafe' || chr(769) else room end`,
    );
    await expect(run()).rejects.toThrow('would write two parts into one file');
  });

  it('with changed_by a part is written again when that column grows or rows are fewer', async () => {
    project.write(
      settings(
        'query: "select day, id, power, load_id from raw.reading"\nto: { folder: out }\npartition_by: day\nchanged_by: load_id',
      ),
    );
    await run();
    await database.warehouse.query('update raw.reading set power = 7, load_id = 3 where id = 1');
    expect(await run()).toMatchObject({ written: 1, unchanged: 1 });
    await database.warehouse.query('delete from raw.reading where id = 4');
    expect(await run()).toMatchObject({ written: 1, unchanged: 1, rows: 3 });
  });

  it('no rows are a file with a header, and none where there are parts', async () => {
    await database.warehouse.query('delete from raw.reading');
    project.write(settings('query: "select id, day from raw.reading"\nto: { folder: out }'));
    expect(await run()).toMatchObject({ written: 1, rows: 0 });
    expect(String(out().get('daily.csv'))).toBe('id,day\n');
    project.write(settings('query: "select id, day from raw.reading"\nto: { folder: parts }\npartition_by: day'));
    expect(await run()).toMatchObject({ written: 0, files: 0 });
    expect([...filesBelow(join(project.root, 'parts')).keys()]).toEqual(['manifest.json']);
  });

  it('a failure leaves the files as they were, and is recorded until an export succeeds', async () => {
    await run();
    const before = out();
    const state = async () =>
      (await database.warehouse.query('select failures, message, rows from datacycle.export')).rows[0];
    expect(await state()).toEqual({ failures: 0, message: null, rows: 4 });
    project.write(
      settings('query: "select id, 1 / (id - 3) as bad from raw.reading order by id"\nto: { folder: out }'),
    );
    const error = (await run().catch((fault: unknown) => fault)) as StatementError;
    expect(error.message).toBe('daily: division by zero');
    expect(out()).toEqual(before);
    expect(await state()).toMatchObject({ failures: 1, message: 'daily: division by zero', rows: 4 });
    project.write(settings('query: "select id, nam from raw.reading"\nto: { folder: out }'));
    await expect(run()).rejects.toMatchObject({
      message: 'daily: column "nam" does not exist',
      where: 'project.yml:4:24',
    });
    project.write(settings(`${query}\nto: { folder: out }\npartition_by: dayy`));
    await expect(run()).rejects.toMatchObject({
      message: 'the export daily has no column "dayy"',
      hint: expect.stringContaining('"day"'),
    });
    project.write(settings(`${query}\nto: { folder: project.yml }`));
    await expect(run()).rejects.toMatchObject({
      name: 'ExportError',
      message: expect.stringMatching(/^daily: its files cannot be written to .*project\.yml: /),
      where: 'project.yml:4',
    });
    expect(out()).toEqual(before);
    project.write(settings(`${query}\nto: { folder: out }`));
    expect(await run()).toMatchObject({ written: 0, unchanged: 1 });
    expect(await state()).toEqual({ failures: 0, message: null, rows: 4 });
  });

  it('leaves a manifest alone that another export has written', async () => {
    mkdirSync(join(project.root, 'out'));
    writeFileSync(join(project.root, 'out', 'manifest.json'), '{"name": "an application"}');
    await expect(run()).rejects.toThrow(/out has a manifest.json that no export has written/);
  });
});
