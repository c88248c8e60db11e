import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyJson, copyLine, copyValue, inChunks } from '../../../../loaders/landing/copy-text.ts';

const meanings: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Reads a line as PostgreSQL's documentation of COPY describes the text format. */
function read(line: string): (string | null)[] {
  return line
    .slice(0, -1)
    .split('\t')
    .map((field) => (field === '\\N' ? null : field.replace(/\\(.)/gs, (_, next: string) => meanings[next] ?? next)));
}

describe('COPY text', () => {
  it('escapes what has a meaning', () => {
    expect(copyValue('a\\b\tc\nd\re')).toBe('a\\\\b\\tc\\nd\\re');
    expect(copyValue(null)).toBe('\\N');
    expect(copyValue('\\N')).toBe('\\\\N');
    expect(copyLine([1, true, 'x', null, '\\.'])).toBe('1\ttrue\tx\t\\N\t\\\\.\n');
    expect(copyJson(Buffer.from('{"a":"é\\n"}')).toString()).toBe('{"a":"é\\\\n"}');
  });

  it('comes back as it was, whatever it is', () => {
    const value = fc.option(
      fc.string({
        unit: fc.oneof(
          fc.constantFrom('\\', '\t', '\n', '\r', 'N', '.', 't'),
          fc.string({ minLength: 1, maxLength: 1 }),
        ),
      }),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        const line = copyLine(values);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(read(line)).toEqual(values);
      }),
    );
  });

  it('is joined into chunks without loss', async () => {
    async function* lines() {
      for (let n = 0; n < 10; n += 1) yield [Buffer.from(`${n}`), Buffer.from('\n')];
    }
    const chunks: string[] = [];
    for await (const chunk of inChunks(lines(), 6)) chunks.push(chunk.toString());
    expect(chunks).toEqual(['0\n1\n2\n', '3\n4\n5\n', '6\n7\n8\n', '9\n']);
  });
});
