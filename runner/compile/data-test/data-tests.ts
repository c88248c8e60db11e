// Data tests: what .yml files ask for, and the queries in the folders of tests, compiled to nodes.
//
//   1. data-tests.ts    goes through models, seeds and sources, then through the files; names, numbers and places each test
//   2. request.ts       takes a request of a .yml apart; request-values.ts renders its templates; other-names.ts knows dbt's packages
//   3. generic-test.ts  makes the query of one request, by a definition: of-columns.ts, of-relations.ts, or
//      of-history.ts, or custom.ts: a file of tests/generic/
//   4. singular.ts      a file of the other folders
//   5. audits.ts        which model an audit is about, and what has to be built before it
//
// What is wrong with a request is a problem at its place; the other tests are compiled all the same.
import { identifier, relation } from '../../../warehouse/quote.ts';
import type { Node, SourceNode } from '../../manifest/manifest.ts';
import type { TestNode } from '../../manifest/test-node.ts';
import type { FolderConfig } from '../../project/folder-config.ts';
import { nameOf } from '../../project/folders.ts';
import type { Project } from '../../project/project.ts';
import { formatProblem, type Problem, ProjectError } from '../../text/errors.ts';
import { SqlText } from '../../text/sql-text.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { YamlFile, YamlPath } from '../../yaml/yaml-file.ts';
import type { CompileContext, Draft } from '../draft/context.ts';
import { ephemeralName, ephemeralsOf, inlineEphemerals } from '../draft/ephemeral.ts';
import { folderConfig } from '../draft/files.ts';
import { customTests } from './custom.ts';
import { type CustomTest, type GenericTest, genericTest } from './generic-test.ts';
import { shortName } from './names.ts';
import { type RequestText, type TestRequest, TestRequestError } from './request.ts';
import { namedRelation, withValues } from './request-values.ts';
import { singularTests } from './singular.ts';
import { type Found, hasInThisCase, type TestSubject } from './tested.ts';
import { withVerdict } from './verdict.ts';

/**
 * All data tests of a project: those the .yml files ask for and the singular ones in tests/.
 * @param nodes the models and seeds, compiled; ephemeral ones are put into the tests that read them.
 */
export function compileTests(
  context: CompileContext,
  nodes: ReadonlyMap<string, Node>,
  problems: Problem[],
): TestNode[] {
  const tests = new Map<string, TestNode>();
  const add = (test: TestNode) => {
    let id = test.id;
    for (let number = 2; tests.has(id); number += 1) id = `${test.id}_${number}`;
    const other = context.drafts.get(id.slice('test.'.length));
    if (other !== undefined)
      problems.push({
        what: `the name "${other.name}" is taken twice: ${other.file.path} and the test ${test.file}`,
        hint: 'Results are known by the names of models, seeds and tests; rename one of the two.',
        place: test.place,
      });
    const ephemerals = ephemeralsOf(test.dependsOn, nodes);
    const sql = inlineEphemerals(test.sql, ephemerals);
    const newRows = test.audit?.newRows && inlineEphemerals(test.audit.newRows, ephemerals);
    const audit = test.audit && { ...test.audit, newRows };
    const ofRows = test.newRows && { ...test.newRows, sql: inlineEphemerals(test.newRows.sql, ephemerals) };
    const incremental = test.incremental && {
      ...test.incremental,
      sql: inlineEphemerals(test.incremental.sql, ephemerals),
    };
    const name = id.slice('test.'.length);
    const stored = test.stored && {
      ...test.stored,
      relation: { ...test.stored.relation, name: test.config?.alias ?? shortName(name) },
    };
    tests.set(id, { ...test, id, name, sql, audit, newRows: ofRows, incremental, stored });
  };
  const folders = testFolders(context, problems);
  const custom = customTests(context, problems);
  const asked: Asked = { context, folders, custom, problems };
  for (const draft of context.drafts.values()) {
    if (draft.properties === undefined) continue;
    const { value, yaml, path } = draft.properties;
    const unaudited = draft.config.materialized === 'ephemeral' ? 'an ephemeral model is not built' : undefined;
    const subject = {
      ...testedNode(draft, context.drafts),
      // As in dbt, a model's tags are not those of its tests; they come along anyway.
      tags: [],
      group: draft.config.group,
      unaudited,
    };
    genericTests(asked, subject, value, yaml, path).forEach(add);
  }
  for (const [key, { table, yaml, path }] of context.properties.sources) {
    const node = context.sources.get(key);
    if (node === undefined) continue;
    const subject = {
      ...testedSource(node, key),
      isSource: true,
      tags: node.tags,
      group: undefined,
      unaudited: 'a source is not built here',
    };
    genericTests(asked, subject, table, yaml, path).forEach(add);
  }
  singularTests(context, (path) => folders.layerFor(pathOfTest(context.project, path)), problems).forEach(add);
  checkDescribed(context, custom, tests, problems);
  checkStored(context, tests, problems);
  return [...tests.values()];
}

/** What project.yml says for tests: by the folder of tests/ for a singular one, of models/ or seeds/ for those of a .yml there. */
function testFolders(context: CompileContext, problems: Problem[]): FolderConfig {
  const { project } = context;
  const paths = [...project.tests, ...project.properties].map((file) => pathOfTest(project, file.path));
  return folderConfig(context, 'data_tests', paths, problems);
}

/** The path of a file below the folder that holds its kind; tests/data/ is one of tests. */
function pathOfTest({ testPaths, folders: { model, seed, snapshot } }: Project, file: string): string {
  const folders = [...testPaths.map((path) => `${path}/data`), ...testPaths, ...model, ...seed, ...snapshot];
  const folder = folders.find((one) => file.startsWith(`${one}/`));
  return folder === undefined ? file : file.slice(folder.length + 1);
}

/** What all requests of a project share. */
interface Asked {
  readonly context: CompileContext;
  readonly folders: FolderConfig;
  readonly custom: ReadonlyMap<string, CustomTest>;
  readonly problems: Problem[];
}

/** What the requests of one .yml entry are about, whichever of its columns they name. */
interface Subject extends Omit<TestSubject, 'column' | 'quoted' | 'folder'> {
  readonly tags: readonly string[];
  /** The group of what it tests: a test of a private model is no stranger to it. */
  readonly group: string | undefined;
}

interface WithTests {
  readonly data_tests?: readonly TestRequest[] | undefined;
  readonly tests?: readonly TestRequest[] | undefined;
  readonly columns?: readonly ColumnWithTests[] | undefined;
}

interface ColumnWithTests extends Omit<WithTests, 'columns'> {
  readonly name: string;
  readonly quote?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
}

function genericTests(
  { context, folders, custom, problems }: Asked,
  subject: Subject,
  described: WithTests,
  yaml: YamlFile,
  path: YamlPath,
): TestNode[] {
  const found: TestNode[] = [];
  const find = (written: string): Found => findNamed(context, written);
  const isMacro = (name: string) => context.project.macros.some(({ path }) => nameOf(path) === name);
  const folder = folders.for(pathOfTest(context.project, yaml.file.path));
  const request = (written: TestRequest, column: ColumnWithTests | undefined, inside: YamlPath) => {
    const at = [...path, ...inside];
    const about: TestSubject = { ...subject, column: column?.name, quoted: column?.quote, folder };
    const text: RequestText = {
      written: (value, of) => yaml.text(value, [...at, ...of]),
      generated: (sql, of) => SqlText.from(yaml.place([...at, ...of]), sql),
    };
    try {
      const place = yaml.place(at);
      const one = withValues(context, written, yaml, at);
      const test = genericTest(one, about, find, text, custom, isMacro);
      if (test.config.enabled === false) return;
      const bare = subject.relation && identifier(subject.relation.name);
      const isOfRows =
        test.audit === 'new_rows' || (test.audit === false && test.isOfRows && subject.unaudited === undefined);
      const newRows =
        isOfRows && bare !== undefined
          ? genericTest(one, { ...about, sql: bare }, find, text, custom).sql.framedBy(place)
          : undefined;
      found.push(
        withVerdict(
          context,
          nodeOf(test, subject, [...subject.tags, ...(column?.tags ?? [])], yaml, place, newRows),
          test.config,
        ),
      );
    } catch (error) {
      if (error instanceof ProjectError) addOnce(problems, error.problems);
      else if (error instanceof TestRequestError) problems.push(problemOf(error, yaml, at));
      else throw error;
    }
  };
  for (const key of ['data_tests', 'tests'] as const) {
    for (const [index, one] of (described[key] ?? []).entries()) request(one, undefined, [key, index]);
    for (const [columnIndex, column] of (described.columns ?? []).entries()) {
      for (const [index, one] of (column[key] ?? []).entries())
        request(one, column, ['columns', columnIndex, key, index]);
    }
  }
  return found;
}

function nodeOf(
  test: GenericTest,
  subject: Subject,
  tags: readonly string[],
  yaml: YamlFile,
  place: TestNode['place'],
  newRows: SqlText | undefined,
): TestNode {
  return {
    kind: 'test',
    generic: test.kind,
    id: `test.${test.name}`,
    name: test.name,
    dbtName: test.dbtName,
    column: test.column,
    ...(Object.keys(test.arguments).length === 0 ? {} : { arguments: test.arguments }),
    description: test.description,
    group: test.config.group ?? subject.group,
    file: yaml.file.path,
    tags: [...new Set([...tags, ...(test.config.tags ?? [])])],
    dependsOn: [...new Set([subject.id, ...test.reads])],
    sql: test.sql.framedBy(place),
    severity: test.config.severity ?? 'error',
    provenBy: test.provenBy,
    place,
    ...(test.parent === undefined ? {} : { parent: test.parent }),
    ...(test.badRow === undefined || subject.relation === undefined
      ? {}
      : { badRow: { from: `${subject.sql} as ${identifier(subject.name)}`, condition: test.badRow } }),
    ...(test.audit === false
      ? { newRows: newRows && { of: subject.id, sql: newRows } }
      : { audit: { of: subject.id, newRows } }),
  };
}

function problemOf(error: TestRequestError, yaml: YamlFile, at: YamlPath): Problem {
  const inside = [...at, ...error.path];
  const [key, parent] = [inside.at(-1), inside.slice(0, -1)];
  return error.path.length > 0 && typeof key === 'string'
    ? yaml.problem(error.message, parent, error.hint, key)
    : yaml.problem(error.message, inside, error.hint);
}

/** A fault in a generic test is one, however many ask for the test. */
function addOnce(problems: Problem[], more: readonly Problem[]): void {
  const known = new Set(problems.map((one) => formatProblem(one)));
  for (const one of more) if (!known.has(formatProblem(one))) problems.push(one);
}

/** The model, seed or source that an argument names. @throws TestRequestError */
function findNamed(context: CompileContext, written: string): Found {
  const named = namedRelation(written);
  if (named?.kind === 'source') {
    const source = context.sources.get(named.name);
    if (source !== undefined) return testedSource(source, named.name);
    throw new TestRequestError(`there is no source "${named.name}"`, didYouMean(named.name, context.sources.keys()));
  }
  const name = named?.name ?? written;
  const draft = context.drafts.get(name);
  if (draft !== undefined) return testedNode(draft, context.drafts);
  throw new TestRequestError(`there is no model or seed "${name}"`, didYouMean(name, context.drafts.keys()));
}

function testedNode(draft: Draft, drafts: CompileContext['drafts']): Found {
  const { kind, id, name, relation: own, config } = draft;
  const keepsCase = (column: string) => kind === 'seed' || hasInThisCase(draft, column, drafts);
  if (config.materialized === 'ephemeral')
    return { id, name, sql: ephemeralName(name), relation: undefined, keepsCase };
  return { id, name, sql: relation(own), relation: own, keepsCase };
}

function testedSource({ id, relation: own }: SourceNode, key: string): Found {
  return { id, name: key.replace('.', '_'), relation: own, sql: relation(own), keepsCase: () => false };
}

/** A .yml describes tests that are there. */
function checkDescribed(
  { properties, project }: CompileContext,
  custom: ReadonlyMap<string, CustomTest>,
  tests: ReadonlyMap<string, TestNode>,
  problems: Problem[],
): void {
  const known = new Set([
    ...custom.keys(),
    ...project.tests.map(({ path }) => nameOf(path)),
    ...[...tests.values()].map(({ name }) => name),
  ]);
  for (const { value, yaml, path } of properties.tests.values())
    if (!known.has(value.name))
      problems.push(
        yaml.problem(`there is no test "${value.name}" to describe`, path, didYouMean(value.name, known), 'name'),
      );
}

/** Bad rows must not be stored where something else is. */
function checkStored({ drafts }: CompileContext, tests: ReadonlyMap<string, TestNode>, problems: Problem[]): void {
  const taken = new Map(
    [...drafts.values()].map((draft) => [`${draft.relation.schema}.${draft.relation.name}`, draft.name]),
  );
  for (const { stored, name, place } of tests.values()) {
    if (stored === undefined || stored.as === 'ephemeral') continue;
    const key = `${stored.relation.schema}.${stored.relation.name}`;
    const other = taken.get(key);
    if (other !== undefined && stored.as !== undefined)
      problems.push({
        what: `the bad rows of ${name} would be stored in ${key}, which is ${other}`,
        hint: 'Give the test another alias or schema.',
        place,
      });
    taken.set(key, name);
  }
}
