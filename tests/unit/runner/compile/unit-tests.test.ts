import { expect, it } from 'vitest';
import { compileFiles, problemsOf } from '../projects.ts';

const files = (vars: string, project = '') => ({
  'project.yml': `name: test\n${project}`,
  'models/m.sql': `select '{{var "colour" "red"}}' as colour`,
  'models/m.yml': `unit_tests:
  - name: is_coloured
    model: m
    overrides:
      vars: { ${vars} }
    expect: { rows: [{ colour: red }] }
`,
});

const faults = (of: Readonly<Record<string, string>>) =>
  problemsOf(of).map(({ place, what, hint }) => `${place?.file}:${place?.line}: ${what} | ${hint}`);

it('a variable that a unit test overrides, and that its model does not read, is a fault unless the project has it', () => {
  expect(faults(files('color: blue'))).toEqual([
    'models/m.yml:5: m reads no variable "color" | Did you mean "colour"?',
  ]);
  expect(faults(files('number: 1'))).toEqual(['models/m.yml:5: m reads no variable "number" | Known here: colour.']);
  for (const read of [files('colour: blue'), files('number: 1', 'vars: { number: 2 }\n')])
    expect(compileFiles(read).manifest.nodes.has('unit_test.is_coloured')).toBe(true);
});
