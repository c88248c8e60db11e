import { describe, expect, it } from 'vitest';
import { withTestEdges } from '../../../../runner/run/test-edges.ts';
import { compileFiles } from '../projects.ts';

const compiled = compileFiles({
  'models/a.sql': 'select 1 as id',
  'models/b.sql': 'select id from {{ref "a"}}',
  'models/c.sql': 'select id from {{ref "b"}}',
  'models/d.sql': 'select id from {{ref "a"}}',
  'models/a.yml': 'models: [{ name: a, columns: [{ name: id, data_tests: [unique] }] }]',
  'tests/data/both.sql': 'select id from {{ref "b"}} join {{ref "d"}} using (id)',
  'models/e.sql': 'select id from {{ref "c"}} join {{ref "d"}} using (id)',
});
const edges = (...kept: string[]) => {
  const graph = withTestEdges(compiled.graph, compiled.manifest.nodes, new Set(kept));
  return (id: string) => [...graph.ancestors(id)].sort();
};

describe('what is made of a model waits for its tests', () => {
  it('directly or through others', () => {
    const all = edges(...compiled.manifest.order);
    for (const id of ['model.b', 'model.c', 'model.d', 'model.e']) expect(all(id)).toContain('test.unique_a_id');
    expect(all('model.a')).toEqual([]);
  });

  it('also through one that is not selected', () => {
    const some = edges('model.a', 'test.unique_a_id', 'model.c');
    expect(some('model.c')).toEqual(['model.a', 'test.unique_a_id']);
  });

  it('and for a test of several only what is made of all of them', () => {
    const all = edges(...compiled.manifest.order);
    expect(all('model.e')).toContain('test.both');
    expect(all('model.c')).not.toContain('test.both');
  });
});
