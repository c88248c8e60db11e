import { beforeAll, expect, test } from 'vitest';
import type { ProjectLineage } from '../../../../runner/lineage/lineage.ts';
import { cases, documentCases } from './cases.ts';
import { columnsOf, filtersOf, lineageOfModels } from './flow-of.ts';

const t = '{{source "raw" "t"}}';

/** Each query is a model of one project: compiling one takes as long as compiling all. */
const queries = [...cases, ...documentCases].map(([name, sql, columns, filters]) => ({ name, sql, columns, filters }));
let lineage: ProjectLineage;
beforeAll(async () => {
  lineage = await lineageOfModels(Object.fromEntries(queries.map(({ sql }, index) => [`m${index}`, sql])));
});

test.each(queries.map((one, index) => ({ ...one, model: `m${index}` })))('$name', ({ model, columns, filters }) => {
  expect(columnsOf(lineage, model)).toEqual(columns);
  if (filters !== undefined) expect(filtersOf(lineage, model)).toEqual(filters);
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
