import Handlebars from 'handlebars';
import { type Problem, ProjectError } from './errors.ts';
import { advance, excerpt, type Place } from './place.ts';
import { type Origin, SqlText } from './sql-text.ts';
import { didYouMean } from './suggest.ts';
import { checkedLookup, checkedPrint, makeNamesStrict } from './template-names.ts';

/** A text file of the project. */
export interface SourceFile {
  /** Relative to the project root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** What a helper is told about the call: its named arguments and where it stands. */
export interface HelperCall {
  readonly named: Readonly<Record<string, unknown>>;
  readonly place: Place;
  /** For block helpers: renders the block, or what follows its `else`. */
  readonly block?: ((which: 'body' | 'else') => string) | undefined;
}

/** A helper returns the text to put in, or a value for another helper's argument. */
export type Helper = (args: readonly unknown[], call: HelperCall) => unknown;

/** A parsed template. */
export interface Template {
  readonly file: SourceFile;
  /**
   * @param problems takes what helpers complain about, so that rendering goes on and finds the next fault as well.
   * @throws ProjectError with the place of what could not be rendered.
   */
  render(helpers: Readonly<Record<string, Helper>>, context: object, problems?: Problem[]): SqlText;
}

/*
 * Each stretch of output is preceded by a mark that says which template place it comes from. The marks are added to the
 * parsed template and taken out of the rendered text, so they follow the text through partials, conditions and loops.
 * U+FDD0 and U+FDD1 are noncharacters: Unicode promises that they never stand for anything.
 */
const markStart = '\uFDD0';
const markEnd = '\uFDD1';
const mark = /\uFDD0(\d+)\uFDD1/g;

/** Stands for a value that there is not, while rendering goes on; nothing is complained about because of it. */
const missing = Object.freeze({ toString: () => '' });

/** Helpers that Handlebars brings and that make sense in SQL. */
const builtIns = ['if', 'unless', 'each', 'with', 'lookup'] as const;

/** An error a helper raises about its own call; the template adds the excerpt. */
export class HelperError extends Error {
  readonly hint: string | undefined;

  constructor(what: string, hint?: string) {
    super(what);
    this.hint = hint;
  }
}

/** Carries a problem, already placed, through Handlebars, which wraps nothing. */
class PlacedError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.what);
    this.problem = problem;
  }
}

/**
 * The macros of a project and the helpers' names: what every template of the project may use.
 * HTML escaping is off; an unknown name is an error.
 */
export class TemplateEnvironment {
  readonly #handlebars = Handlebars.create();
  readonly #parse: typeof Handlebars.parse;
  readonly #origins: Origin[] = [];
  readonly #files = new Map<string, SourceFile>();
  /** Everything that can be called in a template. */
  readonly #helperNames: ReadonlySet<string>;
  readonly #partialNames = new Set<string>();
  #current: Readonly<Record<string, Helper>> = {};
  /** Where the present rendering puts its problems; undefined: the first one ends it. */
  #problems: Problem[] | undefined;

  constructor(helperNames: readonly string[]) {
    this.#helperNames = new Set([...helperNames, ...builtIns]);
    for (const name of helperNames) {
      const environment = this;
      this.#handlebars.registerHelper(name, function (this: unknown, ...all: unknown[]): unknown {
        return environment.#call(name, this, all);
      });
    }
    this.#handlebars.registerHelper(checkedLookup, (base: unknown, written: string, ...all: unknown[]): unknown => {
      const { loc } = all.at(-1) as { loc?: unknown };
      return this.#lookUp(base, written, all.slice(0, -1) as string[], this.#placeOf(loc));
    });
    this.#handlebars.registerHelper(checkedPrint, (value: unknown, { loc }: { loc?: unknown }): unknown => {
      if (typeof value !== 'object' || value === null || Object.hasOwn(value, 'toString') || value === missing)
        return value;
      const error = new HelperError(
        'a list or an object has no text',
        'Name a part of it, or go through it with #each.',
      );
      return this.#complain(error, this.#placeOf(loc));
    });
    // Compiling would process white space a second time, for which the marks stand in the way.
    const { parse } = this.#handlebars;
    this.#parse = parse;
    this.#handlebars.parse = (input: unknown, options) =>
      typeof input === 'string' ? parse(input, options) : (input as hbs.AST.Program);
  }

  /** Announces the macros; their texts are parsed at once, so that every error is found. @throws ProjectError */
  addMacros(macros: ReadonlyMap<string, SourceFile>): void {
    for (const name of macros.keys()) this.#partialNames.add(name);
    const problems: Problem[] = [];
    for (const [name, file] of macros) {
      try {
        this.#handlebars.registerPartial(name, this.#compile(file) as unknown as Handlebars.Template);
      } catch (error) {
        if (!(error instanceof ProjectError)) throw error;
        problems.push(...error.problems);
      }
    }
    if (problems.length > 0) throw new ProjectError(problems);
  }

  /** Parses one template. @throws ProjectError with the place of a syntax error or an unknown macro. */
  parse(file: SourceFile): Template {
    const template = this.#compile(file);
    return {
      file,
      render: (helpers, context, problems) => {
        this.#current = helpers;
        this.#problems = problems;
        try {
          return this.#unmark(template(context));
        } catch (error) {
          throw new ProjectError([this.#asProblem(error, file)]);
        }
      },
    };
  }

  #compile(file: SourceFile): Handlebars.TemplateDelegate {
    this.#files.set(file.path, file);
    this.#refuseJinja(file);
    const problems: Problem[] = [];
    if (file.text.includes(markStart) || file.text.includes(markEnd)) {
      throw new ProjectError([
        { what: `${file.path} contains the noncharacters U+FDD0 or U+FDD1, which are reserved` },
      ]);
    }
    try {
      const raw = this.#handlebars.parseWithoutProcessing(file.text, { srcName: file.path } as Handlebars.ParseOptions);
      keepMacrosOnTheirLines(raw);
      // A program goes in as well as a text; what is left to do then is the white space.
      const program = this.#parse(raw as unknown as string);
      makeNamesStrict(program, this.#helperNames, (name, known, at) => {
        problems.push(this.#problem(unknownName(name, known), this.#placeOf({ source: file.path, start: at.start })));
      });
      this.#addMarks(program, file, problems);
      if (problems.length > 0) throw new ProjectError(problems);
      return this.#handlebars.compile(program, {
        noEscape: true,
        // Indenting a macro's lines like its call would move the columns that errors point at.
        preventIndent: true,
        knownHelpers: Object.fromEntries(
          [...this.#helperNames, checkedLookup, checkedPrint].map((name) => [name, true]),
        ),
      });
    } catch (error) {
      throw error instanceof ProjectError ? error : new ProjectError([this.#asProblem(error, file)]);
    }
  }

  #addMarks(program: hbs.AST.Program, file: SourceFile, problems: Problem[]): void {
    const body: hbs.AST.Statement[] = [];
    for (const statement of program.body) {
      const start: Place = { file: file.path, line: statement.loc.start.line, column: statement.loc.start.column + 1 };
      switch (statement.type) {
        case 'ContentStatement': {
          // Standalone blocks eat the white space around them, so the text may begin later than the parser says.
          const content = statement as hbs.AST.ContentStatement & { original: string };
          const eaten = Math.max(0, content.original.indexOf(content.value));
          if (content.value !== '')
            body.push(this.#mark(advance(start, content.original, eaten), true, statement), statement);
          continue;
        }
        case 'BlockStatement': {
          const block = statement as hbs.AST.BlockStatement;
          this.#addMarks(block.program, file, problems);
          if (block.inverse) this.#addMarks(block.inverse, file, problems);
          break;
        }
        case 'PartialStatement':
        case 'PartialBlockStatement': {
          const partial = statement as hbs.AST.PartialStatement;
          if (partial.name.type === 'PathExpression')
            problems.push(...this.#checkPartial((partial.name as hbs.AST.PathExpression).original, start));
          break;
        }
        default:
          break;
      }
      body.push(this.#mark(start, false, statement), statement);
    }
    program.body = body;
  }

  #checkPartial(name: string, place: Place): Problem[] {
    if (this.#partialNames.has(name)) return [];
    const hint = didYouMean(name, this.#partialNames) ?? 'Macros are the files in macros/.';
    return [this.#problem(new HelperError(`there is no macro "${name}"`, hint), place)];
  }

  #mark(place: Place, verbatim: boolean, beside: hbs.AST.Statement): hbs.AST.ContentStatement {
    const value = `${markStart}${this.#origins.length}${markEnd}`;
    this.#origins.push({ place, verbatim });
    return { type: 'ContentStatement', value, original: value, loc: beside.loc } as unknown as hbs.AST.ContentStatement;
  }

  #unmark(rendered: string): SqlText {
    let text = '';
    let end = 0;
    const segments: { start: number; origin: Origin | undefined }[] = [];
    for (const match of rendered.matchAll(mark)) {
      text += rendered.slice(end, match.index);
      segments.push({ start: text.length, origin: this.#origins[Number(match[1])] });
      end = match.index + match[0].length;
    }
    return new SqlText(text + rendered.slice(end), segments);
  }

  #call(name: string, context: unknown, all: readonly unknown[]): unknown {
    const options = all.at(-1) as Handlebars.HelperOptions & { loc?: unknown };
    const helper = this.#current[name];
    const place = this.#placeOf(options.loc);
    const named = (options.hash ?? {}) as Record<string, unknown>;
    if (all.includes(missing) || Object.values(named).includes(missing)) return missing;
    if (helper === undefined) return this.#complain(new HelperError(`{{${name}}} cannot be used here`), place);
    const block =
      typeof options.fn === 'function'
        ? (which: 'body' | 'else') => (which === 'body' ? options.fn(context) : options.inverse(context))
        : undefined;
    try {
      return helper(all.slice(0, -1), { named, place, block });
    } catch (error) {
      if (error instanceof HelperError) return this.#complain(error, place);
      throw error;
    }
  }

  #placeOf(loc: unknown): Place {
    const { source, start } = loc as { source: string; start: { line: number; column: number } };
    return { file: source, line: start.line, column: start.column + 1 };
  }

  /** Ends the rendering, or notes the problem and gives what stands for the value that there is not. */
  #complain(error: HelperError, place: Place): unknown {
    const problem = this.#problem(error, place);
    if (this.#problems === undefined) throw new PlacedError(problem);
    this.#problems.push(problem);
    return missing;
  }

  #problem(error: HelperError, place: Place): Problem {
    const text = this.#files.get(place.file)?.text ?? '';
    return { what: error.message, place, excerpt: excerpt(text, place), hint: error.hint };
  }

  /** `parts` one after the other, from `base`; a name that is not there is an error. */
  #lookUp(base: unknown, written: string, parts: readonly string[], place: Place): unknown {
    let value = base;
    for (const part of parts) {
      if (value === missing) return missing;
      const inside: Readonly<Record<string, unknown>> | undefined =
        value === null || value === undefined ? undefined : Object(value);
      if (inside === undefined || !Object.hasOwn(inside, part) || inside[part] === undefined) {
        const names = inside === undefined || Array.isArray(inside) ? [] : Object.keys(inside);
        const known = names.filter((name) => typeof inside?.[name] !== 'function');
        return this.#complain(
          unknownName(written, parts.length === 1 ? [...known, ...this.#helperNames] : known, part),
          place,
        );
      }
      value = inside[part];
    }
    return value;
  }

  /** Whoever comes from dbt writes calls as there; the parser would only say that something does not belong. */
  #refuseJinja(file: SourceFile): void {
    // Template comments are left out, with what they hold blanked so that every place stays.
    const text = file.text.replace(/\{\{!(?:--[\s\S]*?--|[^}]*)\}\}/g, (comment) => comment.replace(/[^\n]/g, ' '));
    const found = /\{\{[~\s]*[#/]?\s*(\w+)\(|\{%/.exec(text);
    if (found === null) return;
    const place = advance({ file: file.path, line: 1, column: 1 }, text, found.index);
    const name = found[1];
    const what = name === undefined ? 'there is no {% %} here' : `{{${name}(...)}} is written without brackets here`;
    const hint =
      name === undefined
        ? 'Write {{#if ...}} ... {{/if}}, {{#each ...}} ... {{/each}} or {{#incremental}} ... {{/incremental}}.'
        : `Write {{${name} "..."}}, names in quotes and separated by spaces.`;
    throw new ProjectError([{ what, place, excerpt: excerpt(file.text, place), hint }]);
  }

  /** Turns whatever Handlebars throws into a problem with a place. */
  #asProblem(error: unknown, file: SourceFile): Problem {
    if (error instanceof PlacedError) return error.problem;
    const fault = error as Error & { lineNumber?: number; column?: number };
    // A syntax error tells its line in the message only: "Parse error on line 3:\n...\n---^\nExpecting 'ID', got 'EOF'".
    const parse = /^(?:Parse|Lexical) error on line (\d+)[\s\S]*?(?:got '(\w+)')?$/.exec(fault.message);
    const line = fault.lineNumber ?? (parse === null ? undefined : Number(parse[1]));
    const what = parse === null ? fault.message.replace(/ - \d+:\d+$/, '') : unreadable(parse[2]);
    if (line === undefined) return { what: `${file.path}: ${what}` };
    const place = { file: file.path, line, column: (fault.column ?? 0) + 1 };
    return { what, place, excerpt: excerpt(file.text, place) };
  }
}

/** What a syntax error most likely means, by the token that the parser did not expect. */
function unreadable(token: string | undefined): string {
  const reason =
    token === 'EOF'
      ? 'a block is not closed'
      : token === 'INVALID'
        ? 'something between {{ and }} does not belong there, or the }} is missing'
        : token === 'INVERSE' || token === 'OPEN_ENDBLOCK'
          ? 'this belongs to no open block'
          : 'something is missing here';
  return `the template cannot be read: ${reason}`;
}

/**
 * A macro that stands alone on its line keeps its indentation and the line break behind it: Handlebars would take both,
 * and glue the next line to a macro whose file does not end with a line break.
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
      // Prints nothing, but is no white space, so that the macro does not stand alone.
      const guard = { type: 'ContentStatement', value: '', original: '.', loc: statement.loc };
      body.push(guard as unknown as hbs.AST.ContentStatement);
    }
  }
  program.body = body;
}

/** @param part what of the name is unknown, where that is not all of it. */
function unknownName(name: string, known: Iterable<string>, part = name.replace(/^#/, '')): HelperError {
  return new HelperError(`{{${name}}} is not defined`, didYouMean(part, known));
}
