import { expect, it } from 'vitest';
import { hintFor } from '../../../runner/build/build-hint.ts';
import { StatementError } from '../../../warehouse/errors.ts';
import { compileFiles, modelOf } from './projects.ts';

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

const compiled = compileFiles({
  'models/a.sql': 'select 1 as id',
  'models/b.sql': 'select id from {{ref "a"}}',
  'models/s.yml': 'sources: [{ name: raw, tables: [{ name: t }] }]',
});

it.each([
  ['no node', 'a', 'nowhere.t', 'No model, seed or source is called so.'],
  ['a model that it names by its table', 'a', 'public.b', 'Write {{ref "b"}}, so that it is built before a.'],
  ['a model that it reads', 'b', 'public.a', 'Build what it reads first: datacycle build --select +b'],
  ['a source that it names by its table', 'a', 'raw.t', 'its name and schema are right in models/s.yml:1:'],
])('says what to do where the relation that is missing is that of %s', (_what, name, relation, hint) => {
  const what = `relation "${relation}" does not exist`;
  const error = new StatementError({ what, code: '42P01', position: 1, sql: 'select' });
  expect(hintFor(error, modelOf(compiled, name), compiled.manifest)).toContain(hint);
});
