import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseDocument, Scalar, stringify } from 'yaml';
import { readYaml } from '../../../../runner/yaml/parse.ts';

const types = ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const;

it('every sign of a value is found in the file, however it is written there', () => {
  const word = fc.constantFrom('a', '>', "'x'", '"y"', 'größer', '🏠', "''", '(1', ')', 'and', '\\d', '#', ': ', 'x:');
  const value = fc
    .array(fc.array(word, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 })
    .map((lines) => lines.map((words) => words.join(' ').trim()).join('\n'));
  fc.assert(
    fc.property(value, fc.constantFrom(...types), fc.constantFrom(20, 0), (sql, type, lineWidth) => {
      const scalar = Object.assign(new Scalar(sql), { type });
      const text = stringify({ tests: [{ where: scalar }] }, { lineWidth });
      // Some texts are not written as they were, or not as YAML.
      const written = parseDocument(text);
      fc.pre(written.errors.length === 0 && written.getIn(['tests', 0, 'where']) === sql);
      const file = readYaml({ path: 'm.yml', text });
      const lines = text.split('\n');
      const found = file.text(sql, ['tests', 0, 'where']);
      expect(found.text).toBe(sql);
      // With an escape like \n or an escaped line break in it, a value has one place.
      if (type === 'QUOTE_DOUBLE' && /\\n|\\\n/.test(text)) return;
      for (const [offset, sign] of sql.split('').entries()) {
        if (/\s/.test(sign)) continue;
        const place = found.placeAt(offset);
        expect(lines[(place?.line ?? 0) - 1]?.charAt((place?.column ?? 0) - 1)).toBe(sign);
      }
    }),
    { numRuns: 500 },
  );
});
