import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { bronzeRows, NotATable } from '../../../../loaders/registry/bronze.ts';
import { readBronzePath, stampOf, timeOfStamp } from '../../../../loaders/registry/stamp.ts';

const folder = mkdtempSync(join(tmpdir(), 'datacycle-registry-bronze-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(content: string | Buffer, name = 'x.json'): Promise<string[]> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const rows: string[] = [];
  for await (const { json, unfit } of bronzeRows(path)) rows.push(unfit ? `unfit ${json}` : json);
  return rows;
}

describe('a snapshot of a table read back', () => {
  it('row by row, digit by digit', async () => {
    const row = '{"a":1.10000000000000000000001,"b":"x\\"é","c":null,"d":[1,[],{"e":true,"f":false}],"g":{}}';
    expect(await read(`[\n${row},\n{"a":-12345678901234567890e2}\n]\n`)).toEqual([
      row,
      '{"a":-12345678901234567890e2}',
    ]);
    expect(await read('[]')).toEqual([]);
    expect(await read(gzipSync(`[${row}]`), 'x.json.gz')).toEqual([row]);
    expect(await read('[{"a\\u0000":"b\\u0000\\ud800"}]')).toEqual(['unfit {"a":"b\ufffd"}']);
  });

  it.each([
    ['', 'not valid JSON'],
    ['nope', 'not valid JSON'],
    ['[{"a":1}', 'not valid JSON'],
    ['[{"a":1}] x', 'not valid JSON'],
    ['[{"a":01}]', 'not valid JSON'],
    ['{"a":1}', 'not a JSON array of objects'],
    ['[1]', 'not a JSON array of objects'],
    ['[{"a":1},[]]', 'not a JSON array of objects'],
    ['[{"a":1e999999}]', 'a number is out of the range of numeric'],
    [`[{"a":${'['.repeat(2000)}${']'.repeat(2000)}}]`, 'nested deeper than 1000 levels'],
  ])('%.40s is no table', async (content, reason) => {
    await expect(read(content)).rejects.toThrow(new NotATable(reason));
  });

  it('half a gzip file is no table', async () => {
    const whole = gzipSync(JSON.stringify([{ a: 'b'.repeat(1000) }]));
    await expect(read(whole.subarray(0, whole.length - 10), 'x.json.gz')).rejects.toThrow('not a whole gzip file');
  });

  it('its path says when it was taken and which table it is', () => {
    expect(readBronzePath('registry/2023/11/01/20231101T080000Z/buildings.json.gz')).toEqual({
      known: true,
      stamp: '20231101T080000Z',
      time: new Date('2023-11-01T08:00:00Z'),
      table: 'buildings',
    });
    expect(readBronzePath('registry/2023/11/01/20231101T080000Z/users.json').known).toBe(false);
    expect(readBronzePath('registry/2023/11/01/20231301T080000Z/rooms.json').known).toBe(false);
    expect(timeOfStamp(stampOf(new Date('2023-11-01T08:00:00.9Z')))).toEqual(new Date('2023-11-01T08:00:00Z'));
  });
});
