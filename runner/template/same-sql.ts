import { createHash } from 'node:crypto';
import Handlebars from 'handlebars';
import { type SqlParser, SqlSyntaxError } from '../sql/parser.ts';
import { ProjectError } from '../text/errors.ts';
import { sqlTokens } from '../text/sql-tokens.ts';
import { parseTemplate } from './syntax.ts';

/** With more conditions than that, there are too many ways through a template to read each. */
const mostConditions = 6;

/**
 * Whether two templates say the same SQL. They do if each way through their conditions gives SQL that PostgreSQL's parser reads as the
 * same tree: comments, blanks, parentheses that change nothing, the case of words, and quotes that change nothing do not count, nor
 * do settings, which are compared by themselves. What the parser does not accept is compared token by token.
 * @example isSameSql('select (a) from t -- all', 'SELECT "a" FROM t', parser)
 */
export function isSameSql(one: string, other: string, parser: SqlParser): boolean {
  const form = sqlForm(one, parser);
  return form !== undefined && form === sqlForm(other, parser);
}

/** A text that is the same for templates that say the same SQL; undefined for what is no template, or has too many conditions. */
function sqlForm(template: string, parser: SqlParser): string | undefined {
  const ways = waysThrough(template);
  return ways && JSON.stringify(ways.map(({ sql, ...way }) => ({ ...way, sql: treeForm(sql, parser) })));
}

/** A statement, or what becomes one behind `select`, as many macros do, as a tree; anything else as its tokens. */
function treeForm(sql: string, parser: SqlParser): string {
  for (const text of [sql, `select ${sql}`]) {
    try {
      return JSON.stringify(parser.parse(text), (key, value: unknown) => (places.has(key) ? undefined : value));
    } catch (error) {
      if (!(error instanceof SqlSyntaxError)) throw error;
    }
  }
  return [...sqlTokens(sql)]
    .flatMap(({ kind, text }) =>
      kind === 'blank' || kind === 'comment' ? [] : kind === 'word' ? text.toLowerCase() : text,
    )
    .join(' ');
}

/** What in a tree says where something is written. */
const places: ReadonlySet<string> = new Set([
  'location',
  'stmt_location',
  'stmt_len',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
]);

/** The SQL where some conditions hold and the others do not. */
interface Way {
  readonly holding: readonly string[];
  /** Calls that print nothing. */
  readonly silent: readonly string[];
  readonly sql: string;
}

/** The SQL for each set of conditions that may hold, with a name in place of each value. */
function waysThrough(template: string): Way[] | undefined {
  // `~` takes away the blanks beside it.
  const text = template
    .replaceAll('\r\n', '\n')
    .replace(/\s*\{\{~/g, '{{')
    .replace(/~\}\}\s*/g, '}}');
  let program: hbs.AST.Program;
  try {
    program = parseTemplate({ path: 'a template', text });
  } catch (error) {
    if (error instanceof ProjectError) return undefined;
    throw error;
  }
  const conditions = [...conditionsIn(program)].sort();
  if (conditions.length > mostConditions) return undefined;
  return Array.from({ length: 2 ** conditions.length }, (_, number): Way => {
    const holding = conditions.filter((_condition, index) => (number & (2 ** index)) > 0);
    const silent: string[] = [];
    return { holding, silent, sql: sqlOf(program, { holding: new Set(holding), round: undefined, silent }) };
  });
}

/** The conditions on which the SQL of a template depends, each once. */
function conditionsIn(program: hbs.AST.Program): Set<string> {
  const found = new Set<string>();
  new (class extends Handlebars.Visitor {
    override BlockStatement(block: hbs.AST.BlockStatement): void {
      const condition = conditionOf(block);
      if (!/ @(?:first|last)$/.test(condition)) found.add(condition);
      super.BlockStatement(block);
    }
  })().accept(program);
  return found;
}

/** What decides between the two parts of a block; `unless` is an `if` the other way round. */
function conditionOf({ path, params, hash, program }: hbs.AST.BlockStatement): string {
  const name = written(path);
  const bound = program?.blockParams?.join(' ') ?? '';
  return [name === 'unless' ? 'if' : name, ...params.map(written), ...pairsOf(hash), bound].filter(Boolean).join(' ');
}

interface Rendering {
  readonly holding: ReadonlySet<string>;
  /** Which round of a loop it is. */
  readonly round: 'first' | 'last' | undefined;
  /** Gets the calls that print nothing. */
  readonly silent: string[];
}

function sqlOf(program: hbs.AST.Program | undefined, rendering: Rendering): string {
  return (program?.body ?? []).map((statement) => partOf(statement, rendering)).join('');
}

function partOf(statement: hbs.AST.Statement, rendering: Rendering): string {
  switch (statement.type) {
    case 'ContentStatement':
      return (statement as hbs.AST.ContentStatement).value;
    case 'MustacheStatement': {
      const { path, params, hash } = statement as hbs.AST.MustacheStatement;
      const name = written(path);
      if (!printsNothing.has(name)) return hole(path, params, hash);
      // What a model sets is compared as what came of it.
      if (name !== 'config') rendering.silent.push(hole(path, params, hash));
      return '';
    }
    case 'PartialStatement': {
      const { name, params, hash } = statement as hbs.AST.PartialStatement;
      return hole(name, params, hash);
    }
    case 'PartialBlockStatement': {
      const { name, params, hash, program } = statement as hbs.AST.PartialBlockStatement;
      return hole(name, params, hash, sqlOf(program, rendering));
    }
    case 'BlockStatement':
      return blockOf(statement as hbs.AST.BlockStatement, rendering);
    default:
      return '';
  }
}

/** A loop is taken for one of two rounds, so that what it prints between them is where it belongs. */
function blockOf(block: hbs.AST.BlockStatement, rendering: Rendering): string {
  const name = written(block.path);
  const condition = conditionOf(block);
  const [, place] = / @(first|last)$/.exec(condition) ?? [];
  const holds = place === undefined ? rendering.holding.has(condition) : rendering.round === place;
  if (holds === (name === 'unless')) return sqlOf(block.inverse, rendering);
  if (name !== 'each') return sqlOf(block.program, rendering);
  return (['first', 'last'] as const).map((round) => sqlOf(block.program, { ...rendering, round })).join('');
}

/** A placeholder for a value that a template yields only when it is rendered: a name that SQL may have at any place. */
function hole(
  name: hbs.AST.Node,
  params: readonly hbs.AST.Expression[],
  hash: hbs.AST.Hash | undefined,
  body = '',
): string {
  const call = JSON.stringify([written(name), ...params.map(written), ...pairsOf(hash), body]);
  return `hole_${createHash('sha256').update(call).digest('hex').slice(0, 16)}`;
}

function pairsOf(hash: hbs.AST.Hash | undefined): string[] {
  return (hash?.pairs ?? []).map(({ key, value }) => `${key}=${written(value)}`).sort();
}

/** An expression as it could be written, in one way. */
function written(node: hbs.AST.Node): string {
  switch (node.type) {
    case 'PathExpression':
      return (node as hbs.AST.PathExpression).original;
    case 'SubExpression': {
      const { path, params, hash } = node as hbs.AST.SubExpression;
      return `(${[written(path), ...params.map(written), ...pairsOf(hash)].join(' ')})`;
    }
    case 'UndefinedLiteral':
    case 'NullLiteral':
      return node.type;
    default:
      return JSON.stringify((node as hbs.AST.StringLiteral | hbs.AST.NumberLiteral | hbs.AST.BooleanLiteral).value);
  }
}

/** Helpers that print nothing where they are called. */
const printsNothing: ReadonlySet<string> = new Set([
  'config',
  'set',
  'log',
  'warn',
  'raise_compiler_error',
  'arguments',
]);
