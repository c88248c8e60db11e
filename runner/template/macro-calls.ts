import Handlebars from 'handlebars';
import type { Place } from '../text/place.ts';
import { placeIn } from './marks.ts';

/** The helpers around each call of a macro, by which a fault inside it knows its callers. No template can call them. */
export const enterMacro = 'enter macro';
export const leaveMacro = 'leave macro';

/** A call of a macro by its name. */
export interface MacroCall {
  readonly name: string;
  readonly place: Place;
  /** Its named arguments and their places. */
  readonly given: readonly { readonly name: string; readonly place: Place }[];
}

/** What a template calls, and what it reads of its context: the arguments, where it is a macro. */
export interface Reads {
  readonly calls: readonly MacroCall[];
  readonly names: ReadonlySet<string>;
  /** The macros that see its own context. */
  readonly passedTo: ReadonlySet<string>;
  /** Whether it may read any name, since it uses its context as a whole. */
  readonly any: boolean;
}

/** Reads a program as it was parsed. @param helpers names that are calls wherever they come first. */
export function readsOf(program: hbs.AST.Program, file: string, helpers: ReadonlySet<string>): Reads {
  const reading = new Reading(file, helpers);
  reading.accept(program);
  return reading;
}

class Reading extends Handlebars.Visitor implements Reads {
  readonly calls: MacroCall[] = [];
  readonly names = new Set<string>();
  readonly passedTo = new Set<string>();
  any = false;
  readonly #file: string;
  readonly #helpers: ReadonlySet<string>;

  constructor(file: string, helpers: ReadonlySet<string>) {
    super();
    this.#file = file;
    this.#helpers = helpers;
  }

  override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
    this.#call(statement, isCall(statement, this.#helpers));
  }

  override SubExpression(call: hbs.AST.SubExpression): void {
    this.#call(call, true);
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    this.#call(block, true);
    this.accept(block.program);
    if ((block as Partial<typeof block>).inverse) this.accept(block.inverse);
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    const { name, params, hash, loc } = partial;
    const given = ((hash as hbs.AST.Hash | undefined)?.pairs ?? []).map((pair) => ({
      name: pair.key,
      place: placeIn(this.#file, pair.loc),
    }));
    if (isPath(name) && !name.data) {
      this.calls.push({ name: name.original, place: placeIn(this.#file, loc), given });
      if (params.length === 0) this.passedTo.add(name.original);
    } else this.any = true;
    this.#arguments(partial);
  }

  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    this.PartialStatement(partial as unknown as hbs.AST.PartialStatement);
    this.accept(partial.program);
  }

  override PathExpression(path: hbs.AST.PathExpression): void {
    const [head] = path.data && path.parts[0] === 'root' ? path.parts.slice(1) : path.parts;
    if (head !== undefined) this.names.add(head);
    else if (!path.data || path.parts[0] === 'root') this.any = true;
  }

  #call(call: Call, isHelper: boolean): void {
    if (!isHelper) this.accept(call.path);
    this.#arguments(call);
  }

  #arguments({ params, hash }: Pick<Call, 'params' | 'hash'>): void {
    for (const one of params) this.accept(one);
    for (const pair of hash?.pairs ?? []) this.accept(pair.value);
  }
}

interface Call {
  readonly path: hbs.AST.Expression;
  readonly params: readonly hbs.AST.Expression[];
  readonly hash?: hbs.AST.Hash | undefined;
}

function isCall({ path, params, hash }: Call, helpers: ReadonlySet<string>): boolean {
  return params.length > 0 || hash !== undefined || (isPath(path) && helpers.has(path.original));
}

function isPath(node: hbs.AST.Node): node is hbs.AST.PathExpression {
  return node.type === 'PathExpression';
}

/** The arguments that a macro takes; undefined if it may take any. @param reads of all macros, by their names. */
export function argumentsOf(macro: string, reads: ReadonlyMap<string, Reads>): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  const seen = new Set<string>();
  const open = [macro];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const own = reads.get(name);
    if (own === undefined || own.any) return undefined;
    for (const one of own.names) names.add(one);
    open.push(...own.passedTo);
  }
  return names;
}

/** Puts calls of {@link enterMacro} and {@link leaveMacro} around each call of a macro. */
export function traceMacros(program: hbs.AST.Program): void {
  program.body = program.body.flatMap((statement) => {
    const { program: body, inverse } = statement as Partial<hbs.AST.BlockStatement>;
    const { name } = statement as Partial<hbs.AST.PartialStatement>;
    if (body) traceMacros(body);
    if (inverse) traceMacros(inverse);
    if (!/^Partial(Block)?Statement$/.test(statement.type) || name === undefined || !isPath(name)) return [statement];
    const literal = { type: 'StringLiteral', value: name.original, original: name.original, loc: statement.loc };
    return [printed(enterMacro, [literal], statement), statement, printed(leaveMacro, [], statement)];
  });
}

function printed(helper: string, params: readonly hbs.AST.Node[], { loc }: hbs.AST.Statement): hbs.AST.Statement {
  const path = { type: 'PathExpression', data: false, depth: 0, parts: [helper], original: helper, loc };
  const strip = { open: false, close: false };
  return { type: 'MustacheStatement', path, params, escaped: false, strip, loc } as unknown as hbs.AST.Statement;
}
