// The template language: Handlebars without HTML escaping, in which an unknown name is an error.
//
//   1. syntax.ts        parses a file; a syntax error gets its place (jinja.ts: how what dbt users type is written here, as
//                        jinja-expression.ts reads it; counterparts.ts: what has another name)
//   2. strict-names.ts  rejects names, helpers and partials that do not exist
//   3. template.ts      renders it with the helpers that a caller gives, by evaluate.ts, which walks the parsed template
//   4. macro-calls.ts   checks the arguments of macros, and keeps the stack of calls
//   5. same-sql.ts      whether two templates say the same SQL
//   6. marks.ts         each value is rendered between marks that say where it comes from; removing them yields an SqlText
//
// Rendering continues after a fault where it can, so that one compilation reports all of them.
import Handlebars from 'handlebars';
import { type Problem, ProjectError } from '../text/errors.ts';
import { formatPlace, type Place } from '../text/place.ts';
import type { SourceFile } from '../text/source-file.ts';
import type { SqlText } from '../text/sql-text.ts';
import { didYouMean } from '../text/suggest.ts';
import { isContext, ownOf } from './context.ts';
import { type CallOptions, Evaluator } from './evaluate.ts';
import { HelperError, noMacro, unknownName } from './helper-error.ts';
import { argumentsOf, enterMacro, leaveMacro, type Reads, readsOf, traceMacros } from './macro-calls.ts';
import { Marks, markedValue, placeIn, unmarked } from './marks.ts';
import { checkedLookup, checkedPrint, makeNamesStrict } from './strict-names.ts';
import { parseTemplate } from './syntax.ts';

export { HelperError };

/** The call of a helper: its named arguments and its place. */
export interface HelperCall {
  readonly named: Readonly<Record<string, unknown>>;
  readonly place: Place;
  /** The place of the argument of this name. */
  readonly argument: (name: string) => Place;
  /** The values that names stand for where it is called. */
  readonly context: unknown;
  /** For block helpers: renders the block, or what follows its `else`. */
  readonly block?: ((which: 'body' | 'else') => string) | undefined;
}

/** A helper returns the text to put in, or a value for another helper's argument. */
export type Helper = (args: readonly unknown[], call: HelperCall) => unknown;

/** A parsed template. */
export interface Template {
  readonly file: SourceFile;
  /**
   * @param problems collects the complaints of helpers, so that rendering continues and finds further faults.
   * @throws ProjectError with the place of what could not be rendered.
   */
  render(helpers: Readonly<Record<string, Helper>>, context: object, problems?: Problem[]): SqlText;
}

/** Stands in for a missing value while rendering continues; it causes no further complaints. */
const missing = Object.freeze({ toString: () => '' });

/** Helpers that Handlebars brings and that make sense in SQL, and those that call a macro for its value. */
const builtIns = ['if', 'unless', 'each', 'with', 'lookup', 'call', 'return'] as const;

/** Carries a problem, already placed, through the evaluation, which wraps nothing. */
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
  readonly #evaluator = new Evaluator();
  readonly #marks = new Marks();
  /** Everything that can be called in a template. */
  readonly #helperNames: ReadonlySet<string>;
  /** What each macro reads, by its name. */
  readonly #macros = new Map<string, Reads>();
  /** The files of all macros by their names; they are announced before any is parsed. */
  readonly #macroFiles = new Map<string, string>();
  /** The macros at work, the innermost last. */
  #callers: {
    readonly macro: string;
    readonly at: Place;
    readonly context: unknown;
    readonly before: object | undefined;
  }[] = [];
  #current: Readonly<Record<string, Helper>> = {};
  /** Where the present rendering puts its problems; undefined: the first one ends it. */
  #problems: Problem[] | undefined;

  /** What the macro at work has returned to {{call}}. */
  #returned: { readonly value: unknown } | undefined;

  constructor(helperNames: readonly string[]) {
    this.#helperNames = new Set([...helperNames, ...builtIns]);
    this.#evaluator.addBuiltIns(['if', 'unless', 'each', 'with', 'lookup']);
    for (const name of helperNames)
      this.#evaluator.addHelper(name, (context, args, options) => this.#call(name, context, args, options));
    this.#evaluator.addHelper('call', (context, [macro], options) =>
      this.#valueOf(String(unmarked(macro)), context, options),
    );
    this.#evaluator.addHelper('return', (_context, [value]) => {
      this.#returned = { value: unmarked(value) };
      return '';
    });
    this.#evaluator.addHelper(
      'lookup',
      (_context, [of, key], { lookupProperty }) => of && lookupProperty(of, String(unmarked(key))),
    );
    this.#evaluator.addHelper(checkedLookup, (_context, [base, written, ...parts], { loc }) =>
      this.#lookUp(unmarked(base), String(written), parts.map(String), this.#placeOf(loc)),
    );
    this.#evaluator.addHelper(markedValue, (_context, [value, number]) => this.#marks.helper(value, number));
    this.#evaluator.addHelper(enterMacro, (context, [macro], { loc }) => {
      const before = isContext(context) ? { ...context } : undefined;
      this.#callers.push({ macro: String(macro), at: this.#placeOf(loc), context, before });
    });
    this.#evaluator.addHelper(leaveMacro, () => this.#leaveMacro());
    this.#evaluator.addHelper(checkedPrint, (_context, [value], { loc }) => {
      if (typeof value !== 'object' || value === null || Object.hasOwn(value, 'toString') || value === missing)
        return value;
      const error = new HelperError(
        'a list or an object has no text',
        'Name a part of it, or go through it with #each.',
      );
      return this.#complain(error, this.#placeOf(loc));
    });
  }

  /** Announces the macros; their texts are parsed at once, so that every error is found. @throws ProjectError */
  addMacros(macros: ReadonlyMap<string, SourceFile>): void {
    for (const [name, { path }] of macros) this.#macroFiles.set(name, path);
    const problems: Problem[] = [];
    for (const [name, file] of macros) {
      try {
        const { program, reads } = this.#prepare(file);
        this.#macros.set(name, reads);
        this.#evaluator.addPartial(name, program);
      } catch (error) {
        if (!(error instanceof ProjectError)) throw error;
        problems.push(...error.problems);
      }
    }
    // What a macro takes is known only when those that it calls are.
    for (const reads of this.#macros.values()) problems.push(...this.#checkArguments(reads));
    if (problems.length > 0) throw new ProjectError(problems);
  }

  /** Parses one template. @throws ProjectError with the place of a syntax error or an unknown macro. */
  parse(file: SourceFile): Template {
    const { program, reads } = this.#prepare(file);
    const problems = this.#checkArguments(reads);
    if (problems.length > 0) throw new ProjectError(problems);
    return {
      file,
      render: (helpers, context, problems) => {
        this.#current = helpers;
        this.#problems = problems;
        this.#callers = [];
        try {
          return this.#marks.read(this.#evaluator.render(program, context));
        } catch (error) {
          throw new ProjectError([this.#asProblem(error, file)]);
        }
      },
    };
  }

  /** Parses a file into what can be evaluated. */
  #prepare(file: SourceFile): { readonly program: hbs.AST.Program; readonly reads: Reads } {
    const raw = parseTemplate(file);
    const problems: Problem[] = [];
    try {
      // Handlebars takes a parsed program as well as a text; only white space is left to process.
      const program = Handlebars.parse(raw as unknown as string);
      const reads = readsOf(program, file.path, this.#helperNames);
      makeNamesStrict(program, this.#helperNames, (name, known, at) => {
        problems.push(this.#problem(unknownName(name, known), placeIn(file.path, at)));
      });
      for (const { name, place } of reads.calls) problems.push(...this.#checkMacro(name, place));
      this.#marks.addTo(program, file.path, file.text);
      traceMacros(program);
      if (problems.length > 0) throw new ProjectError(problems);
      return { program, reads };
    } catch (error) {
      throw error instanceof ProjectError ? error : new ProjectError([this.#asProblem(error, file)]);
    }
  }

  #checkMacro(name: string, place: Place): Problem[] {
    if (this.#macroFiles.has(name)) return [];
    return [this.#problem(noMacro(name, this.#macroFiles.keys()), place)];
  }

  /** Arguments that a macro never reads, most likely misspelt. */
  #checkArguments({ calls }: Reads): Problem[] {
    return calls.flatMap(({ name, given }) => {
      const taken = argumentsOf(name, this.#macros);
      return given.flatMap((one) => {
        if (taken === undefined || taken.has(one.name)) return [];
        const hint = didYouMean(one.name, taken) ?? 'It takes no arguments.';
        return [this.#problem(new HelperError(`the macro "${name}" takes no argument "${one.name}"`, hint), one.place)];
      });
    });
  }

  #call(name: string, context: unknown, args: readonly unknown[], { hash, fn, inverse, loc }: CallOptions): unknown {
    const helper = this.#current[name];
    const place = this.#placeOf(loc);
    const named = Object.fromEntries(Object.entries(hash).map(([key, value]) => [key, unmarked(value)]));
    if (args.includes(missing) || Object.values(named).includes(missing)) return missing;
    if (helper === undefined) return this.#complain(new HelperError(`{{${name}}} cannot be used here`), place);
    const block =
      fn === undefined || inverse === undefined
        ? undefined
        : (which: 'body' | 'else') => (which === 'body' ? fn(context) : inverse(context));
    try {
      const argument = (key: string) => this.#marks.argument(place, key);
      return helper(args.map(unmarked), { named, place, argument, context, block });
    } catch (error) {
      if (error instanceof HelperError) return this.#complain(error, place);
      throw error;
    }
  }

  /** What a macro has set is its own, also where it was called without arguments and sees the context of its caller. */
  #leaveMacro(): void {
    const { context, before } = this.#callers.pop() ?? {};
    if (before === undefined || !isContext(context)) return;
    for (const name of Object.keys(context)) if (!Object.hasOwn(before, name)) delete context[name];
    Object.assign(context, before);
  }

  /** What a macro returns or, if it returns nothing, its text. */
  #valueOf(macro: string, context: unknown, { hash, data, loc }: CallOptions): unknown {
    const program = this.#evaluator.partial(macro);
    if (program === undefined) return this.#complain(noMacro(macro, this.#macroFiles.keys()), this.#placeOf(loc));
    const outer = this.#returned;
    this.#returned = undefined;
    const text = this.#evaluator.render(program, {
      ...(isContext(context) ? context : (data.root as object)),
      ...hash,
    });
    const found = this.#returned as { readonly value: unknown } | undefined;
    this.#returned = outer;
    return found === undefined ? this.#marks.read(text).text.trim() : found.value;
  }

  #placeOf({ source, start }: hbs.AST.SourceLocation): Place {
    return placeIn(source, { start });
  }

  /** Ends the rendering, or records the problem and returns the stand-in for the missing value. */
  #complain(error: HelperError, place: Place): unknown {
    const problem = this.#problem(error, error.place ?? place);
    if (this.#problems === undefined) throw new PlacedError(problem);
    this.#problems.push(problem);
    return missing;
  }

  #problem(error: HelperError, place: Place): Problem {
    // An argument of a call has its place outside of the macro that is called.
    const inside = this.#callers.findLastIndex(({ macro }) => this.#macroFiles.get(macro) === place.file);
    const callers = this.#callers.slice(0, inside + 1).reverse();
    return {
      what: error.message,
      place,
      detail: callers.map(({ at }) => `  called at ${formatPlace(at)}`).join('\n') || undefined,
      hint: error.hint,
    };
  }

  /** `parts` one after the other, from `base`; a name that is not there is an error. */
  #lookUp(base: unknown, written: string, parts: readonly string[], place: Place): unknown {
    let value = written.startsWith('this.') ? ownOf(base) : base;
    for (const part of parts) {
      if (value === missing) return missing;
      const inside: Readonly<Record<string, unknown>> | undefined =
        value === null || value === undefined ? undefined : Object(value);
      if (inside === undefined || !Object.hasOwn(inside, part) || inside[part] === undefined) {
        const names = typeof value !== 'object' || value === null || Array.isArray(value) ? [] : Object.keys(value);
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

  /** Turns whatever is thrown while a template is rendered into a problem with a place. */
  #asProblem(error: unknown, file: SourceFile): Problem {
    if (error instanceof PlacedError) return error.problem;
    return {
      what: error instanceof Error ? error.message : String(error),
      place: { file: file.path, line: 1, column: 1 },
    };
  }
}
