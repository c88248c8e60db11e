import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileProject } from '../../../../runner/compile/compile.ts';
import { readProject } from '../../../../runner/project/read-project.ts';
import { SqlText } from '../../../../runner/text/sql-text.ts';
import { compileFiles } from '../projects.ts';

/** The paths of what is no plain data: a function, a symbol, an object of a class. */
function notPlain(value: unknown, path: string, found: string[] = [], seen = new Set<unknown>()): string[] {
  if (typeof value === 'function' || typeof value === 'symbol') found.push(path);
  if (typeof value !== 'object' || value === null || seen.has(value)) return found;
  seen.add(value);
  if (value instanceof Map || value instanceof Set) {
    for (const [key, one] of value.entries()) notPlain(one, `${path}.${String(key)}`, found, seen);
    return found;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null || Array.isArray(value);
  if (!isPlain && !(value instanceof SqlText)) found.push(path);
  for (const [key, one] of Object.entries(value)) notPlain(one, `${path}.${key}`, found, seen);
  return found;
}

const root = fileURLToPath(new URL('../../../..', import.meta.url));

describe('a compiled project', () => {
  it('is plain data, so that it can be kept in a file', () => {
    const env = { SMB_PATH: '/share' };
    const {
      graph: _graph,
      project: _project,
      properties: _properties,
      query: _query,
      operation: _operation,
      ...data
    } = compileProject(readProject({ root, env }));
    expect(data.manifest.nodes.size).toBeGreaterThan(90);
    expect(notPlain(data, '')).toEqual([]);
  });

  it('has hooks, grants and indexes as plain data, too', () => {
    const { manifest, runHooks } = compileFiles({
      'project.yml': `name: k
on-run-start: select 1
models: { +pre_hook: select 2, +grants: { select: [anna] } }`,
      'models/a.sql': `{{config materialized="incremental" unique_key="id" post_hook="select 3" incremental_predicates="old.id > 0"}}
select 1 as id {{#incremental}}where {{high_water "b"}} = 0{{/incremental}}`,
      'models/b.sql': 'select 1 as load_id',
      'models/a.yml': 'models: [{ name: a, config: { indexes: [{ expressions: ["id + 1"], where: id > 2 }] } }]',
    });
    expect(notPlain({ manifest, runHooks }, '')).toEqual([]);
    expect(notPlain({ a: [new Map([['b', () => 1]])], c: new Date(0), d: new SqlText('') }, '')).toEqual([
      '.a.0.b',
      '.c',
    ]);
  });

  it('is made of nothing but the project, or what is kept of it would not hold', () => {
    const rooms = ['text', 'yaml', 'template', 'project', 'manifest', 'compile'].map((room) => `runner/${room}`);
    const read = ['runner/text/source-file.ts', 'runner/project/project.ts', 'runner/project/file-tree.ts'];
    const impure =
      /node:(?:fs|child_process|os|net)|process\.(?:env|cwd|argv)|Date\.now|new Date\(\)|Math\.random|randomUUID/;
    const found = rooms
      .flatMap((room) =>
        readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((name) =>
          posix.join(room, name.replaceAll('\\', '/')),
        ),
      )
      .filter((path) => path.endsWith('.ts') && !read.includes(path))
      .filter((path) => impure.test(readFileSync(join(root, path), 'utf8')));
    expect(found).toEqual([]);
  });
});
