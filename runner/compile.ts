import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path/posix';
import { DatacycleError } from '../warehouse/errors.ts';
import { identifier, relation } from '../warehouse/quote.ts';
import { compileTests } from './compile-tests.ts';
import { type Config, mergeConfig } from './config.ts';
import { columnSpecs, constraintsOf } from './constraints.ts';
import { ephemeralName, inlineEphemerals } from './ephemeral.ts';
import { formatProblem, type Problem, ProjectError } from './errors.ts';
import { FolderConfig, foldersOf } from './folder-config.ts';
import { Graph } from './graph.ts';
import {
  helperNames,
  type Mode,
  modelContext,
  modelHelpers,
  newRecord,
  type Recorded,
  type Resolver,
} from './helpers.ts';
import type { Manifest, ModelNode, Node, RelationName, SeedNode, SourceNode } from './manifest.ts';
import type { Project } from './project.ts';
import { type AllProperties, type Properties, readProperties } from './properties.ts';
import type { SqlText } from './sql-text.ts';
import { didYouMean } from './suggest.ts';
import { HelperError, type SourceFile, type Template, TemplateEnvironment } from './template.ts';

/** A model or seed whose name and settings are known, but whose SQL is not yet rendered. */
export interface Draft {
  readonly kind: 'model' | 'seed';
  readonly id: string;
  readonly name: string;
  readonly file: SourceFile;
  /** Undefined for a seed, and for a model whose template has a fault: it is known, so that nobody misses it, but not built. */
  readonly template: Template | undefined;
  readonly properties: Properties | undefined;
  readonly config: Config;
  readonly relation: RelationName;
  readonly record: Recorded;
  readonly refs: ReadonlySet<string>;
  readonly sources: ReadonlySet<string>;
}

/** What compiling a piece of SQL needs to know of the project; shared by models, tests and inline queries. */
export interface CompileContext {
  readonly project: Project;
  readonly environment: TemplateEnvironment;
  readonly properties: AllProperties;
  /** Models and seeds by name. */
  readonly drafts: ReadonlyMap<string, Draft>;
  readonly disabled: ReadonlySet<string>;
  readonly sources: ReadonlyMap<string, SourceNode>;
  /** True when a .yml file has a fault, so that what it declares is missing: no reason to complain about that as well. */
  readonly incomplete: boolean;
}

export interface Compiled {
  readonly manifest: Manifest;
  readonly graph: Graph;
  readonly context: CompileContext;
}

/**
 * Compiles a project to its manifest. Needs no database.
 * @throws ProjectError with every problem of the project at once.
 */
export function compileProject(project: Project): Compiled {
  const problems: Problem[] = [];
  const properties = readProperties(project, problems);
  const incomplete = problems.length > 0;
  const environment = new TemplateEnvironment(helperNames);
  attempt(problems, () => environment.addMacros(macrosByName(project, problems)));
  const sources = compileSources(properties);
  const drafts = new Map<string, Draft>();
  const disabled = new Set<string>();
  const context: CompileContext = { project, environment, properties, drafts, disabled, sources, incomplete };
  draftSeeds(context, drafts, disabled, problems);
  draftModels(context, drafts, disabled, problems);
  checkDescribed(context, problems);
  checkRelations(drafts, problems);
  checkCycles(drafts, problems);

  const nodes = new Map<string, Node>([...sources.values()].map((node) => [node.id, node]));
  for (const draft of inOrder(drafts)) {
    attempt(problems, () => {
      if (draft.kind === 'seed') nodes.set(draft.id, seedNode(draft, context));
      else if (draft.template !== undefined) nodes.set(draft.id, modelNode(draft, draft.template, context, nodes));
    });
  }
  for (const test of compileTests(context, nodes, problems)) nodes.set(test.id, test);
  if (problems.length > 0) throw new ProjectError(problems);

  const graph = new Graph(new Map([...nodes.values()].map((node) => [node.id, node.dependsOn])));
  const cycle = graph.findCycle();
  if (cycle !== undefined)
    throw new ProjectError([{ what: `these depend on each other: ${cycle.map(shortName).join(' -> ')}` }]);
  return { manifest: { nodes, order: graph.order() }, graph, context };
}

/** Compiles one query against the project, e.g. for `show --inline`; ephemeral models are put in. @throws ProjectError */
export function compileQuery(context: CompileContext, nodes: ReadonlyMap<string, Node>, file: SourceFile): SqlText {
  const used = new Set<string>();
  const template = context.environment.parse(file);
  const sql = render(template, 'full', context, undefined, newRecord(), used).trim();
  return inlineEphemerals(sql, ephemeralsOf([...used], nodes));
}

/** The resolver that all templates share; records what is used by id. */
export function resolverFor(context: CompileContext, own: RelationName | undefined, used: Set<string>): Resolver {
  const { drafts, disabled, sources, incomplete } = context;
  const sourceOf = (key: string): Pick<SourceNode, 'id' | 'relation'> => {
    const node = sources.get(key);
    if (node !== undefined) return node;
    if (incomplete) return { id: `source.${key}`, relation: { schema: 'unknown', name: key } };
    throw new HelperError(
      `there is no source "${key}"`,
      didYouMean(key, sources.keys()) ?? 'Declare it under sources in a .yml file.',
    );
  };
  const draftOf = (name: string): Draft => {
    const draft = drafts.get(name);
    if (draft !== undefined) return draft;
    if (disabled.has(name))
      throw new HelperError(`the model "${name}" is disabled`, 'Set enabled: true for it, or take the reference out.');
    throw new HelperError(`there is no model or seed "${name}"`, didYouMean(name, drafts.keys()));
  };
  return {
    own,
    ref(name) {
      const draft = draftOf(name);
      used.add(draft.id);
      if (draft.config.materialized === 'ephemeral') return ephemeralName(draft.name);
      return relation(draft.relation.schema, draft.relation.name);
    },
    source(source, table) {
      const node = sourceOf(`${source}.${table}`);
      used.add(node.id);
      return relation(node.relation.schema, node.relation.name);
    },
    upstream(name) {
      const id = drafts.has(name) || !name.includes('.') ? draftOf(name).id : sourceOf(name).id;
      used.add(id);
      return id;
    },
  };
}

/** Macros by their names; two of one name are a problem. */
function macrosByName(project: Project, problems: Problem[]): Map<string, SourceFile> {
  const macros = new Map<string, SourceFile>();
  for (const file of project.macros) {
    const name = nameOf(file.path);
    const other = macros.get(name);
    if (other === undefined) macros.set(name, file);
    else
      problems.push({
        what: `the macro "${name}" stands twice: ${other.path} and ${file.path}`,
        hint: 'Rename one of the files.',
      });
  }
  return macros;
}

function draftSeeds(
  { project, properties }: CompileContext,
  drafts: Map<string, Draft>,
  disabled: Set<string>,
  problems: Problem[],
): void {
  const paths = project.seeds.map((path) => path.replace(/^seeds\//, ''));
  const folders = new FolderConfig('seeds', project.settings.seeds, foldersOf(paths), project.settingsFile, problems);
  for (const [index, path] of project.seeds.entries()) {
    const name = nameOf(path);
    const described = properties.seeds.get(name);
    const config = mergeConfig(folders.for(paths[index] ?? ''), described?.value.config ?? {});
    if (config.enabled === false) {
      disabled.add(name);
      continue;
    }
    const senseless = (['materialized', 'surrogate_key'] as const).find((key) => config[key] !== undefined);
    if (senseless !== undefined)
      problems.push({ what: `${path}: a seed has no ${senseless}`, hint: 'It is a table of what its file says.' });
    addDraft(drafts, problems, {
      kind: 'seed',
      id: `seed.${name}`,
      name,
      file: { path, text: '' },
      template: undefined,
      properties: described,
      config,
      relation: { schema: config.schema ?? 'seeds', name: config.alias ?? name },
      record: newRecord(),
      refs: new Set(),
      sources: new Set(),
    });
  }
}

function draftModels(
  context: CompileContext,
  drafts: Map<string, Draft>,
  disabled: Set<string>,
  problems: Problem[],
): void {
  const { project, properties, environment, sources, incomplete } = context;
  const paths = project.models.map((file) => file.path.replace(/^models\//, ''));
  const folders = new FolderConfig('models', project.settings.models, foldersOf(paths), project.settingsFile, problems);
  const known = new Set([...project.models.map((file) => nameOf(file.path)), ...drafts.keys(), ...disabled]);
  for (const [index, file] of project.models.entries()) {
    const name = nameOf(file.path);
    const record = newRecord();
    const refs = new Set<string>();
    const used = new Set<string>();
    const resolver: Resolver = {
      own: undefined,
      ref(ref) {
        if (!known.has(ref)) throw new HelperError(`there is no model or seed "${ref}"`, didYouMean(ref, known));
        refs.add(ref);
        return '';
      },
      source: (source, table) => resolverFor(context, undefined, used).source(source, table),
      upstream(upstream) {
        if (known.has(upstream) || sources.has(upstream) || incomplete) return upstream;
        throw new HelperError(
          `there is no model or source "${upstream}"`,
          didYouMean(upstream, [...known, ...sources.keys()]),
        );
      },
    };
    const faults: Problem[] = [];
    let template: Template | undefined;
    attempt(faults, () => {
      template = environment.parse(file);
      for (const mode of ['full', 'incremental'] as const)
        template.render(modelHelpers(project, mode, resolver, record), modelContext(project, undefined), faults);
    });
    const described = properties.models.get(name);
    const config = [described?.value.config ?? {}, record.config].reduce(mergeConfig, folders.for(paths[index] ?? ''));
    if (config.enabled === false) {
      disabled.add(name);
      continue;
    }
    // What is wrong in both forms of a model is said once.
    problems.push(...new Map(faults.map((fault) => [formatProblem(fault), fault])).values());
    addDraft(drafts, problems, {
      kind: 'model',
      id: `model.${name}`,
      name,
      file,
      template: faults.length > 0 ? undefined : template,
      properties: described,
      config,
      relation: { schema: config.schema ?? 'public', name: config.alias ?? name },
      record,
      refs,
      sources: used,
    });
  }
}

function addDraft(drafts: Map<string, Draft>, problems: Problem[], draft: Draft): void {
  const other = drafts.get(draft.name);
  if (other === undefined) drafts.set(draft.name, draft);
  else
    problems.push({
      what: `the name "${draft.name}" is taken twice: ${other.file.path} and ${draft.file.path}`,
      hint: 'Names of models and seeds share one space; rename one of the files.',
    });
}

function checkDescribed({ properties, drafts, disabled }: CompileContext, problems: Problem[]): void {
  for (const [kind, described] of [
    ['model', properties.models],
    ['seed', properties.seeds],
  ] as const) {
    const names = [...drafts.values()].filter((draft) => draft.kind === kind).map((draft) => draft.name);
    for (const [name, { yaml, path }] of described) {
      if (names.includes(name) || disabled.has(name)) continue;
      problems.push(
        yaml.problem(`there is no ${kind} "${name}" to describe`, [...path, 'name'], didYouMean(name, names)),
      );
    }
  }
}

function checkRelations(drafts: ReadonlyMap<string, Draft>, problems: Problem[]): void {
  const byRelation = new Map<string, Draft>();
  for (const draft of drafts.values()) {
    try {
      for (const name of namesOf(draft)) identifier(name);
    } catch (error) {
      if (!(error instanceof DatacycleError)) throw error;
      problems.push({ what: `${draft.file.path}: ${error.message}`, hint: error.hint });
      continue;
    }
    if (draft.config.materialized === 'ephemeral') continue;
    const key = relation(draft.relation.schema, draft.relation.name);
    const other = byRelation.get(key);
    if (other === undefined) byRelation.set(key, draft);
    else
      problems.push({
        what: `${other.file.path} and ${draft.file.path} would both be ${key}`,
        hint: 'Give one of them another alias or schema.',
      });
  }
}

/** Every name that a draft gives to something in the database. */
function namesOf({ relation: own, config, properties }: Draft): string[] {
  const { columns = [], constraints = [] } = properties?.value ?? {};
  const keys = [config.unique_key, config.surrogate_key, config.audit_columns].flat();
  const declared = [...columns.flatMap((column) => column.constraints ?? []), ...constraints].map(({ name }) => name);
  return [own.schema, own.name, ...columns.map(({ name }) => name), ...keys, ...declared].filter(
    (name) => name !== undefined,
  );
}

function checkCycles(drafts: ReadonlyMap<string, Draft>, problems: Problem[]): void {
  const cycle = new Graph(new Map([...drafts.values()].map((draft) => [draft.name, [...draft.refs]]))).findCycle();
  if (cycle === undefined) return;
  const files = [...new Set(cycle)].map((name) => `  ${name}: ${drafts.get(name)?.file.path ?? ''}`);
  problems.push({
    what: `these models refer to each other: ${cycle.join(' -> ')}\n${files.join('\n')}`,
    hint: 'Take one of the references out.',
  });
}

/** Drafts so that every one comes after those it refers to. */
function inOrder(drafts: ReadonlyMap<string, Draft>): Draft[] {
  const graph = new Graph(new Map([...drafts.values()].map((draft) => [draft.name, [...draft.refs]])));
  return graph.order().flatMap((name) => drafts.get(name) ?? []);
}

function compileSources(properties: AllProperties): Map<string, SourceNode> {
  const sources = new Map<string, SourceNode>();
  for (const [key, { source, table, yaml }] of properties.sources) {
    sources.set(key, {
      kind: 'source',
      id: `source.${key}`,
      name: key,
      description: table.description ?? '',
      file: yaml.file.path,
      tags: [],
      dependsOn: [],
      relation: { schema: source.schema ?? source.name, name: table.identifier ?? table.name },
      columns: columnSpecs(table.columns),
    });
  }
  return sources;
}

function seedNode(draft: Draft, context: CompileContext): SeedNode {
  const constraints = constraintsOf(draft, context);
  return {
    kind: 'seed',
    ...common(draft),
    dependsOn: [
      ...new Set(
        constraints.flatMap((constraint) =>
          constraint.type === 'foreign_key' && constraint.toId !== draft.id ? [constraint.toId] : [],
        ),
      ),
    ],
    reads: [],
    constraints,
    checksum: digest(draft.config.unique_key ?? []),
  };
}

function modelNode(
  draft: Draft,
  template: Template,
  context: CompileContext,
  nodes: ReadonlyMap<string, Node>,
): ModelNode {
  const { config } = draft;
  const materialized = config.materialized ?? 'view';
  if (!context.incomplete) checkSettings(draft, materialized);
  const used = new Set<string>();
  const record = newRecord();
  const sqlFor = (mode: Mode) => {
    const sql = render(template, mode, context, draft.relation, record, used).trim();
    if (sql.text === '')
      throw new ProjectError([{ what: `${draft.file.path} is empty`, hint: 'A model is one select statement.' }]);
    return sql.text.endsWith(';') ? sql.slice(0, sql.text.length - 1) : sql;
  };
  const full = sqlFor('full');
  const incremental = materialized === 'incremental' ? sqlFor('incremental') : undefined;
  const ephemerals = ephemeralsOf([...used], nodes);
  const constraints = constraintsOf(draft, context);
  const targets = constraints.flatMap((constraint) =>
    constraint.type === 'foreign_key' && constraint.toId !== draft.id ? [constraint.toId] : [],
  );
  const reads = [
    ...new Set(
      [...used].flatMap((id) => {
        const node = nodes.get(id);
        return node?.kind === 'model' && node.materialized === 'ephemeral' ? node.reads : [id];
      }),
    ),
  ];
  const fullSql = materialized === 'ephemeral' ? full : inlineEphemerals(full, ephemerals);
  return {
    kind: 'model',
    ...common(draft),
    dependsOn: [...new Set([...used, ...targets])],
    reads,
    constraints,
    materialized,
    fullSql,
    incrementalSql: incremental && inlineEphemerals(incremental, ephemerals),
    highWater: [...record.highWater],
    volatile: record.volatile || [...used].some((id) => isVolatileEphemeral(nodes.get(id))),
    checksum: digest([fullSql.text, config.unique_key ?? [], config.surrogate_key ?? '']),
  };
}

function checkSettings(draft: Draft, materialized: ModelNode['materialized']): void {
  const { config, record } = draft;
  const complain = (what: string, hint?: string) => {
    throw new ProjectError([{ what: `${draft.file.path}: ${what}`, hint }]);
  };
  const strategy = config.incremental_strategy ?? 'merge';
  if (materialized === 'incremental' && strategy !== 'append' && (config.unique_key ?? []).length === 0) {
    complain(
      `incremental_strategy "${strategy}" needs a unique_key`,
      'Set unique_key to the columns that identify a row, or use incremental_strategy="append".',
    );
  }
  if (config.surrogate_key !== undefined && (config.unique_key ?? []).length === 0) {
    complain('surrogate_key needs a unique_key', 'The key is handed out once for each value of unique_key.');
  }
  if (config.surrogate_key !== undefined && (materialized === 'view' || materialized === 'ephemeral')) {
    complain(`a ${materialized} cannot have a surrogate_key`, 'Use materialized="table" or "incremental".');
  }
  if (record.incremental && materialized !== 'incremental') {
    complain(
      `it has an {{#incremental}} block, but is materialized as ${materialized}`,
      'Set materialized="incremental", or take the block out.',
    );
  }
}

function common(
  draft: Draft,
): Pick<ModelNode, 'id' | 'name' | 'description' | 'file' | 'tags' | 'config' | 'relation' | 'columns'> {
  return {
    id: draft.id,
    name: draft.name,
    description: draft.properties?.value.description ?? '',
    file: draft.file.path,
    tags: draft.config.tags ?? [],
    config: draft.config,
    relation: draft.relation,
    columns: columnSpecs(draft.properties?.value.columns),
  };
}

function render(
  template: Template,
  mode: Mode,
  context: CompileContext,
  own: RelationName | undefined,
  record: Recorded,
  used: Set<string>,
): SqlText {
  const helpers = modelHelpers(context.project, mode, resolverFor(context, own, used), record);
  return template.render(helpers, modelContext(context.project, own));
}

/** The ephemeral models among `ids` and behind them, each once, in dependency order. */
export function ephemeralsOf(
  ids: readonly string[],
  nodes: ReadonlyMap<string, Node>,
): { name: string; sql: SqlText }[] {
  const found = new Map<string, { name: string; sql: SqlText }>();
  const visit = (id: string) => {
    const node = nodes.get(id);
    if (node?.kind !== 'model' || node.materialized !== 'ephemeral' || found.has(id)) return;
    for (const upstream of node.dependsOn) visit(upstream);
    found.set(id, { name: node.name, sql: node.fullSql });
  };
  for (const id of ids) visit(id);
  return [...found.values()];
}

function isVolatileEphemeral(node: Node | undefined): boolean {
  return node?.kind === 'model' && node.materialized === 'ephemeral' && node.volatile;
}

/** Runs `work`; a ProjectError it throws is added to `problems`. */
export function attempt(problems: Problem[], work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    problems.push(...error.problems);
  }
}

function nameOf(path: string): string {
  return basename(path, extname(path));
}

function shortName(id: string): string {
  return id.slice(id.indexOf('.') + 1);
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
