import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsAt, valuesAt } from '../../../learning/data/matrix.ts';
import { score } from '../../../learning/model/score.ts';
import type { Artefact } from '../../../learning/model/spec.ts';
import { train } from '../../../learning/model/train.ts';
import type { Tree } from '../../../learning/trees/spec.ts';
import { inputs, readSample } from '../../unit/learning/sample.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';

const sample = readSample();
const learnt = Array.from({ length: 1500 }, (_, row) => row);
const unseen = rowsAt(
  sample.matrix(inputs),
  Array.from({ length: 500 }, (_, row) => 1500 + row),
);

/** A number as PostgreSQL reads it, to the last digit. */
const double = (value: number) => `'${value}'::float8`;

/** What a tree adds, as one CASE expression: written of the artefact alone, and not of the code that scores. */
function caseOf(tree: Tree, next = 0): string {
  if (next < 0) return double(tree.value[-1 - next] ?? Number.NaN);
  const column = inputs[tree.column[next] ?? -1];
  const isBelow = `${column} <= ${double(tree.threshold[next] ?? Number.NaN)}`;
  const condition = tree.missingLeft[next] === 1 ? `${column} is null or ${isBelow}` : isBelow;
  return `case when ${condition} then ${caseOf(tree, tree.left[next])} else ${caseOf(tree, tree.right[next])} end`;
}

function sqlOf({ model }: Artefact): string {
  if (model.kind !== 'trees') throw new Error('no trees');
  const sum = [double(model.base), ...model.trees.map((tree) => caseOf(tree))].join('\n    + ');
  return model.link === 'logit' ? `1 / (1 + exp(-(${sum})))` : sum;
}

describe.each(oneDatabase)('trees in SQL on $name', ({ open }) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await open();
    await database.warehouse.query('create schema sample');
    const columns = inputs.map((name) => `${name} float8`);
    await database.warehouse.query(`create table sample.quarter (row int primary key, ${columns.join(', ')})`);
    const values = unseen.values.map(
      (column) => `{${Array.from(column, (value) => (Number.isNaN(value) ? 'null' : value))}}`,
    );
    await database.warehouse.query(
      `insert into sample.quarter select n - 1, ${inputs.join(', ')}
      from unnest(${inputs.map((_, at) => `$${at + 1}::float8[]`).join(', ')}) with ordinality as v(${inputs.join(', ')}, n)`,
      values,
    );
  });
  afterAll(() => database.drop());

  it.each([
    ['probabilities', { name: 'logistic' }, 'occupied'],
    ['watts', { name: 'l2' }, 'next_power'],
  ] as const)('%s are those of the engine', async (_, loss, target) => {
    const spec = { kind: 'trees', loss, rounds: 60, rate: 0.1, leaves: 15, columnShare: 0.6, rowShare: 0.8 } as const;
    const known = rowsAt(sample.matrix(inputs), learnt);
    const artefact = train(spec, known, valuesAt(sample.column(target), learnt));
    const { rows } = await database.warehouse.query<{ value: number }>(
      `select ${sqlOf(artefact)} as value from sample.quarter order by row`,
    );
    const scores = score(artefact, unseen);
    expect(rows.length).toBe(500);
    rows.forEach(({ value }, row) => {
      expect(Math.abs(value - (scores[row] ?? Number.NaN))).toBeLessThan(1e-9);
    });
  });
});
