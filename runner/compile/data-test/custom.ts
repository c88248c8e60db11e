import { mergeConfig } from '../../project/config.ts';
import { isGeneric, nameOf } from '../../project/folders.ts';
import { HelperError, type Template } from '../../template/template.ts';
import { type Problem, ProjectError } from '../../text/errors.ts';
import { oneStatement } from '../../text/one-statement.ts';
import type { SourceFile } from '../../text/source-file.ts';
import { SqlText } from '../../text/sql-text.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { CompileContext } from '../draft/context.ts';
import { attempt } from '../draft/draft.ts';
import { modelHelpers, newRecord, type Recorded } from '../draft/model-language.ts';
import { modelContext } from '../draft/render-context.ts';
import { resolverFor } from '../draft/resolve.ts';
import type { Arguments } from './arguments.ts';
import { type Call, type Definition, listOf } from './definition.ts';
import type { CustomTest } from './generic-test.ts';
import { notOfTests } from './verdict.ts';

/** What an argument of a generic test may be, as {{arguments name="type"}} says. */
const types = ['text', 'number', 'boolean', 'list', 'column', 'columns', 'sql', 'model'] as const;

interface Declared {
  readonly type: (typeof types)[number];
  readonly isOptional: boolean;
  readonly fallback: string | undefined;
}

/** Every test gets these arguments; they are not listed in the file. */
const given = ['model', 'column_name'];

/**
 * The project's own generic tests, by name: each a file of `tests/generic/` that is a query for bad rows, in which {{model}} and
 * {{column_name}} are what is tested, and which declares its other arguments by {{arguments name="type = default"}}.
 */
export function customTests(context: CompileContext, problems: Problem[]): Map<string, CustomTest> {
  const found = new Map<string, CustomTest>();
  for (const file of context.project.tests) {
    if (!isGeneric(context.project, file.path)) continue;
    const name = nameOf(file.path);
    attempt(problems, () => {
      const other = found.get(name);
      if (other !== undefined)
        throw new ProjectError([{ what: `there are two generic tests "${name}"`, place: placeOf(file) }]);
      const described = context.properties.tests.get(name)?.value;
      const test = readTest(context, file);
      const config = mergeConfig(described?.config ?? {}, test.config);
      found.set(name, { ...test, config, description: described?.description });
    });
  }
  for (const { fault } of found.values()) problems.push(...(fault?.problems ?? []));
  return found;
}

/** A file with a fault is a test all the same: the fault is reported where the test is used. */
function readTest(context: CompileContext, file: SourceFile): CustomTest {
  try {
    return customTest(context, file);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    const nothing: Definition = { takes: [], of: 'either', build: () => ({ sql: new SqlText('') }) };
    return { definition: nothing, config: {}, fault: error };
  }
}

function customTest(context: CompileContext, file: SourceFile): CustomTest {
  const { project, environment } = context;
  const template = environment.parse(file);
  const record = newRecord();
  const declared = declare(context, template, record);
  const faults = notOfTests(record);
  if (faults.length > 0) throw new ProjectError(faults);
  const definition: Definition = {
    takes: [...declared.keys()],
    of: 'either',
    build(call) {
      const used = new Set<string>();
      const helpers = modelHelpers(project, 'full', resolverFor(context, used), newRecord());
      const values = { ...modelContext(project, undefined), ...valuesOf(call, declared) };
      const sql = template.render({ ...helpers, arguments: () => '' }, values).trim();
      call.args.reads.push(...used);
      return { sql: oneStatement(sql, 'a test') };
    },
  };
  return { definition, config: record.config };
}

/** Reads what the file declares; the rest is rendered where the test is used. */
function declare(context: CompileContext, template: Template, record: Recorded): ReadonlyMap<string, Declared> {
  const { project } = context;
  const declared = new Map<string, Declared>();
  const faults: Problem[] = [];
  const helpers = modelHelpers(project, 'full', resolverFor(context, new Set()), record);
  const read = (name: string, written: unknown): Declared => {
    const [, type, mark, fallback] = /^\s*(\w+)\s*(\?)?\s*(?:=\s*([\s\S]*?))?\s*$/.exec(String(written)) ?? [];
    const known = types.find((one) => one === type);
    if (known === undefined)
      throw new HelperError(`"${String(written)}" is no type of an argument`, didYouMean(type ?? '', types));
    if (given.includes(name)) throw new HelperError(`${name} is given to every test`, 'Take it out.');
    return { type: known, isOptional: mark !== undefined || fallback !== undefined, fallback };
  };
  const own: Problem[] = [];
  const declaring = {
    ...helpers,
    arguments: (_args: readonly unknown[], { named, argument }: Parameters<typeof helpers.config>[1]) => {
      for (const [name, written] of Object.entries(named)) {
        try {
          declared.set(name, read(name, written));
        } catch (error) {
          if (!(error instanceof HelperError)) throw error;
          own.push({ what: error.message, hint: error.hint, place: argument(name) });
        }
      }
      return '';
    },
  };
  attempt(faults, () =>
    template.render(declaring, { ...modelContext(project, undefined), model: '', column_name: '' }, faults),
  );
  if (own.length > 0) throw new ProjectError(own);
  return declared;
}

/** What the names in a generic test stand for. */
function valuesOf({ args, column, rows, subject }: Call, declared: ReadonlyMap<string, Declared>): object {
  const values: Record<string, unknown> = { model: rows().text };
  if (column.sql.text !== '') values.column_name = column.sql.text;
  for (const [name, { type, isOptional, fallback }] of declared) {
    if (!args.has(name)) {
      if (!isOptional) args.refuse(name, 'is missing');
      values[name] = fallback === undefined ? null : fallbackOf(type, fallback);
    } else values[name] = argumentValue(args, name, type, subject);
  }
  return values;
}

function argumentValue(args: Arguments, name: string, type: Declared['type'], subject: Call['subject']): unknown {
  switch (type) {
    case 'text':
    case 'sql':
      return args.requiredSql(name).text;
    case 'number':
      return args.number(name, 0);
    case 'boolean':
      return args.flag(name, false);
    case 'list':
      return args.list(name);
    case 'column':
      return args.column(name, subject).sql.text;
    case 'columns':
      return listOf(args.requiredColumns(name, subject)).text;
    case 'model':
      return args.relation(name).sql;
    default:
      return type satisfies never;
  }
}

function fallbackOf(type: Declared['type'], written: string): unknown {
  const text = written.replace(/^(['"])([\s\S]*)\1$/, '$2');
  if (type === 'number') return Number(text);
  if (type === 'boolean') return text === 'true';
  return type === 'list' ? text.split(',').map((one) => one.trim()) : text;
}

function placeOf(file: SourceFile) {
  return { file: file.path, line: 1, column: 1 };
}
