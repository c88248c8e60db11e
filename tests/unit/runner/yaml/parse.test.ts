import { expect, it } from 'vitest';
import { readYaml } from '../../../../runner/yaml/parse.ts';

it('a key that is not indented as its neighbours is said to be so', () => {
  const text = 'models:\n  - name: a\n   columns: []\n';
  const { problems } = readYaml({ path: 'models/m.yml', text } as Parameters<typeof readYaml>[0]);
  expect(problems[0]?.what).toBe('this is not valid YAML: this is not indented as what it belongs to');
});
