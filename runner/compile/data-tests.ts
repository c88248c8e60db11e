import { basename } from 'node:path/posix';
import { identifier, relation } from '../../warehouse/quote.ts';
import type { Node } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';
import { type ConfigKey, testKeys } from '../project/config.ts';
import { FolderConfig, foldersOf } from '../project/folder-config.ts';
import { overlay } from '../project/overlay.ts';
import type { Project } from '../project/project.ts';
import { settingPlace } from '../project/setting-places.ts';
import type { Problem } from '../text/errors.ts';
import { oneStatement } from '../text/one-statement.ts';
import { SqlText } from '../text/sql-text.ts';
import { didYouMean } from '../text/suggest.ts';
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts';
import { auditedBy } from './audits.ts';
import type { CompileContext, Draft } from './draft/context.ts';
import { attempt } from './draft/draft.ts';
import { ephemeralName, inlineEphemerals } from './draft/ephemeral.ts';
import {
  type Mode,
  modelContext,
  modelHelpers,
  newRecord,
  type Recorded,
  type Resolver,
} from './draft/model-language.ts';
import { resolverFor } from './draft/resolve.ts';
import {
  genericTest,
  type RequestText,
  type Tested,
  type TestRequest,
  TestRequestError,
  type TestSubject,
} from './generic-tests.ts';
import { ephemeralsOf } from './model.ts';

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
    tests.set(id, { ...test, id, name: id.slice('test.'.length), sql, audit, newRows: ofRows, incremental });
  };
  const folders = testFolders(context, problems);
  for (const draft of context.drafts.values()) {
    if (draft.properties === undefined) continue;
    const { value, yaml, path } = draft.properties;
    const tags = draft.config.tags ?? [];
    const unaudited = draft.config.materialized === 'ephemeral' ? 'an ephemeral model is not built' : undefined;
    const subject = {
      id: draft.id,
      name: draft.name,
      ...tested(draft),
      tags,
      group: draft.config.group,
      unaudited,
      isBuilt: unaudited === undefined,
    };
    genericTests(context, subject, folders, value, yaml, path, problems).forEach(add);
  }
  for (const [key, { table, yaml, path }] of context.properties.sources) {
    const node = context.sources.get(key);
    if (node === undefined) continue;
    const sql = relation(node.relation);
    const unaudited = 'a source is not built here';
    const subject = {
      id: node.id,
      name: key.replace('.', '_'),
      relation: node.relation,
      sql,
      tags: [],
      group: undefined,
      unaudited,
      isBuilt: false,
    };
    genericTests(context, subject, folders, table, yaml, path, problems).forEach(add);
  }
  singularTests(context, folders, problems).forEach(add);
  return [...tests.values()];
}

/** What project.yml says for tests: by the folder of tests/ for a singular one, of models/ or seeds/ for those of a .yml there. */
function testFolders({ project }: CompileContext, problems: Problem[]): FolderConfig {
  const paths = [...project.tests, ...project.properties].map((file) => pathOfTest(project, file.path));
  return new FolderConfig('data_tests', project.settings.data_tests, foldersOf(paths), project.settingsFile, problems);
}

/** The path of a file below the folder that holds its kind; tests/data/ is one of tests. */
function pathOfTest({ testPaths }: Project, file: string): string {
  const folders = [...testPaths.map((path) => `${path}/data`), ...testPaths, 'models', 'seeds'];
  const folder = folders.find((one) => file.startsWith(`${one}/`));
  return folder === undefined ? file : file.slice(folder.length + 1);
}

interface Subject extends Tested {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  /** The group of what it tests: a test of a private model is no stranger to it. */
  readonly group: string | undefined;
  readonly unaudited: string | undefined;
  readonly isBuilt: boolean;
}

interface WithTests {
  readonly data_tests?: readonly TestRequest[] | undefined;
  readonly tests?: readonly TestRequest[] | undefined;
  readonly columns?:
    | readonly {
        readonly name: string;
        readonly tags?: readonly string[] | undefined;
        readonly data_tests?: readonly TestRequest[] | undefined;
        readonly tests?: readonly TestRequest[] | undefined;
      }[]
    | undefined;
}

function genericTests(
  context: CompileContext,
  subject: Subject,
  folders: FolderConfig,
  described: WithTests,
  yaml: YamlFile,
  path: YamlPath,
  problems: Problem[],
): TestNode[] {
  const found: TestNode[] = [];
  const find = (name: string): Tested => {
    const draft = context.drafts.get(name);
    if (draft === undefined)
      throw new TestRequestError(`there is no model or seed "${name}"`, didYouMean(name, context.drafts.keys()));
    return tested(draft);
  };
  const folder = folders.for(pathOfTest(context.project, yaml.file.path));
  const request = (one: TestRequest, column: string | undefined, at: YamlPath, tags: readonly string[] = []) => {
    const about: TestSubject = { ...subject, column, folder };
    const text: RequestText = {
      written: (value, inside) => yaml.text(value, [...path, ...at, ...inside]),
      made: (sql, inside) => SqlText.from(yaml.place([...path, ...at, ...inside]), sql),
    };
    try {
      const place = yaml.place([...path, ...at]);
      const test = genericTest(one, about, find, text);
      if (!test.enabled) return;
      const bare = subject.relation && identifier(subject.relation.name);
      const isOfRows = test.audit === 'new_rows' || (test.audit === false && test.isOfRows && subject.isBuilt);
      const newRows =
        isOfRows && bare !== undefined
          ? genericTest(one, { ...about, sql: bare }, find, text).sql.framedBy(place)
          : undefined;
      const refs = test.refs.map((name) => context.drafts.get(name)?.id ?? name);
      const [parent] = refs;
      found.push({
        kind: 'test',
        generic: test.kind,
        id: `test.${test.name}`,
        name: test.name,
        description: test.description,
        group: subject.group,
        file: yaml.file.path,
        tags: [...new Set([...subject.tags, ...tags, ...test.tags])],
        dependsOn: [subject.id, ...refs],
        sql: test.sql.framedBy(place),
        severity: test.severity,
        provenBy: test.provenBy,
        place,
        ...(parent === undefined || test.field === undefined ? {} : { parent: { id: parent, column: test.field } }),
        ...(test.badRow === undefined || subject.relation === undefined
          ? {}
          : { badRow: { from: `${subject.sql} as ${identifier(subject.name)}`, condition: test.badRow } }),
        ...(test.audit === false
          ? { newRows: newRows && { of: subject.id, sql: newRows } }
          : { audit: { of: subject.id, newRows } }),
      });
    } catch (error) {
      if (!(error instanceof TestRequestError)) throw error;
      const inside = [...path, ...at, ...error.path];
      const [key, parent] = [inside.at(-1), inside.slice(0, -1)];
      problems.push(
        error.path.length > 0 && typeof key === 'string'
          ? yaml.problem(error.message, parent, error.hint, key)
          : yaml.problem(error.message, inside, error.hint),
      );
    }
  };
  for (const key of ['data_tests', 'tests'] as const) {
    for (const [index, one] of (described[key] ?? []).entries()) request(one, undefined, [key, index]);
    for (const [columnIndex, column] of (described.columns ?? []).entries()) {
      for (const [index, one] of (column[key] ?? []).entries())
        request(one, column.name, ['columns', columnIndex, key, index], column.tags);
    }
  }
  return found;
}

function tested({ name, relation: own, config }: Draft): Tested {
  if (config.materialized === 'ephemeral') return { sql: ephemeralName(name), relation: undefined };
  return { sql: relation(own), relation: own };
}

function singularTests(context: CompileContext, folders: FolderConfig, problems: Problem[]): TestNode[] {
  const { project, environment } = context;
  const found: TestNode[] = [];
  for (const file of project.tests) {
    attempt(problems, () => {
      const used = new Set<string>();
      const record = newRecord();
      const template = environment.parse(file);
      const render = (resolver: Resolver, into: Recorded, faults: Problem[], mode: Mode = 'full') =>
        template.render(modelHelpers(project, mode, resolver, into), modelContext(project, undefined), faults).trim();
      const sql = render(resolverFor(context, undefined, used), record, problems);
      const { config, places: settings } = overlay(folders.layerFor(pathOfTest(project, file.path)), record);
      if (config.enabled === false) return;
      for (const key of Object.keys(record.config) as ConfigKey[])
        if (!testKeys.includes(key))
          problems.push({
            what: `${key} has no meaning here`,
            hint: `A test has ${testKeys.join(', ')}.`,
            place: settingPlace(settings, key),
          });
      const name = basename(file.path, '.sql').normalize('NFC');
      const asked = record.config.audit !== undefined || record.config.scope !== undefined;
      const of = auditedBy(context, { file: file.path, used, config, settings, asked });
      const isAudit = config.audit !== undefined && config.audit !== false;
      const newRows =
        of !== undefined && (config.audit === 'new_rows' || !isAudit)
          ? render(resolverFor(context, undefined, new Set(), of), newRecord(), [])
          : undefined;
      const one = (text: SqlText) => oneStatement(text, 'a test');
      const increment = newRecord();
      const ofIncrement =
        record.incremental === undefined
          ? undefined
          : render(resolverFor(context, undefined, used), increment, problems, 'incremental');
      found.push({
        kind: 'test',
        generic: undefined,
        id: `test.${name}`,
        name,
        description: '',
        file: file.path,
        tags: config.tags ?? [],
        group: config.group,
        dependsOn: [...used],
        sql: one(sql),
        severity: config.severity ?? 'error',
        provenBy: undefined,
        incremental: ofIncrement && { sql: one(ofIncrement), highWater: [...increment.highWater] },
        place: { file: file.path, line: 1, column: 1 },
        ...(of === undefined
          ? {}
          : isAudit
            ? { audit: { of, newRows: newRows && one(newRows) } }
            : { newRows: newRows && { of, sql: one(newRows) } }),
      });
    });
  }
  return found;
}
