// Compiles a project to its manifest, without a database:
//
//   1. draft/      drafts: each model and seed with its settings, and the references that its template makes
//   2. model.ts    renders the full and the incremental SQL of each model, in dependency order
//   3. power-bi/   adds a view for each model with `bi`
//   4. hooks.ts, data-tests.ts, audits.ts, run-hooks.ts  compile hooks and tests; unit-tests.ts those on rows that are given
//   5. settings/   checks the settings that need to know more than their own file
//
// All problems are collected, and one ProjectError reports them at the end. If there is none, every name in the manifest exists,
// and the graph has no cycle.

import type { RelationName } from '../../warehouse/quote.ts';
import type { Exposure } from '../manifest/exposure.ts';
import type { AnalysisNode, Export, Group } from '../manifest/exposure-node.ts';
import { Graph } from '../manifest/graph.ts';
import type { Manifest, Node, RowSecurity } from '../manifest/manifest.ts';
import { indexNodes } from '../manifest/manifest-index.ts';
import { nameInId } from '../manifest/node-id.ts';
import type { RowLimit } from '../manifest/placeholders.ts';
import { nameOf } from '../project/folders.ts';
import { type Project, sourceTexts } from '../project/project.ts';
import { type AllProperties, type CheckedFiles, readProperties } from '../project/properties.ts';
import { TemplateEnvironment } from '../template/template.ts';
import { formatProblem, type Problem, ProjectError, quoting } from '../text/errors.ts';
import { oneStatement } from '../text/one-statement.ts';
import type { SourceFile } from '../text/source-file.ts';
import type { SqlText } from '../text/sql-text.ts';
import { auditedLast } from './data-test/audits.ts';
import { compileTests } from './data-test/data-tests.ts';
import type { CompileContext, Draft } from './draft/context.ts';
import {
  attempt,
  checkCycles,
  checkDescribed,
  checkRelations,
  draftModels,
  draftSeeds,
  inOrder,
  macrosByName,
  viewNodeName,
} from './draft/draft.ts';
import { ephemeralsOf, inlineEphemerals } from './draft/ephemeral.ts';
import { helperNames, newRecord } from './draft/model-language.ts';
import { relationNamer } from './draft/relation-names.ts';
import { compileExports, exposuresOfExports } from './exports.ts';
import { checkAccess, exposureNodes } from './exposures.ts';
import { addHooks } from './hooks.ts';
import { modelNode, render, seedNode } from './model.ts';
import { compileOperation, type Operation } from './operation.ts';
import { checkExposable, exposuresOf } from './power-bi/exposures.ts';
import { draftViews, viewNode } from './power-bi/views.ts';
import { compileRunHooks, type RunHooks } from './run-hooks.ts';
import { addApis } from './settings/api.ts';
import { checkMaterializedViews } from './settings/materialized-view.ts';
import { retentionOf } from './settings/retention.ts';
import { readRowSecurity } from './settings/row-security.ts';
import { checkSubjects } from './settings/subject.ts';
import { compileSources } from './sources.ts';
import { compileUnitTests } from './unit-tests.ts';

/** A compiled project. All but `project` and `graph` is plain data, or runner/cache/ cannot keep it. */
export interface Compiled {
  readonly manifest: Manifest;
  readonly graph: Graph;
  readonly project: Project;
  /** The models that Power BI sees. */
  readonly exposures: readonly Exposure[];
  /** What is written as files for others. */
  readonly exports: readonly Export[];
  readonly runHooks: RunHooks;
  /** Which rows models read, where not all. */
  readonly rowLimit?: RowLimit | undefined;
  /** What whoever compiles the project should know, though nothing is wrong: settings that mean nothing here, and the like. */
  readonly notices: readonly Problem[];
  /** Two with the same are of the same files, settings and environment, seeds' files aside; undefined where that is not known. */
  readonly identity?: string | undefined;
}

/** A project that has been compiled just now, with what only the compiler knows. */
export interface FreshlyCompiled extends Compiled {
  /** What the .yml files say. */
  readonly properties: AllProperties;
  /** Compiles one query against the project, e.g. for `show --inline`; ephemeral models are put in. @throws ProjectError */
  readonly query: (file: SourceFile) => SqlText;
  /** Renders a macro that acts, for `run-operation`. @throws ProjectError */
  readonly operation: (macro: string, args: Readonly<Record<string, unknown>>) => Operation;
}

/** What models read otherwise than the project says. */
export interface Reads {
  /** Relations of models and seeds, by their ids, that are read in place of their own: those of another target. */
  readonly deferred?: ReadonlyMap<string, RelationName> | undefined;
  /** Which rows of their upstreams, where not all. */
  readonly rowLimit?: RowLimit | undefined;
}

/**
 * Compiles a project to its manifest. Needs no database.
 * @param checked what .yml files were found to say before; it gets what they say now.
 * @param reads what models read otherwise than the project says.
 * @throws ProjectError with every problem of the project at once.
 */
export function compileProject(project: Project, checked?: CheckedFiles, reads: Reads = {}): FreshlyCompiled {
  return quoting(sourceTexts(project), () => compile(project, checked, reads));
}

function compile(project: Project, checked: CheckedFiles | undefined, { deferred, rowLimit }: Reads): FreshlyCompiled {
  const problems: Problem[] = [];
  const notices: Problem[] = [...project.notices];
  const properties = readProperties(project, problems, notices, checked);
  const incomplete = problems.length > 0;
  const environment = new TemplateEnvironment([...helperNames, 'arguments']);
  const macros = macrosByName(project, problems);
  attempt(problems, () => environment.addMacros(macros));
  const disabled = new Set<string>();
  const sources = compileSources(properties, disabled);
  const names: Problem[] = [];
  const drafts = new Map<string, Draft>();
  const rowSecurity = new Map<string, RowSecurity>();
  const nameRelation = relationNamer(project, environment, new Set(macros.keys()), names);
  const context: CompileContext = {
    project,
    environment,
    properties,
    drafts,
    nameRelation: (of) => deferred?.get(`${of.kind}.${of.name}`) ?? nameRelation(of),
    notices,
    disabled,
    sources,
    rowLimit,
    rowSecurity,
    incomplete,
  };
  draftSeeds(context, drafts, disabled, problems);
  draftModels(context, drafts, disabled, problems);
  problems.push(...new Map(names.map((fault) => [formatProblem(fault), fault])).values());
  checkExposable(context, problems);
  draftViews(context, drafts, problems);
  checkDescribed(context);
  checkRelations(context, problems);
  checkCycles(drafts, problems);
  readRowSecurity(context, rowSecurity, problems);

  const nodes = new Map<string, Node>([...sources.values()].map((node) => [node.id, node]));
  for (const draft of inOrder(drafts)) {
    attempt(problems, () => {
      if (draft.kind === 'seed') nodes.set(draft.id, seedNode(draft, context));
      else if (draft.template !== undefined) nodes.set(draft.id, modelNode(draft, draft.template, context, nodes));
    });
  }
  const exposed = exposuresOf(context, nodes, problems);
  // A view whose names have a fault cannot be written down.
  for (const one of problems.length > 0 ? [] : exposed) {
    const draft = drafts.get(viewNodeName(one.model.name));
    if (draft?.id === one.exposure.id) nodes.set(draft.id, viewNode(one, draft));
  }
  addHooks(context, nodes, problems);
  if (!incomplete) addApis(context, nodes, problems);
  const tests = compileTests(context, nodes, problems);
  for (const test of tests) nodes.set(test.id, test);
  for (const test of compileUnitTests(context, nodes, problems)) nodes.set(test.id, test);
  for (const analysis of analysisNodes(context, nodes, problems)) nodes.set(analysis.id, analysis);
  const exposures = exposureNodes(
    context,
    exposed.map(({ exposure }) => exposure.id),
    problems,
  );
  const exports = compileExports(context, nodes, problems);
  for (const node of exposuresOfExports(exports)) {
    if (exposures.some(({ id }) => id === node.id))
      problems.push({ what: `an exposure and an export are both called "${node.name}"`, place: node.place });
    nodes.set(node.id, node);
  }
  for (const exposure of exposures) nodes.set(exposure.id, exposure);
  for (const node of auditedLast(nodes, tests, problems)) nodes.set(node.id, node);
  problems.push(...checkMaterializedViews(context, nodes));
  const runHooks = compileRunHooks(context, problems);
  if (!incomplete) problems.push(...checkAccess(context, nodes));
  if (problems.length === 0) problems.push(...checkSubjects(context, nodes));
  attempt(problems, () => retentionOf(project, nodes));
  if (problems.length > 0) throw new ProjectError(problems);

  const graph = new Graph(new Map([...nodes.values()].map((node) => [node.id, node.dependsOn])));
  const cycle = graph.findCycle();
  if (cycle !== undefined)
    throw new ProjectError([{ what: `these depend on each other: ${cycle.map(nameInId).join(' -> ')}` }]);
  return {
    manifest: { nodes, order: graph.order(), index: indexNodes(nodes), groups: groupsOf(properties) },
    graph,
    project,
    properties,
    query: (file) => compileQuery(context, nodes, file),
    operation: (macro, args) => quoting(sourceTexts(project), () => compileOperation(context, macro, args)),
    exposures: exposed.map(({ exposure }) => exposure),
    exports,
    runHooks,
    rowLimit,
    notices: [...new Map(notices.map((one) => [formatProblem(one), one])).values()],
  };
}

/** The queries of the analyses: compiled like models, and never run. */
function analysisNodes(context: CompileContext, nodes: ReadonlyMap<string, Node>, problems: Problem[]): AnalysisNode[] {
  return context.project.analyses.flatMap((file) => {
    const used = new Set<string>();
    const name = nameOf(file.path);
    const found: AnalysisNode[] = [];
    attempt(problems, () => {
      const sql = render(context.environment.parse(file), 'full', context, undefined, newRecord(), used).trim();
      const whole = inlineEphemerals(oneStatement(sql, 'an analysis'), ephemeralsOf([...used], nodes));
      const base = { id: `analysis.${name}`, name, description: '', file: file.path, tags: [], dependsOn: [...used] };
      found.push({ kind: 'analysis', ...base, sql: whole, place: { file: file.path, line: 1, column: 1 } });
    });
    return found;
  });
}

function compileQuery(context: CompileContext, nodes: ReadonlyMap<string, Node>, file: SourceFile): SqlText {
  const used = new Set<string>();
  const textOf = sourceTexts(context.project);
  return quoting(
    (path) => (path === file.path ? file.text : textOf(path)),
    () => {
      const template = context.environment.parse(file);
      const sql = render(template, 'full', context, undefined, newRecord(), used).trim();
      return inlineEphemerals(oneStatement(sql, 'a query'), ephemeralsOf([...used], nodes));
    },
  );
}

function groupsOf({ groups }: AllProperties): Map<string, Group> {
  return new Map(
    [...groups].map(([name, { value, yaml, path }]) => {
      const { description = '', owner, config } = value;
      return [name, { name, description, owner, meta: config?.meta ?? {}, place: yaml.place([...path, 'name']) }];
    }),
  );
}
