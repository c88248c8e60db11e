import Handlebars from 'handlebars';
import { type Problem, ProjectError } from '../text/errors.ts';
import { advance, blanked, type Place } from '../text/place.ts';
import type { SourceFile } from '../text/source-file.ts';
import { inexact } from '../yaml/exact-numbers.ts';
import { findJinja } from './jinja.ts';
import { placeIn, reservedCharacter } from './marks.ts';

/** The part of Handlebars' generated parser that knows where it is; its types leave it out. */
interface Lexer {
  readonly yylloc: Location;
  setInput(text: string): void;
  /** The number of the next token. */
  lex(): number;
}

interface Location {
  readonly first_line: number;
  readonly first_column: number;
}

const { Parser } = Handlebars as unknown as {
  readonly Parser: { readonly lexer: Lexer; readonly terminals_: Readonly<Record<number, string>> };
};

/** Parses a template, white space as it is. @throws ProjectError with the place of what cannot be read. */
export function parseTemplate(file: SourceFile): hbs.AST.Program {
  refuseJinja(file);
  const reserved = reservedCharacter(file.text);
  if (reserved !== undefined) {
    const place = advance({ file: file.path, line: 1, column: 1 }, file.text, reserved);
    refuse(`${file.path} contains the noncharacters U+FDD0 or U+FDD1, which are reserved`, place);
  }
  try {
    const program = Handlebars.parseWithoutProcessing(file.text, { srcName: file.path } as Handlebars.ParseOptions);
    keepMacrosOnTheirLines(program);
    new Digits(file.text).accept(program);
    return program;
  } catch (error) {
    throw new ProjectError([syntaxProblem(error, file)]);
  }
}

/**
 * A macro alone on its line keeps its indentation and the line break after it. Handlebars would remove both, and append the next
 * line directly to a macro whose file does not end with a line break.
 */
function keepMacrosOnTheirLines(program: hbs.AST.Program): void {
  const body: hbs.AST.Statement[] = [];
  for (const statement of program.body) {
    body.push(statement);
    if (statement.type === 'BlockStatement') {
      const { program: inner, inverse } = statement as Partial<hbs.AST.BlockStatement>;
      if (inner) keepMacrosOnTheirLines(inner);
      if (inverse) keepMacrosOnTheirLines(inverse);
    }
    if (statement.type === 'PartialStatement' && !(statement as hbs.AST.PartialStatement).strip.close) {
      // Prints nothing, but is not white space, so the macro is not alone on its line.
      const guard = { type: 'ContentStatement', value: '', original: '.', loc: statement.loc };
      body.push(guard as unknown as hbs.AST.ContentStatement);
    }
  }
  program.body = body;
}

/** Makes a number that would lose digits its text. */
class Digits extends Handlebars.Visitor {
  readonly #lines: readonly string[];

  constructor(text: string) {
    super();
    this.#lines = text.split('\n');
  }

  override NumberLiteral(literal: hbs.AST.NumberLiteral): void {
    const { start, end } = literal.loc;
    const value = inexact(this.#lines[start.line - 1]?.slice(start.column, end.column) ?? '', literal.value);
    if (value !== undefined) Object.assign(literal, { type: 'StringLiteral', value, original: value });
  }
}

function refuse(what: string, place: Place, hint?: string): never {
  throw new ProjectError([{ what, place, hint }]);
}

/** Whoever comes from dbt writes calls as there; the parser would only say that something does not belong. */
function refuseJinja(file: SourceFile): void {
  // Template comments are left out, with what they hold blanked so that every place stays.
  const text = file.text.replace(/\{\{!(?:--[\s\S]*?--|[^}]*)\}\}/g, blanked);
  const found = findJinja(text);
  if (found === undefined) return;
  refuse(found.what, advance({ file: file.path, line: 1, column: 1 }, text, found.index), found.hint);
}

/** Turns what Handlebars throws for a template into a problem with a place. */
function syntaxProblem(error: unknown, file: SourceFile): Problem {
  const fault = error as Error & { lineNumber?: number; column?: number };
  // A syntax error tells its token in the message only: "Parse error on line 3:\n...\n---^\nExpecting 'ID', got 'EOF'".
  const parse = /^(?:Parse|Lexical) error on line \d+[\s\S]*?(?:got '(\w+)')?$/.exec(fault.message);
  if (parse === null) {
    const what = fault.message.replace(/ - \d+:\d+$/, '');
    if (fault.lineNumber === undefined) return { what: `${file.path}: ${what}` };
    const place = { file: file.path, line: fault.lineNumber, column: (fault.column ?? 0) + 1 };
    return { what, place };
  }
  // The parser has stopped with the token that it did not expect still in its hands.
  const unexpected = placeOf(file, Parser.lexer.yylloc);
  const { what, place } = unclosed(file, unexpected, parse[1]) ?? { what: unreadable(parse[1]), place: unexpected };
  return { what: `the template cannot be read: ${what}`, place };
}

/** What a syntax error most likely means, by the token that the parser did not expect. */
function unreadable(token: string | undefined): string {
  if (token === 'INVALID') return 'something between {{ and }} does not belong there, or the }} is missing';
  if (token === 'INVERSE' || token === 'OPEN_ENDBLOCK') return 'this belongs to no open block';
  return 'something is missing here';
}

/** What was opened before `unexpected` and never closed: the parser reports only where it cannot continue. */
function unclosed(
  file: SourceFile,
  unexpected: Place,
  token: string | undefined,
): { readonly what: string; readonly place: Place } | undefined {
  const { lexer, terminals_: names } = Parser;
  const blocks: Place[] = [];
  let brackets: Place | undefined;
  lexer.setInput(file.text);
  for (;;) {
    const name = names[lexer.lex()] ?? 'EOF';
    const place = placeOf(file, lexer.yylloc);
    if (name === 'EOF' || (place.line === unexpected.line && place.column >= unexpected.column)) break;
    if (name.startsWith('OPEN')) brackets = place;
    if (name.startsWith('CLOSE')) brackets = undefined;
    if (['OPEN_BLOCK', 'OPEN_INVERSE', 'OPEN_PARTIAL_BLOCK', 'OPEN_RAW_BLOCK'].includes(name)) blocks.push(place);
    if (name === 'OPEN_ENDBLOCK' || name === 'END_RAW_BLOCK') blocks.pop();
  }
  if (brackets !== undefined && (token === 'EOF' || brackets.line < unexpected.line))
    return { what: 'this {{ is not closed', place: brackets };
  const block = token === 'EOF' ? blocks.at(-1) : undefined;
  return block && { what: 'this block is not closed', place: block };
}

function placeOf(file: SourceFile, { first_line: line, first_column: column }: Location): Place {
  return placeIn(file.path, { start: { line, column } });
}
