import { Graph } from '../../manifest/graph.ts';
import { behind, isView, subjectGraph } from '../../manifest/lineage.ts';
import { type BuiltNode, isBuilt, type Node, type SubjectOf } from '../../manifest/manifest.ts';
import { settingPlace } from '../../project/setting-places.ts';
import { formatProblem, type Problem } from '../../text/errors.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { CompileContext, Draft } from '../draft/context.ts';

/*
 * Whose the rows of a table are: the setting `subject` of models and seeds. Given for a folder it counts for the tables that
 * declare its column; given for one table, the column must be there.
 */

/** Whose a table's rows are by its settings; undefined where they do not say, or not in a way that makes sense. */
export function subjectOf(draft: Draft, context: CompileContext): SubjectOf | undefined {
  const read = readSubject(draft, context);
  return read === undefined || 'what' in read ? undefined : read.subject;
}

/**
 * Checks the subjects of a project: invalid settings, and tables that read rows of subjects without saying whose their own rows
 * are. A project that never sets `subject` has no such problems.
 */
export function checkSubjects(context: CompileContext, nodes: ReadonlyMap<string, Node>): readonly Problem[] {
  const drafts = [...context.drafts.values()];
  if (drafts.every((draft) => draft.config.subject === undefined)) return [];
  const problems = drafts.flatMap((draft) => {
    const node = nodes.get(draft.id);
    if (!isBuilt(node)) return [];
    const read = readSubject(draft, context);
    if (read !== undefined && 'what' in read) return [read];
    return checkWay(draft, node, nodes) ?? checkCoverage(draft, node, nodes) ?? [];
  });
  if (problems.length === 0) problems.push(...checkOrder(nodes));
  // What is wrong in a folder's setting is said once, not for each of its models.
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

function readSubject(draft: Draft, context: CompileContext): { readonly subject: SubjectOf } | Problem | undefined {
  const setting = draft.config.subject;
  if (setting === undefined) return undefined;
  const materialized = draft.kind === 'seed' ? 'table' : (draft.config.materialized ?? 'view');
  if (materialized === 'view' || materialized === 'ephemeral') {
    if (!isOwn(draft)) return undefined;
    const what = `${materialized === 'view' ? 'a view' : 'an ephemeral model'} has no rows of its own`;
    return problem(draft, 'column', what, 'Take it out: whose the rows are is said by the tables behind it.');
  }
  if (setting === false) return { subject: 'nobody' };
  const { column, of, known_by: knownBy } = typeof setting === 'string' ? { column: setting } : setting;
  const undeclared = [column, ...Object.keys(knownBy ?? {})].find((name) => !declares(draft, name));
  if (undeclared !== undefined) {
    if (!isOwn(draft) || context.incomplete) return undefined;
    const names = (draft.properties?.value.columns ?? []).map(({ name }) => name);
    const hint = didYouMean(undeclared, names) ?? 'Declare the column there.';
    return problem(draft, 'column', `there is no column "${undeclared}" in its .yml`, hint);
  }
  if (of === undefined) return { subject: { column, of: undefined, knownBy } };
  const target = context.drafts.get(of);
  if (target !== undefined) return { subject: { column, of: target.id, knownBy } };
  return {
    what: `subject: there is no model or seed "${of}"`,
    hint: didYouMean(of, context.drafts.keys()),
    place: settingPlace(draft.settings, 'subject', 'of'),
  };
}

function problem(draft: Draft, key: 'column' | 'of', what: string, hint: string): Problem {
  return { what: `subject of ${draft.name}: ${what}`, hint, place: settingPlace(draft.settings, 'subject', key) };
}

/** The way to the subject's id leads through tables that have the column and end at one that holds the id. */
function checkWay(draft: Draft, { subject }: BuiltNode, nodes: ReadonlyMap<string, Node>): Problem | undefined {
  if (subject === undefined || subject === 'nobody' || subject.of === undefined) return undefined;
  const target = nodes.get(subject.of);
  if (!isBuilt(target)) return undefined;
  const { name, columns } = target;
  if (isView(target) || target.materialized === 'ephemeral')
    return problem(draft, 'of', `${name} is no table`, 'Name the table whose rows say whose these are.');
  if (!columns.some((column) => column.name === subject.column)) {
    const hint = 'Both tables must have the column; declare it there, or name another one.';
    return problem(draft, 'column', `${name} has no column "${subject.column}" in its .yml`, hint);
  }
  if (target.subject !== undefined && target.subject !== 'nobody') return undefined;
  const hint = `Set subject for ${name} to the column that holds the subject's id.`;
  return problem(draft, 'of', `${name} does not say whose its own rows are`, hint);
}

/** A table that reads rows of subjects must say whose its own rows are; views need not. */
function checkCoverage(draft: Draft, node: BuiltNode, nodes: ReadonlyMap<string, Node>): Problem | undefined {
  if (node.subject !== undefined || node.kind === 'seed') return undefined;
  if (node.materialized === 'view' || node.materialized === 'ephemeral') return undefined;
  const personal = personalBehind(node.reads, nodes).sort();
  if (personal.length === 0) return undefined;
  const place = draft.properties?.yaml.place([...draft.properties.path, 'name']) ?? {
    file: draft.file.path,
    line: 1,
    column: 1,
  };
  return {
    what: `${node.name} does not say whose its rows are: it is made of ${personal.join(', ')}, where rows belong to a subject`,
    place,
    hint: `Set subject in its config: the column with the subject's id, { column: ..., of: <model> } if the id is found through another model, or false if its rows are nobody's (and say why in its description).`,
  };
}

/** The tables with rows of subjects among `ids`, and behind the views among them. */
function personalBehind(ids: readonly string[], nodes: ReadonlyMap<string, Node>): string[] {
  return behind(nodes, ids, isView).flatMap((node) => {
    if (node.kind === 'source') return node.isPersonal ? [node.name] : [];
    if (!isBuilt(node)) return [];
    return node.subject === undefined || node.subject === 'nobody' ? [] : [node.name];
  });
}

/** Rows that are found through others must be able to go before those. */
function checkOrder(nodes: ReadonlyMap<string, Node>): Problem[] {
  const cycle = subjectGraph(nodes).findCycle();
  // What depends on itself already is another error.
  if (cycle === undefined || new Graph(new Map([...nodes].map(([id, node]) => [id, node.dependsOn]))).findCycle())
    return [];
  const names = cycle.map((id) => nodes.get(id)?.name ?? id);
  return [
    {
      what: `subject: rows cannot be found through what is made of them: ${names.join(' -> ')}`,
      hint: 'Each of these is made of the next or finds its subject through it. Let the one that comes first hold the id itself.',
    },
  ];
}

function declares(draft: Draft, column: string): boolean {
  return draft.properties?.value.columns?.some(({ name }) => name === column) === true;
}

/** Set for the model itself, not only for its folder. */
function isOwn({ record, properties }: Draft): boolean {
  return record.config.subject !== undefined || properties?.value.config?.subject !== undefined;
}
