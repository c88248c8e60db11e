import { describe, expect, it } from 'vitest';
import { isUnfit, jsonOf, madeFit } from '../../../../../loaders/registry/mysql/value.ts';

const text = 45;
const binary = 63;

describe('a value of the registry as JSON', () => {
  it.each([
    ['NULL', 3, binary, null, 'null'],
    ['int', 3, binary, '-7', '-7'],
    ['bigint unsigned', 8, binary, '18446744073709551615', '18446744073709551615'],
    ['decimal', 246, binary, '-0.10000000000000000000000000000001', '-0.10000000000000000000000000000001'],
    ['zerofill', 3, binary, '00042', '42'],
    ['zerofill zero', 3, binary, '0000', '0'],
    ['decimal zerofill', 246, binary, '0001.50', '1.50'],
    ['double', 5, binary, '1e-7', '1e-7'],
    ['year', 13, binary, '0000', '0'],
    ['datetime', 12, binary, '2023-10-12 08:15:00.25', '"2023-10-12 08:15:00.25"'],
    ['timestamp', 7, binary, '2023-10-12 08:15:00', '"2023-10-12 08:15:00+00:00"'],
    ['zero timestamp', 7, binary, '0000-00-00 00:00:00', '"0000-00-00 00:00:00"'],
    ['date', 10, binary, '2023-10-12', '"2023-10-12"'],
    ['time', 11, binary, '-838:59:59', '"-838:59:59"'],
    ['json', 245, binary, '{"a":1}', '"{\\"a\\":1}"'],
    ['text', 252, text, 'é 🌡 "\\\n', '"é 🌡 \\"\\\\\\n"'],
    ['varchar', 253, text, '', '""'],
    ['blob', 252, binary, '\0A', '"0x0041"'],
    ['varbinary', 253, binary, 'A', '"0x41"'],
    ['bit', 16, binary, '\x01\x02', '258'],
  ])('%s', (_, type, characterSet, bytes, json) => {
    expect(jsonOf({ name: 'x', type, characterSet }, bytes === null ? null : Buffer.from(bytes, 'utf8'))).toBe(json);
    expect(() => JSON.parse(json)).not.toThrow();
  });

  it('what jsonb cannot store is left out or replaced, nothing else', () => {
    expect([isUnfit('a\0b'), isUnfit('a\ud800b'), isUnfit('é🌡\u0001')]).toEqual([true, true, false]);
    expect(madeFit('a\0b\ud800c🌡')).toBe('ab\ufffdc🌡');
  });
});
