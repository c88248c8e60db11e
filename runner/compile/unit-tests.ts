import { digest } from '../manifest/digest.ts';
import { Graph } from '../manifest/graph.ts';
import { isBuilt, type ModelNode, type Node, type SourceNode, type UnitTestNode } from '../manifest/manifest.ts';
import { type UnitTestInput, type UnitTestRows, type UnitTestRun, unitTestSchema } from '../manifest/unit-test-node.ts';
import type { Declared } from '../project/properties.ts';
import type { UnitTestProperties } from '../project/properties-schema.ts';
import { type Template, TemplateEnvironment } from '../template/template.ts';
import { type Problem, ProjectError } from '../text/errors.ts';
import { didYouMean } from '../text/suggest.ts';
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts';
import { namedRelation } from './data-test/request-values.ts';
import type { CompileContext, Draft } from './draft/context.ts';
import { attempt, macrosByName } from './draft/draft.ts';
import { helperNames } from './draft/model-language.ts';
import { modelNode } from './model.ts';
import { unitTestRows } from './unit-test-rows.ts';

/** The time of a run that no test gives. */
const anyTime = '2024-01-01T00:00:00.000Z';

/** The value of every secret in a unit test: its outcome must not depend on what is set where it runs. */
export const secretOfUnitTests = 'a secret of unit tests';

/**
 * The unit tests that .yml files declare. Each holds its model compiled once more, with its overrides and on relations of its own.
 * @param nodes all other nodes, compiled; where the project has problems, the models are not compiled again.
 */
export function compileUnitTests(
  context: CompileContext,
  nodes: ReadonlyMap<string, Node>,
  problems: Problem[],
): UnitTestNode[] {
  const found = new Map<string, UnitTestNode>();
  const { unitTests } = context.properties;
  if (unitTests.length === 0) return [];
  const graph = new Graph(new Map([...nodes].map(([id, node]) => [id, node.dependsOn])));
  const inside: Inside = {
    drafts: new Map([...context.drafts].map(([name, one]) => [name, insideDraft(one)])),
    sources: new Map([...context.sources].map(([key, source]) => [key, insideSource(source)])),
    nodes: new Map([...nodes].filter(([, one]) => one.materialized !== 'ephemeral')),
  };
  const nameOf = (id: string) => nodes.get(id)?.name ?? id;
  for (const declared of unitTests) {
    const { value, yaml, path } = declared;
    if (value.config?.enabled === false || context.disabled.has(value.model)) continue;
    attempt(problems, () => {
      const draft = context.drafts.get(value.model);
      if (draft?.kind !== 'model') {
        const models = [...context.drafts.values()].filter(({ kind }) => kind === 'model').map(({ name }) => name);
        throw new ProjectError([
          yaml.problem(`there is no model "${value.model}"`, path, didYouMean(value.model, models), 'model'),
        ]);
      }
      const runs = runsOf(context, draft, declared);
      if (context.drafts.has(value.name) || found.has(value.name) || nodes.has(`test.${value.name}`))
        throw new ProjectError([
          yaml.problem(`the name "${value.name}" is taken twice`, path, 'Rename one of the two.', 'name'),
        ]);
      if (problems.length > 0 || draft.template === undefined) return;
      const model = overridden(context, inside, draft, draft.template, declared);
      const unread = runs.flatMap(({ given }) => given).find(({ of }) => of !== draft.id && !model.reads.includes(of));
      if (unread !== undefined)
        throw new ProjectError([
          {
            what: `${draft.name} does not read ${nameOf(unread.of)}`,
            place: unread.place,
            hint: `It reads ${model.reads.map(nameOf).join(', ') || 'nothing'}.`,
          },
        ]);
      const behind = [...graph.ancestors(draft.id)].sort().map((id) => [id, checksumOf(nodes.get(id))]);
      const macros = value.overrides?.macros ?? {};
      const compares = value.runs === undefined ? 'query' : 'table';
      const form = macros.is_incremental === true ? 'increment' : 'full';
      found.set(value.name, {
        kind: 'unit_test',
        id: `unit_test.${value.name}`,
        name: value.name,
        description: value.description ?? '',
        group: draft.config.group,
        file: yaml.file.path,
        tags: [...new Set([...(draft.config.tags ?? []), ...(value.tags ?? []), ...(value.config?.tags ?? [])])],
        dependsOn: [draft.id],
        of: draft.id,
        model,
        inputs: Object.fromEntries(model.reads.map((id) => [id, nameOf(id)])),
        compares,
        form,
        runs,
        meta: { ...value.meta, ...value.config?.meta },
        definition: digest([draft.name, form, value.overrides ?? {}, runs.map(withoutPlaces)]),
        checksum: digest([model.checksum, model.config, model.constraints, behind, compares, form, runs]),
        place: yaml.place(path),
      });
    });
  }
  return [...found.values()];
}

function runsOf(
  context: CompileContext,
  draft: Draft,
  { value, yaml, path }: Declared<UnitTestProperties>,
): UnitTestRun[] {
  const now = timeOf(value.overrides?.now, yaml, [...path, 'overrides', 'now']) ?? anyTime;
  const inputs = (given: UnitTestProperties['given'], at: YamlPath) =>
    (given ?? []).map((input, index) => inputOf(context, draft, input, yaml, [...at, 'given', index]));
  const expected = (expect: UnitTestProperties['expect'], at: YamlPath) => {
    const rows =
      expect && (unitTestRows(context.project, expect, yaml, [...at, 'expect']) ?? { kind: 'values', rows: [] });
    return rows && { rows, place: yaml.place(at, 'expect') };
  };
  if (value.runs === undefined) {
    if (value.expect === undefined)
      throw new ProjectError([yaml.problem('it expects nothing', path, 'Add expect: { rows: [...] }, or runs.')]);
    return [{ now, fullRefresh: false, given: inputs(value.given, path), expect: expected(value.expect, path) }];
  }
  if (value.given !== undefined || value.expect !== undefined)
    throw new ProjectError([
      yaml.problem(
        'beside runs there is no given and no expect',
        path,
        'Each run has its own.',
        value.given ? 'given' : 'expect',
      ),
    ]);
  if (value.runs.every(({ expect }) => expect === undefined))
    throw new ProjectError([yaml.problem('it expects nothing', path, 'Add expect to a run.', 'runs')]);
  return value.runs.map((run, index) => {
    const at = [...path, 'runs', index];
    return {
      now: timeOf(run.now, yaml, [...at, 'now']) ?? now,
      fullRefresh: run.full_refresh === true,
      given: inputs(run.given, at),
      expect: expected(run.expect, at),
    };
  });
}

function timeOf(written: string | undefined, yaml: YamlFile, path: YamlPath): string | undefined {
  if (written === undefined) return undefined;
  // A time without a zone is one in UTC.
  const zoned =
    /(?:Z|[+-]\d\d(?::?\d\d)?)$/i.test(written) && /[T ]\d\d/.test(written)
      ? written
      : `${written.length <= 10 ? `${written}T00:00` : written}Z`;
  const time = new Date(zoned.replace(' ', 'T'));
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  throw new ProjectError([yaml.problem(`"${written}" is no time`, path, 'Write e.g. "2024-01-01 12:00", in UTC.')]);
}

function inputOf(
  context: CompileContext,
  draft: Draft,
  input: NonNullable<UnitTestProperties['given']>[number],
  yaml: YamlFile,
  path: YamlPath,
): UnitTestInput {
  const fault = (what: string, hint?: string) => new ProjectError([yaml.problem(what, path, hint, 'input')]);
  const named = namedRelation(input.input);
  let of: string | undefined;
  if (input.input.trim() === 'this') of = draft.id;
  else if (named === undefined)
    throw fault(`"${input.input}" names no input`, "Write ref('model'), source('source', 'table') or this.");
  else if (named.kind === 'source') {
    of = context.sources.get(named.name)?.id;
    if (of === undefined)
      throw fault(`there is no source "${named.name}"`, didYouMean(named.name, context.sources.keys()));
  } else {
    of = context.drafts.get(named.name)?.id;
    if (of === undefined)
      throw fault(`there is no model or seed "${named.name}"`, didYouMean(named.name, context.drafts.keys()));
  }
  const rows = unitTestRows(context.project, input, yaml, path);
  const isSeed = of.startsWith('seed.');
  return {
    of,
    replaces: input.replaces === true,
    rows: rows ?? (isSeed ? { kind: 'file' } : { kind: 'values', rows: [] }),
    place: yaml.place(path),
  };
}

/** The project as the models of unit tests see it. */
interface Inside extends Pick<CompileContext, 'drafts' | 'sources'> {
  readonly nodes: ReadonlyMap<string, Node>;
}

/** The model of a test as it is compiled with the test's overrides, on relations of the schema of unit tests. */
function overridden(
  context: CompileContext,
  { drafts, sources, nodes }: Inside,
  draft: Draft,
  template: Template,
  { value, yaml, path }: Declared<UnitTestProperties>,
): ModelNode {
  const { vars = {}, env_vars: env = {}, macros = {} } = value.overrides ?? {};
  const { project } = context;
  const secrets = Object.fromEntries((project.settings.secrets ?? []).map((name) => [name, secretOfUnitTests]));
  const { is_incremental: _, ...replaced } = macros;
  const environment =
    Object.keys(replaced).length === 0 ? context.environment : environmentWith(context, replaced, yaml, path);
  const given = recordedReads({ ...project.vars, ...vars });
  const node = modelNode(
    drafts.get(draft.name) ?? draft,
    environment === context.environment ? template : environment.parse(draft.file),
    {
      ...context,
      project: { ...project, vars: given.values, env: over(project.env, { ...secrets, ...env }) },
      environment,
      drafts,
      sources,
      rowSecurity: new Map(),
      // Its rows are given, and all of them are read.
      rowLimit: undefined,
    },
    nodes,
  );
  const idle = Object.keys(vars).filter((name) => !given.read.has(name) && !Object.hasOwn(project.vars, name));
  if (idle.length > 0)
    throw new ProjectError(
      idle.map((name) => {
        const hint = didYouMean(name, given.read) ?? 'Remove it, or set it under vars in project.yml.';
        return yaml.problem(`${draft.name} reads no variable "${name}"`, [...path, 'overrides', 'vars'], hint, name);
      }),
    );
  const { grants: _grants, persist_docs: _docs, ...config } = node.config;
  return { ...node, config, constraints: node.constraints.filter(({ type }) => type !== 'foreign_key') } as ModelNode;
}

/** Variables, and the names of those that were asked for. */
function recordedReads(vars: Readonly<Record<string, unknown>>) {
  const read = new Set<string>();
  const note = (name: string | symbol) => typeof name === 'string' && read.add(name);
  const values = new Proxy(vars, {
    get: (of, name) => {
      note(name);
      return Reflect.get(of, name);
    },
    getOwnPropertyDescriptor: (of, name) => {
      note(name);
      return Reflect.getOwnPropertyDescriptor(of, name);
    },
  });
  return { values, read };
}

/** An environment with other values for some of its variables. It is not copied: what of it is read is recorded elsewhere. */
function over(env: CompileContext['project']['env'], values: Readonly<Record<string, string>>): typeof env {
  return Object.assign(Object.create(env) as Record<string, string>, values);
}

/** An ephemeral model is a relation like any: its rows are given. */
function insideDraft(draft: Draft): Draft {
  const { config } = draft;
  const materialized = config.materialized === 'ephemeral' ? 'view' : config.materialized;
  return {
    ...draft,
    config: { ...config, ...(materialized === undefined ? {} : { materialized }) },
    relation: { schema: unitTestSchema, name: draft.name },
  };
}

function insideSource(source: SourceNode): SourceNode {
  return { ...source, relation: { schema: unitTestSchema, name: source.name } };
}

/** The macros of the project, some of which yield a value instead. */
function environmentWith(
  { project }: CompileContext,
  replaced: Readonly<Record<string, unknown>>,
  yaml: YamlFile,
  path: YamlPath,
): TemplateEnvironment {
  const macros = macrosByName(project, []);
  for (const [name, value] of Object.entries(replaced)) {
    const macro = macros.get(name);
    if (macro === undefined)
      throw new ProjectError([
        yaml.problem(
          `there is no macro "${name}"`,
          [...path, 'overrides', 'macros'],
          didYouMean(name, macros.keys()),
          name,
        ),
      ]);
    macros.set(name, { path: macro.path, text: String(value) });
  }
  const environment = new TemplateEnvironment([...helperNames, 'arguments']);
  environment.addMacros(macros);
  return environment;
}

/** What a run is given and is to yield, wherever that is written. */
function withoutPlaces({ now, fullRefresh, given, expect }: UnitTestRun): object {
  const said = (rows: UnitTestRows) => (rows.kind === 'query' ? rows.sql.text : rows);
  const inputs = given.map(({ of, replaces, rows }) => [of, replaces, said(rows)]);
  return { now, fullRefresh, given: inputs, expect: expect && said(expect.rows) };
}

/** What changes when the columns of a node may. */
function checksumOf(node: Node | undefined): unknown {
  if (isBuilt(node)) return [node.checksum, node.columns.map(({ name, dataType }) => [name, dataType])];
  return node?.kind === 'source' ? node.columns.map(({ name, dataType }) => [name, dataType]) : '';
}
