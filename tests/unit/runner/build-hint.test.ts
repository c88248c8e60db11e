import { expect, it } from 'vitest';
import { hintFor } from '../../../runner/build/build-hint.ts';
import { StatementError } from '../../../warehouse/errors.ts';

const node = {} as Parameters<typeof hintFor>[1];
const manifest = {} as Parameters<typeof hintFor>[2];

it.each([
  ['select a, from t', 'from', 'The comma before it may be one too many.'],
  ['select a b\nc from t', 'c', 'A comma or an operator may be missing before it.'],
  ['select a from t where = 1', '=', undefined],
])('says what is usually wrong with %j', (sql, near, hint) => {
  const position = sql.indexOf(near, 10) + 1;
  const what = `syntax error at or near "${near}"`;
  expect(hintFor(new StatementError({ what, code: '42601', position, sql }), node, manifest)).toBe(hint);
});
