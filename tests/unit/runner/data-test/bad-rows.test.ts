import { expect, it } from 'vitest';
import { showCommand } from '../../../../runner/data-test/bad-rows.ts';
import { compileFiles, testOf } from '../projects.ts';

it.each([
  ['plain', 'plain'],
  ['of.two parts', String.raw`\"of.two parts\"`],
])('the bad rows of %s are shown from the table that has them', (name, written) => {
  const compiled = compileFiles({
    'models/a.sql': 'select 1 as id',
    'models/a.yml': `models: [{ name: a, columns: [{ name: id, data_tests: [{ unique: { name: ${name} } }] }] }]`,
  });
  const test = testOf(compiled, name);
  const rows = { columns: ['id'], cells: [['1']], storedIn: test.stored?.relation };
  expect(showCommand(test, rows)).toBe(
    `datacycle show --limit -1 --inline "select * from ${test.stored?.relation.schema}.${written}"`,
  );
  expect(showCommand(test, { ...rows, storedIn: undefined })).toBe(`datacycle show --limit -1 --select ${name}`);
});
