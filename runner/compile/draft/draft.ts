// Drafts: what is known of a model or seed before its SQL is rendered.
//
//   1. draftSeeds, draftModels  merge the settings and render each template once, to record its refs, sources and config
//   2. model-language.ts        the helpers that a model may call: ref, source, this, var, config, incremental, high_water, ...
//   3. resolve.ts               turns a ref or source into the relation that it names
//   4. checkDescribed, checkRelations, checkCycles  find what has no model, two nodes of one relation, and cycles
//   5. ephemeral.ts             puts ephemeral models into what reads them, as common table expressions
//
// Then inOrder yields the drafts, each after those that it refers to.

import { DatacycleError } from '../../../warehouse/errors.ts';
import { identifier, relation } from '../../../warehouse/quote.ts';
import { Graph } from '../../manifest/graph.ts';
import { nameOf, pathBelow } from '../../project/folders.ts';
import { overlay } from '../../project/overlay.ts';
import type { Project } from '../../project/project.ts';
import { layersOf } from '../../project/properties.ts';
import { settingPlace } from '../../project/setting-places.ts';
import { HelperError, type Template } from '../../template/template.ts';
import { formatProblem, type Problem, ProjectError } from '../../text/errors.ts';
import type { Place } from '../../text/place.ts';
import type { SourceFile } from '../../text/source-file.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { YamlPath } from '../../yaml/yaml-file.ts';
import type { CompileContext, Draft } from './context.ts';
import { folderConfig, modelFiles } from './files.ts';
import { modelHelpers, newRecord, type Resolver } from './model-language.ts';
import { modelContext } from './render-context.ts';
import { resolverFor, versionedName } from './resolve.ts';

/** Macros by their names; two of one name are a problem. */
export function macrosByName(project: Project, problems: Problem[]): Map<string, SourceFile> {
  const macros = new Map<string, SourceFile>();
  for (const file of project.macros) {
    const name = nameOf(file.path);
    const other = macros.get(name);
    if (other === undefined) macros.set(name, file);
    else
      problems.push({
        what: `the macro "${name}" is defined twice: ${other.path} and ${file.path}`,
        hint: 'Rename one of the files.',
      });
  }
  return macros;
}

export function draftSeeds(
  context: CompileContext,
  drafts: Map<string, Draft>,
  disabled: Set<string>,
  problems: Problem[],
): void {
  const { project, properties } = context;
  const paths = project.seeds.map((path) => pathBelow(project.folders.seed, path));
  const folders = folderConfig(context, 'seeds', paths, problems);
  for (const [index, path] of project.seeds.entries()) {
    const name = nameOf(path);
    const described = properties.seeds.get(name);
    const { config, places: settings } = layersOf(described).reduce(overlay, folders.layerFor(paths[index] ?? ''));
    if (config.enabled === false) {
      disabled.add(name);
      continue;
    }
    const senseless = (['materialized', 'surrogate_key'] as const).find((key) => config[key] !== undefined);
    if (senseless !== undefined)
      problems.push({
        what: `${path}: a seed has no ${senseless}`,
        hint: 'It is a table of what its file says.',
        place: settingPlace(settings, senseless),
      });
    addDraft(drafts, problems, {
      kind: 'seed',
      id: `seed.${name}`,
      name,
      file: { path, text: '' },
      template: undefined,
      properties: described,
      config,
      settings,
      relation: context.nameRelation({ kind: 'seed', name, file: path, config }),
      record: newRecord(),
      refs: new Set(),
      sources: new Set(),
    });
  }
}

export function draftModels(
  context: CompileContext,
  drafts: Map<string, Draft>,
  disabled: Set<string>,
  problems: Problem[],
): void {
  const { project, properties, environment, sources, incomplete } = context;
  const files = modelFiles(context, problems);
  const known = new Set([...files.map(({ name }) => name), ...drafts.keys(), ...disabled]);
  for (const [name, { value }] of properties.models) if (value.bi !== undefined) known.add(viewNodeName(name));
  for (const { name, file, weakest } of files) {
    const record = newRecord();
    const refs = new Set<string>();
    const used = new Set<string>();
    const resolver: Resolver = {
      ref(written, _filter, version) {
        const ref = versionedName(properties, written, version);
        if (!known.has(ref)) throw new HelperError(`there is no model or seed "${ref}"`, didYouMean(ref, known));
        refs.add(ref);
        return '';
      },
      source: (source, table, filter) => resolverFor(context, used).source(source, table, filter),
      // Whether it is built in batches is known only when its settings are.
      bound: () => '',
      upstream(upstream) {
        if (known.has(upstream) || sources.has(upstream) || incomplete) return upstream;
        throw new HelperError(
          `there is no model or source "${upstream}"`,
          didYouMean(upstream, [...known, ...sources.keys()]),
        );
      },
    };
    const own = { kind: 'model', name, id: `model.${name}`, file, config: {}, relation: undefined } as const;
    const faults: Problem[] = [];
    let template: Template | undefined;
    attempt(faults, () => {
      template = environment.parse(file);
      for (const mode of ['full', 'incremental'] as const)
        if (mode === 'full' || record.hasForms)
          template.render(modelHelpers(project, mode, resolver, record), modelContext(project, own), faults);
    });
    const described = properties.models.get(name);
    const layers = [...layersOf(described), record];
    const { config, places: settings } = layers.reduce(overlay, weakest);
    context.notices.push(...record.notices);
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
      settings,
      relation: context.nameRelation({ kind: 'model', name, file: file.path, config }),
      record,
      refs,
      sources: used,
    });
  }
}

/** Adds a draft unless its name is taken, which is a problem. */
export function addDraft(drafts: Map<string, Draft>, problems: Problem[], draft: Draft): void {
  const other = drafts.get(draft.name);
  if (other === undefined) drafts.set(draft.name, draft);
  else
    problems.push({
      what: `the name "${draft.name}" is taken twice: ${other.file.path} and ${draft.file.path}`,
      hint: 'Names of models and seeds share one space; rename one of the files.',
    });
}

/** What a .yml describes and that is not there: as in dbt no fault, but most likely misspelt. */
export function checkDescribed({ properties, drafts, disabled, notices }: CompileContext): void {
  for (const [kind, described] of [
    ['model', properties.models],
    ['seed', properties.seeds],
  ] as const) {
    const names = [...drafts.values()].filter((draft) => draft.kind === kind).map((draft) => draft.name);
    for (const [name, { yaml, path }] of described) {
      if (names.includes(name) || disabled.has(name)) continue;
      notices.push(
        yaml.problem(`there is no ${kind} "${name}" to describe`, [...path, 'name'], didYouMean(name, names)),
      );
    }
  }
}

export function checkRelations(context: CompileContext, problems: Problem[]): void {
  const { drafts } = context;
  const byRelation = new Map<string, Draft>();
  for (const draft of drafts.values()) {
    const unusable = namesOf(draft).flatMap(({ name, place }) => {
      try {
        identifier(name);
        return [];
      } catch (error) {
        if (!(error instanceof DatacycleError)) throw error;
        return [{ what: `${draft.file.path}: ${error.message}`, hint: error.hint, place }];
      }
    });
    if (unusable[0] !== undefined) {
      problems.push(unusable[0]);
      continue;
    }
    if (draft.config.materialized === 'ephemeral') continue;
    const key = relation(draft.relation);
    const other = byRelation.get(key);
    if (other === undefined) byRelation.set(key, draft);
    else
      problems.push({
        what: `${other.file.path} and ${draft.file.path} would both be ${key}`,
        hint: 'Give one of them another alias or schema.',
      });
  }
}

interface Named {
  readonly name: string;
  readonly place: Place | undefined;
}

/** Every name that a draft gives to something in the database. */
function namesOf({ relation: own, config, settings, properties }: Draft): Named[] {
  const set = (key: string, names: string | readonly string[] | undefined): Named[] =>
    [names ?? []].flat().map((name) => ({ name, place: settingPlace(settings, key) }));
  const { columns = [], constraints = [] } = properties?.value ?? {};
  const written = (name: string | undefined, ...path: YamlPath): Named[] =>
    name === undefined ? [] : [{ name, place: properties?.yaml.place([...properties.path, ...path, 'name']) }];
  return [
    ...set('schema', own.schema),
    ...set('alias', own.name),
    ...columns.flatMap((column, at) => [
      ...written(column.name, 'columns', at),
      ...(column.constraints ?? []).flatMap(({ name }, index) => written(name, 'columns', at, 'constraints', index)),
    ]),
    ...constraints.flatMap(({ name }, index) => written(name, 'constraints', index)),
    ...set('unique_key', config.unique_key),
    ...set('surrogate_key', config.surrogate_key),
    ...set('audit_columns', config.audit_columns),
  ];
}

export function checkCycles(drafts: ReadonlyMap<string, Draft>, problems: Problem[]): void {
  const cycle = new Graph(new Map([...drafts.values()].map((draft) => [draft.name, [...draft.refs]]))).findCycle();
  if (cycle === undefined) return;
  const files = [...new Set(cycle)].map((name) => `  ${name}: ${drafts.get(name)?.file.path ?? ''}`);
  problems.push({
    what: `these models refer to each other: ${cycle.join(' -> ')}\n${files.join('\n')}`,
    hint: 'Take one of the references out.',
  });
}

/** Drafts so that every one comes after those it refers to. */
export function inOrder(drafts: ReadonlyMap<string, Draft>): Draft[] {
  const graph = new Graph(new Map([...drafts.values()].map((draft) => [draft.name, [...draft.refs]])));
  return graph.order().flatMap((name) => drafts.get(name) ?? []);
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

/** The name of the node that makes a model's view. */
export function viewNodeName(model: string): string {
  return `bi_${model}`;
}
