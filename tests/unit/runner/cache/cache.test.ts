import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, compiledProject, projectAt } from '../../../../runner/cache/cache.ts';
import { type Compiled, compileProject } from '../../../../runner/compile/compile.ts';
import type { ProjectOptions } from '../../../../runner/project/project.ts';
import { readProject } from '../../../../runner/project/read-project.ts';
import { settingPlace } from '../../../../runner/project/setting-places.ts';
import { TemporaryProject } from '../../../integration/temporary-project.ts';
import { isNoUnitTest } from '../../../integration/without-unit-tests.ts';

const build = 'a build';
const repository = fileURLToPath(new URL('../../../..', import.meta.url));

/** What there is to see of a compiled project, or of why it cannot be compiled. */
type Outcome = Omit<Compiled, 'graph' | 'project'> | { readonly message: string };

function seen({ manifest, exposures, exports, notices, runHooks }: Compiled): Outcome {
  return { manifest, exposures, exports, notices, runHooks };
}

function fault(error: unknown): Outcome {
  return { message: error instanceof Error ? error.message : String(error) };
}

function fresh(options: ProjectOptions): Outcome {
  try {
    return seen(compileProject(readProject(options)));
  } catch (error) {
    return fault(error);
  }
}

async function kept(options: ProjectOptions, by = build): Promise<Outcome> {
  try {
    return seen(await compiledProject(await projectAt(options, by), by));
  } catch (error) {
    return fault(error);
  }
}

const files = {
  'project.yml':
    'name: kept\nsecrets: [API_KEY]\nvars: { limit: 3 }\nmodels: { +tags: [all], gold: { +pre_hook: "select 1" } }\n',
  'macros/doubled.sql': '2 * {{value}}',
  'seeds/rooms.csv': 'room\nKitchen\n',
  'models/source.yml': 'sources: [{ name: raw, tables: [{ name: events, rows_version: "select 1" }] }]',
  'models/a.sql':
    '{{config materialized="incremental" unique_key="id"}}\nselect {{> doubled value="id"}} as id, load_id from {{source "raw" "events"}}\n{{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}',
  'models/gold/b.sql':
    'select * from {{ref "a"}} where id < {{var "limit"}} and place = {{literal (env "PLACE" "here")}}',
  'models/gold/b.yml':
    'models: [{ name: b, description: "An Überblick", columns: [{ name: id, data_tests: [not_null, unique] }] }]',
  'tests/none.sql': '{{config severity="warn"}} select * from {{ref "b"}} where id is null',
};

describe('a project that is kept', () => {
  const project = new TemporaryProject({});
  const options = { root: project.root, env: {} };
  beforeEach(() => project.begin(files));
  afterAll(() => project.dispose());

  const entries = () =>
    readdirSync(cacheFolder(join(project.root, 'target'))).map((name) =>
      join(cacheFolder(join(project.root, 'target')), name),
    );
  const manifests = () => entries().filter((path) => path.includes('manifest-'));

  it('is not compiled again while nothing changes, and is the same, places included', async () => {
    const first = await kept(options);
    const [path = ''] = manifests();
    const before = readFileSync(path);
    const again = await compiledProject(await projectAt(options, build), build);
    expect(seen(again)).toEqual(first);
    expect(seen(again)).toEqual(fresh(options));
    expect('query' in again).toBe(false);
    expect(readFileSync(path)).toEqual(before);
    const node = again.manifest.nodes.get('model.a');
    if (node?.kind !== 'model') throw new Error('there is no model a');
    expect(node.fullSql.placeAt(node.fullSql.text.indexOf('2 * '))).toEqual({
      file: 'macros/doubled.sql',
      line: 1,
      column: 1,
    });
    expect(settingPlace(node.settings, 'unique_key')).toEqual({ file: 'models/a.sql', line: 1, column: 37 });
    expect(again.graph.upstreams('model.b')).toEqual(['model.a']);
    expect(again.manifest.index.followed).toEqual(compileProject(readProject(options)).manifest.index.followed);
  });

  it('is kept by the project as it is given, not by where it is', async () => {
    await kept(options);
    const opened = await projectAt(options, build);
    expect((await compiledProject(opened, build)).project).toBe(opened);
    expect(opened.settingsFile.place(['vars', 'limit'])).toEqual({ file: 'project.yml', line: 3, column: 16 });
    expect(opened.settings).toEqual(readProject(options).settings);
  });

  const variants: Readonly<Record<string, readonly (string | undefined)[]>> = {
    'project.yml': [
      files['project.yml'],
      'name: kept\nsecrets: [API_KEY]\nvars: { limit: 4 }\n',
      'name: kept\nvar: { limit: 4 }\n',
      'name: kept\nmodels: { +schema: \'{{env "OTHER" "plain"}}\' }\n',
      'name: kept\nvars: { limit: 3 }\nmodels: { +schema: other }\non-run-end: "select {{var \'limit\'}}"\n',
    ],
    'models/words.md': [undefined, '{% docs word %} one {% enddocs %}', '{% docs word %} two {% enddocs %}'],
    'macros/doubled.sql': [files['macros/doubled.sql'], '{{value}} + {{value}}', undefined, '{{valu}}'],
    'macros/more.sql': [undefined, '1'],
    'seeds/rooms.csv': [files['seeds/rooms.csv'], undefined, 'room\nOffice\n'],
    'seeds/rooms.yml': [undefined, 'seeds: [{ name: rooms, columns: [{ name: room, data_tests: [unique] }] }]'],
    'models/source.yml': [files['models/source.yml'], 'sources: [{ name: raw, tables: [{ name: event }] }]'],
    'models/a.sql': [files['models/a.sql'], 'select 1 as id', 'select {{secret "API_KEY"}} as id', '{{#if', undefined],
    'models/gold/b.sql': [files['models/gold/b.sql'], 'select 1 as id', undefined],
    'models/gold/b.yml': [
      files['models/gold/b.yml'],
      'models: [{ name: b, config: { tags: [x] } }]',
      'models: [{ name: b, description: \'{{env "PLACE" "x"}} {{doc "word"}}\' }]',
      undefined,
    ],
    'models/gold/c.sql': [undefined, 'select * from {{ref "b"}}', 'select * from {{ref "rooms"}}'],
    'tests/none.sql': [files['tests/none.sql'], 'select {{env "OTHER"}}', undefined],
  };
  const environments: readonly ProjectOptions['env'][] = [
    {},
    { PLACE: 'there' },
    { PLACE: '', API_KEY: 'top-secret' },
    { OTHER: '1', API_KEY: 'other-secret' },
    { NOBODY_READS: '1' },
  ];
  const edit = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        ...Object.entries(variants).flatMap(([path, texts]) => texts.map((text) => ({ path, text }))),
      ),
    },
    { weight: 2, arbitrary: fc.constantFrom(...environments).map((env) => ({ env })) },
    { weight: 1, arbitrary: fc.constantFrom(undefined, { limit: 5 }, { limit: '5' }).map((vars) => ({ vars })) },
  );

  it('keeps what the .yml files say, and writes it again only where that has changed, whether or not one of them is a template', async () => {
    const checks = () =>
      statSync(join(cacheFolder(join(project.root, 'target')), 'properties.json'), { bigint: true }).ino;
    project.write({ 'models/t.yml': 'models: [{ name: a, description: \'{{env "PLACE" "x"}}\' }]' });
    await kept(options);
    const before = checks();
    project.write({ 'models/a.sql': 'select 1 as id' });
    expect(await kept(options)).toEqual(fresh(options));
    expect(checks()).toBe(before);
    project.write({ 'models/t.yml': 'models: [{ name: a, description: "plain" }]' });
    expect(await kept(options)).toEqual(fresh(options));
    expect(checks()).not.toBe(before);
  });

  it('is what a fresh compilation gives, whatever has been edited since', async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 5, maxLength: 15 }), async (edits) => {
        project.begin(files);
        let [env, vars]: [ProjectOptions['env'], ProjectOptions['vars']] = [{}, undefined];
        for (const one of edits) {
          if ('env' in one) env = one.env;
          else if ('vars' in one) vars = one.vars;
          else if (one.text === undefined) project.remove(one.path);
          else project.write({ [one.path]: one.text });
          const now = { root: project.root, env, vars };
          const expected = fresh(now);
          if (!('message' in expected)) found += 1;
          expect(await kept(now)).toEqual(expected);
          expect(await kept(now)).toEqual(expected);
        }
      }),
      { numRuns: 8 },
    );
    expect(found).toBeGreaterThan(10);
  });

  it('is compiled again, without a word, where what is kept is damaged or of another program', async () => {
    const expected = await kept(options);
    const whole = new Map(entries().map((path) => [path, readFileSync(path)]));
    const damages: readonly ((bytes: Buffer) => Buffer | string)[] = [
      () => '',
      (bytes) => bytes.subarray(0, bytes.length / 2),
      (bytes) => bytes.subarray(0, 64),
      (bytes) => Buffer.concat([bytes, Buffer.from(' ')]),
      (bytes) => Buffer.from(bytes.map((byte, at) => (at === bytes.length - 20 ? byte ^ 1 : byte))),
      () => '{"head": 1}\n{}\n',
      () => 'ä'.repeat(100),
    ];
    for (const damage of damages) {
      for (const [path, bytes] of whole) writeFileSync(path, damage(bytes));
      expect(await kept(options)).toEqual(expected);
      for (const [path, bytes] of whole) expect(readFileSync(path)).toEqual(bytes);
    }
    expect(await kept(options, 'another build')).toEqual(expected);
    for (const [path, bytes] of whole) expect(readFileSync(path)).not.toEqual(bytes);
    // Not a file at all, and a folder that cannot be one.
    for (const path of whole.keys()) {
      rmSync(path);
      mkdirSync(path);
    }
    expect(await kept(options)).toEqual(expected);
    rmSync(join(project.root, 'target'), { recursive: true });
    writeFileSync(join(project.root, 'target'), '');
    expect(await kept(options)).toEqual(expected);
    rmSync(join(project.root, 'target'));
  });

  it('has a file for each target and for each set of variables, and not ever more of them', async () => {
    for (let limit = 0; limit < 20; limit += 1) await kept({ ...options, vars: { limit } });
    expect(entries().length).toBeLessThanOrEqual(16);
    expect(await kept({ ...options, vars: { limit: 19 } })).toEqual(fresh({ ...options, vars: { limit: 19 } }));
  });

  it('is not kept with the value of a secret', async () => {
    const value = 'pass\'wörd"1';
    const env = { API_KEY: value, DB_URL: `postgres://anna:${value}@host/db`, PLACE: 'there' };
    project.write({ 'models/a.sql': 'select {{secret "API_KEY"}} as id, {{literal (var "word" "none")}} as word' });
    const texts = () => entries().map((path) => readFileSync(path, 'utf8'));
    expect(await kept({ ...options, env })).toEqual(fresh({ ...options, env }));
    expect(manifests()).toHaveLength(1);
    for (const text of texts()) expect(text).not.toMatch(/w.rd.{0,2}"1/);
    // By a variable that is called otherwise, and by one whose name says it.
    for (const vars of [{ word: value }, { word: 'x', password: 'another one' }]) {
      project.write({ 'models/gold/b.sql': 'select {{literal (var "password" "none")}} as id from {{ref "a"}}' });
      const expected = fresh({ ...options, env, vars });
      expect('message' in expected).toBe(false);
      expect(await kept({ ...options, env, vars })).toEqual(expected);
      for (const text of texts()) expect(text).not.toMatch(/w.rd.{0,2}"1|another one/);
    }
    expect(manifests()).toHaveLength(1);
  });

  it('does not depend on what a secret is, only on whether there is one', async () => {
    project.write({ 'models/a.sql': 'select {{secret "API_KEY"}} as id' });
    const first = await kept({ ...options, env: { API_KEY: 'one-secret' } });
    const again = await projectAt({ ...options, env: { API_KEY: 'other-secret' } }, build);
    expect('query' in (await compiledProject(again, build))).toBe(false);
    expect(await kept({ ...options, env: { API_KEY: 'other-secret' } })).toEqual(first);
    expect(await kept(options)).toMatchObject({ message: expect.stringContaining('the secret API_KEY is not set') });
  });
});

describe('this project, kept', () => {
  const project = new TemporaryProject({});
  beforeAll(() => {
    for (const path of ['project.yml', 'models', 'macros', 'seeds', 'tests/data'])
      cpSync(join(repository, path), join(project.root, path), { recursive: true, filter: isNoUnitTest });
  });
  afterAll(() => project.dispose());

  it('is what a fresh compilation gives', async () => {
    const options = { root: project.root, env: { PSEUDONYM_KEY: 'a long random text' } };
    const expected = fresh(options);
    expect('manifest' in expected && expected.manifest.nodes.size).toBeGreaterThan(90);
    await kept(options);
    const again = await compiledProject(await projectAt(options, build), build);
    expect('query' in again).toBe(false);
    expect(seen(again)).toEqual(expected);
  });
});
