import type { Hole } from '../text/hole.ts';
import { advance, formatPlace, type Place } from '../text/place.ts';
import { type Origin, offsetIn, type Passage, type Segment, SqlText } from '../text/sql-text.ts';
import { internalCall } from './strict-names.ts';

/*
 * Each stretch of output is preceded by a mark that says which template place it comes from. The marks are added to the
 * parsed template and taken out of the rendered text, so they follow the text through macros, conditions and loops. A value
 * given to a macro carries its mark with it, and marks around a macro say who called it. A pair of marks, `{` and `}`, stands
 * around what a helper gives in place of a value that only a run knows.
 * U+FDD0 and U+FDD1 are noncharacters: Unicode promises that they never stand for anything.
 */
const markStart = '\uFDD0';
const markEnd = '\uFDD1';
/** The beginning of a value that carries its place. */
const markedStart = `${markStart}=`;
const mark = /\uFDD0([<>={}]?)([^\uFDD1]*)\uFDD1/g;

/** The helper that puts a mark before a text: the value, the number of the mark. */
export const markedValue = 'marked value';

/** The offset of a character that only marks may contain; undefined if there is none. */
export function reservedCharacter(text: string): number | undefined {
  const index = text.search(/[\uFDD0\uFDD1]/);
  return index === -1 ? undefined : index;
}

/** What a helper gives for a value that only a run knows. @param text SQL that can be run by hand. */
export function holeText(hole: Hole, text: string): string {
  return `${markStart}{${JSON.stringify(hole)}${markEnd}${text}${markStart}}${markEnd}`;
}

/** A value without its mark. */
export function unmarked(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(markedStart) ? value.slice(value.indexOf(markEnd) + 1) : value;
}

/** The marks of all templates of a project. */
export class Marks {
  readonly #origins: Origin[] = [];
  /** The places of the named arguments of a call, by the place of the call. */
  readonly #arguments = new Map<string, ReadonlyMap<string, Place>>();

  /** Puts a mark before every statement of a parsed template. `text` is the template's own. */
  addTo(program: hbs.AST.Program, file: string, text: string): void {
    const body: hbs.AST.Statement[] = [];
    for (const statement of program.body) {
      const start = placeIn(file, statement.loc);
      switch (statement.type) {
        case 'ContentStatement': {
          // Standalone blocks eat the white space around them, so the text may begin later than the parser says.
          const content = statement as hbs.AST.ContentStatement & { original: string };
          const eaten = Math.max(0, content.original.indexOf(content.value));
          const place = advance(start, content.original, eaten);
          if (content.value !== '') body.push(this.#statement(statement, '', { place, verbatim: true }), statement);
          break;
        }
        case 'BlockStatement': {
          const block = statement as hbs.AST.BlockStatement;
          this.addTo(block.program, file, text);
          if (block.inverse) this.addTo(block.inverse, file, text);
          body.push(this.#statement(statement, '', { place: start, verbatim: false }), statement);
          break;
        }
        case 'PartialStatement':
        case 'PartialBlockStatement': {
          const partial = statement as hbs.AST.PartialStatement & { program?: hbs.AST.Program };
          if (partial.program) this.addTo(partial.program, file, text);
          for (const pair of (partial.hash as hbs.AST.Hash | undefined)?.pairs ?? [])
            pair.value = this.#given(pair.value, file, text);
          const origin = { place: start, verbatim: false };
          body.push(this.#statement(statement, '>', origin), statement, this.#statement(statement, '<', undefined));
          break;
        }
        default:
          this.#noteArguments(statement, file);
          body.push(this.#statement(statement, '', { place: start, verbatim: false }), statement);
          break;
      }
    }
    program.body = body;
  }

  /** Puts a value's mark before it, unless it carries one from farther away. */
  readonly helper = (value: unknown, number: unknown): unknown =>
    typeof value === 'string' && value !== '' && !value.startsWith(markedStart)
      ? `${markedStart}${String(number)}${markEnd}${value}`
      : value;

  /** The place of the argument `name` of the call at `call`. */
  argument(call: Place, name: string): Place {
    return this.#arguments.get(formatPlace(call))?.get(name) ?? call;
  }

  /** The rendered text, its marks read and taken out. */
  read(rendered: string): SqlText {
    let text = '';
    let end = 0;
    let present: Origin | undefined;
    /** That of the text being read: of the statement, or of a value that was given to it. */
    let origin: Origin | undefined;
    let callers: readonly Passage[] = [];
    let open: { readonly hole: Hole; readonly start: number } | undefined;
    const segments: Segment[] = [];
    for (const match of rendered.matchAll(mark)) {
      const [whole, sign, number = ''] = match;
      text += rendered.slice(end, match.index);
      end = match.index + whole.length;
      if (sign === '{') {
        open = { hole: JSON.parse(number) as Hole, start: text.length };
        continue;
      }
      if (sign === '}') {
        if (open === undefined) continue;
        const { hole, start } = open;
        segments.push({ start, origin, hole: { hole, length: text.length - start } }, { start: text.length, origin });
        open = undefined;
        continue;
      }
      const known = number === '' ? undefined : this.#origins[Number(number)];
      if (sign === '<') callers = callers.slice(1);
      if (sign === '=' && known !== undefined) {
        const trail = present === undefined ? [] : [{ how: 'used', at: present.place } as const];
        origin = { ...known, trail };
        segments.push({ start: text.length, origin });
        continue;
      }
      present = known && (callers.length === 0 ? known : { ...known, trail: callers });
      origin = present;
      segments.push({ start: text.length, origin });
      if (sign === '>' && known !== undefined) callers = [{ how: 'called', at: known.place }, ...callers];
    }
    return new SqlText(text + rendered.slice(end), segments);
  }

  #statement(beside: hbs.AST.Statement, sign: '' | '<' | '>', origin: Origin | undefined): hbs.AST.ContentStatement {
    const value = `${markStart}${sign}${origin === undefined ? '' : this.#number(origin)}${markEnd}`;
    return { type: 'ContentStatement', value, original: value, loc: beside.loc } as unknown as hbs.AST.ContentStatement;
  }

  #number(origin: Origin): number {
    return this.#origins.push(origin) - 1;
  }

  /** An argument of a macro as a call of {@link markedValue}. */
  #given(value: hbs.AST.Expression, file: string, text: string): hbs.AST.Expression {
    const place = placeIn(file, value.loc);
    const { type, value: content } = value as hbs.AST.StringLiteral;
    const isText = type === 'StringLiteral';
    // With an escaped quote in it, the characters of the value are not those of the file.
    const inside = { ...place, column: place.column + 1 };
    const verbatim = isText && text.startsWith(content, offsetIn(text, inside));
    const number = this.#number({ place: verbatim ? inside : place, verbatim });
    const literal = { type: 'NumberLiteral', value: number, original: number, loc: value.loc } as hbs.AST.NumberLiteral;
    return internalCall(markedValue, [value, literal], value.loc);
  }

  #noteArguments(statement: hbs.AST.Statement, file: string): void {
    for (const call of (statement as Partial<hbs.AST.MustacheStatement>).params ?? []) {
      const pairs = (call as Partial<hbs.AST.SubExpression>).hash?.pairs ?? [];
      const places = pairs.map((pair) => [pair.key, placeIn(file, pair.loc)] as const);
      if (places.length > 0) this.#arguments.set(formatPlace(placeIn(file, call.loc)), new Map(places));
    }
  }
}

/** The parser counts columns from 0. */
export function placeIn(file: string, { start }: Pick<hbs.AST.SourceLocation, 'start'>): Place {
  return { file, line: start.line, column: start.column + 1 };
}
