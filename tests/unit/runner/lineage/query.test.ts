import { expect, test } from 'vitest';
import { cases, documentCases } from './cases.ts';
import { columnsOf, filtersOf, lineageOfModels } from './flow-of.ts';

const t = '{{source "raw" "t"}}';

test.each(cases.map(([name, sql, columns, filters]) => ({ name, sql, columns, filters })))('$name', async (one) => {
  const { sql, columns, filters } = one;
  const lineage = await lineageOfModels({ m: sql });
  expect(columnsOf(lineage, 'm')).toEqual(columns);
  if (filters !== undefined) expect(filtersOf(lineage, 'm')).toEqual(filters);
});

test.each(documentCases.map(([name, sql, columns]) => ({ name, sql, columns })))('a document: $name', async (one) => {
  const { sql, columns } = one;
  expect(columnsOf(await lineageOfModels({ m: sql }), 'm')).toEqual(columns);
});

test('a column of a function that no parser knows comes from its arguments, and a star over it is not known', async () => {
  const lineage = await lineageOfModels({
    named: `select f.x from ${t} cross join lateral own_function(a) as f`,
    star: `select f.* from ${t} cross join lateral own_function(a) as f`,
  });
  expect(columnsOf(lineage, 'named')).toEqual({ x: 'computed t.a' });
  expect(lineage['model.star']?.unknown).toEqual([
    'which columns own_function() yields is not known without a database',
  ]);
});
