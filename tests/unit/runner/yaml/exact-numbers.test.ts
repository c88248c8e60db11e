import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../../runner/yaml/exact-numbers.ts';
import { compileFiles, modelOf, testOf } from '../projects.ts';

describe('numbers keep the digits that are written', () => {
  it.each([
    ['12345678901234567890', '12345678901234567890'],
    ['-9007199254740993', '-9007199254740993'],
    ['9007199254740991', 9007199254740991],
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['46.233891', 46.233891],
    ['1.10', 1.1],
    ['1e400', '1e400'],
    ['1e-400', '1e-400'],
    ['1e3', 1000],
    ['1.0000000000000001', '1.0000000000000001'],
    ['0x1F', 31],
    ['0xFFFFFFFFFFFFFFFF', '18446744073709551615'],
    ['.inf', Number.POSITIVE_INFINITY],
    ['0.0', 0],
    ['"12345678901234567890"', '12345678901234567890'],
  ])('%s in YAML', (written, value) => {
    expect(parseYaml(`{ a: [${written}] }`)).toEqual({ a: [value] });
  });

  it('in variables, tests and templates', () => {
    const compiled = compileFiles(
      {
        'project.yml': 'name: test\nvars: { big: 12345678901234567890, list: [{ id: 9007199254740993 }] }',
        'models/a.sql':
          'select {{var "big"}} as a, {{#each (var "list")}}{{id}}{{/each}} as b, {{> plus_one n=9007199254740993}} as c, {{literal 9007199254740993}} as d, {{var "given"}} as e',
        'macros/plus_one.sql': '{{n}} + 1',
        'models/a.yml':
          'models: [{ name: a, columns: [{ name: b, data_tests: [{ accepted_values: { values: [9007199254740993, 5] } }] }] }]',
      },
      { vars: parseYaml('given: 9007199254740995') as Record<string, unknown> },
    );
    expect(modelOf(compiled, 'a').fullSql.text).toBe(
      "select 12345678901234567890 as a, 9007199254740993 as b, 9007199254740993 + 1 as c, '9007199254740993' as d, 9007199254740995 as e",
    );
    expect(testOf(compiled, 'accepted_values_a_b').sql.text).toContain("not in ('9007199254740993', 5)");
  });
});
