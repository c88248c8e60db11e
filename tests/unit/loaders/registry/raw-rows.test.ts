import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { NotATable } from '../../../../loaders/registry/bronze.ts';
import { rawRows } from '../../../../loaders/registry/raw-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'datacycle-raw-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function rowsOf(content: string | Buffer, name = 'x.json'): Promise<string[]> {
  writeFileSync(join(folder, name), content);
  const rows: string[] = [];
  for await (const row of rawRows(join(folder, name))) rows.push(row.toString('utf8'));
  return rows;
}

describe('the rows of a Bronze file as they stand there', () => {
  const odd = ['{ "a" : "]},{[\\"\\\\" }', '{"b":[{"c":"\\u0000"}, 1e400]}', '{}', '{"ü":"😀\\\\"}'];

  it('are the bytes of each object, whatever is in it', async () => {
    expect(await rowsOf(`[\n${odd.join(',\n')}\n]\n`)).toEqual(odd);
    expect(await rowsOf(gzipSync(`[${odd.join(' , ')}]`), 'x.json.gz')).toEqual(odd);
    expect(await rowsOf('[]\n')).toEqual([]);
  });

  it('also where pieces of the file end anywhere', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => `{"n":${index},"text":"${'é'.repeat(index % 97)}"}`);
    expect(await rowsOf(`[\n${rows.join(',\n')}\n]\n`)).toEqual(rows);
    const long = `{"text":"${'x'.repeat(300_000)}"}`;
    expect(await rowsOf(`[${[long, '{}', long].join(',')}]`)).toEqual([long, '{}', long]);
  });

  it.each(['', '{}', '[1]', '["{}"]', '[{}', '[{"a":"}', '[{}] x', '[{}]]', '[[{}]]'])(
    '%j is no table',
    async (content) => {
      await expect(rowsOf(content)).rejects.toThrow(NotATable);
    },
  );

  it('half a gzip file is no table, a missing one is missing', async () => {
    const packed = gzipSync(`[${odd.join(',')}]`);
    await expect(rowsOf(packed.subarray(0, packed.length - 9), 'half.json.gz')).rejects.toThrow(
      'not a whole gzip file',
    );
    const read = async () => {
      for await (const _ of rawRows(join(folder, 'nothing.json.gz')));
    };
    await expect(read()).rejects.toThrow(/ENOENT/);
  });
});
