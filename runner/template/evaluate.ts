import Handlebars from 'handlebars';

/*
 * Renders parsed templates as Handlebars does, by walking their trees. Handlebars itself makes a JavaScript function of each
 * template, which pays for a page that is shown a thousand times: a model is rendered two or three times, and making its function takes
 * longer than all of them. Its parser, its control of white space and its own helpers are what is used of it; a test renders random
 * templates by both.
 */

/** Values beside the context: `@root`, and inside of `each` `@index`, `@key`, `@first` and `@last`. */
export type Frame = Readonly<Record<string, unknown>>;

/** Renders a block in another context. @param given the frame and the values of the block's parameters, if not those around it. */
export type RenderBlock = (
  context: unknown,
  given?: { readonly data?: Frame | undefined; readonly blockParams?: readonly unknown[] | undefined },
) => string;

/** What a helper gets behind its arguments: its named arguments and, of a block, the block and what follows its `else`. */
export interface CallOptions {
  readonly name: string;
  readonly hash: Readonly<Record<string, unknown>>;
  readonly data: Frame;
  readonly loc: hbs.AST.SourceLocation;
  readonly lookupProperty: (of: unknown, key: string) => unknown;
  readonly fn?: RenderBlock;
  readonly inverse?: RenderBlock;
}

/** A helper: it gets the context in which it is called, and its arguments. */
export type EvaluatedHelper = (context: unknown, args: readonly unknown[], options: CallOptions) => unknown;

/** Where in a template the evaluation is. */
interface Scope {
  readonly context: unknown;
  /** The contexts around it, the nearest first, itself among them: `../` goes one on. */
  readonly around: readonly unknown[];
  readonly data: Frame;
  /** The parameters of the blocks around it, the nearest first. */
  readonly named: Named | undefined;
}

interface Named {
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  readonly outer: Named | undefined;
}

/** What a helper gets as its context where that is nothing. */
const nothing = Object.freeze({});

/** The key of a frame under which is what stands between the tags of a call of a macro. */
const partialBlock = 'partial-block';

/** What templates may call. */
export class Evaluator {
  readonly #helpers = new Map<string, EvaluatedHelper>();
  readonly #partials = new Map<string, hbs.AST.Program>();

  addHelper(name: string, helper: EvaluatedHelper): void {
    this.#helpers.set(name, helper);
  }

  /** Takes over helpers that Handlebars brings. */
  addBuiltIns(names: readonly string[]): void {
    for (const name of names) {
      const helper = Handlebars.helpers[name];
      if (helper === undefined) throw new Error(`Handlebars has no helper "${name}"`);
      this.addHelper(name, (context, args, options) => helper.call(context, ...args, options));
    }
  }

  addPartial(name: string, program: hbs.AST.Program): void {
    this.#partials.set(name, program);
  }

  partial(name: string): hbs.AST.Program | undefined {
    return this.#partials.get(name);
  }

  /** Renders a template, nothing escaped. @throws whatever a helper throws, and Error for a macro that is not there. */
  render(program: hbs.AST.Program, context: unknown): string {
    return this.#program(program, { context, around: [context], data: { root: context }, named: undefined });
  }

  #program({ body }: hbs.AST.Program, scope: Scope): string {
    let text = '';
    for (const statement of body) text += this.#statement(statement, scope);
    return text;
  }

  #statement(statement: hbs.AST.Statement, scope: Scope): string {
    switch (statement.type) {
      case 'ContentStatement':
        return (statement as hbs.AST.ContentStatement).value;
      case 'CommentStatement':
        return '';
      case 'MustacheStatement':
        return printed(this.#call(statement as hbs.AST.MustacheStatement, scope));
      case 'BlockStatement': {
        const { program, inverse } = statement as Partial<hbs.AST.BlockStatement>;
        const blocks = { fn: this.#block(program, scope), inverse: this.#block(inverse, scope) };
        return printed(this.#call(statement as hbs.AST.BlockStatement, scope, blocks));
      }
      case 'PartialStatement':
      case 'PartialBlockStatement':
        return this.#partial(statement as hbs.AST.PartialStatement, scope);
      default:
        throw new Error(`a template has no ${statement.type}`);
    }
  }

  #block(program: hbs.AST.Program | undefined, scope: Scope): RenderBlock {
    if (!program) return () => '';
    const { blockParams: names = [] } = program as Partial<hbs.AST.Program>;
    return (context, { data = scope.data, blockParams: values = [] } = {}) =>
      this.#program(program, {
        context,
        around: isSame(context, scope.around[0]) ? scope.around : [context, ...scope.around],
        data,
        named: names.length === 0 ? scope.named : { names, values, outer: scope.named },
      });
  }

  #call(
    { path, params, hash, loc }: Call,
    scope: Scope,
    blocks?: { readonly fn: RenderBlock; readonly inverse: RenderBlock },
  ): unknown {
    const { original } = path as hbs.AST.PathExpression;
    const name = String(original);
    const named = blocks === undefined ? parameter(name, scope.named) : undefined;
    if (named !== undefined) return named.value;
    const helper = this.#helpers.get(name);
    if (helper === undefined) throw new Error(`there is no helper "${name}"`);
    const args = params.map((one) => this.#value(one, scope));
    return helper(scope.context ?? nothing, args, {
      name,
      hash: this.#hash(hash, scope),
      data: scope.data,
      loc,
      lookupProperty: ownProperty,
      ...blocks,
    });
  }

  #hash(hash: hbs.AST.Hash | undefined, scope: Scope): Record<string, unknown> {
    const pairs = (hash?.pairs ?? []).filter(({ value }) => value.type !== 'UndefinedLiteral');
    return Object.fromEntries(pairs.map(({ key, value }) => [key, this.#value(value, scope)]));
  }

  #value(expression: hbs.AST.Expression, scope: Scope): unknown {
    switch (expression.type) {
      case 'PathExpression':
        return valueAt(expression as hbs.AST.PathExpression, scope);
      case 'SubExpression':
        return this.#call(expression as hbs.AST.SubExpression, scope);
      case 'UndefinedLiteral':
        return undefined;
      case 'NullLiteral':
        return null;
      default:
        return (expression as hbs.AST.StringLiteral | hbs.AST.NumberLiteral | hbs.AST.BooleanLiteral).value;
    }
  }

  /** A macro sees its own context alone: that around its call, or the one that is given to it, and its arguments. */
  #partial(call: hbs.AST.PartialStatement & { readonly program?: hbs.AST.Program }, scope: Scope): string {
    const { name: written, params, hash, program, indent = '' } = call as typeof call & { readonly indent?: string };
    const [first, ...others] = params;
    if (others.length > 0) throw new Error(`a macro takes one context, not ${params.length}`);
    const given = first === undefined ? scope.context : this.#value(first, scope);
    const context = hash === undefined ? given : { ...(given as object), ...this.#hash(hash, scope) };
    const name = String(
      written.type === 'SubExpression' ? this.#value(written, scope) : (written as hbs.AST.PathExpression).original,
    );
    const outer = scope.data[partialBlock] as RenderBlock | undefined;
    const block = program && this.#block(program, scope);
    // Inside of the block, the block around the macro is meant.
    const inBlock: RenderBlock | undefined =
      block && ((inner, { data } = {}) => block(inner, { data: { ...frameIn(data ?? {}), [partialBlock]: outer } }));
    const data = inBlock === undefined ? scope.data : { ...frameIn(scope.data), [partialBlock]: inBlock };
    const macro = this.#partials.get(name);
    if (macro !== undefined)
      return indent + this.#program(macro, { context, around: [context], data, named: undefined });
    const instead = name === `@${partialBlock}` ? (outer ?? inBlock) : inBlock;
    if (instead === undefined) throw new Error(`there is no macro "${name}"`);
    return indent + instead(context, { data });
  }
}

interface Call {
  readonly path: hbs.AST.Expression;
  readonly params: readonly hbs.AST.Expression[];
  readonly hash?: hbs.AST.Hash | undefined;
  readonly loc: hbs.AST.SourceLocation;
}

/** Whether a block is in the context around it, and `../` passes by it. */
function isSame(context: unknown, around: unknown): boolean {
  return context === around || (context === nothing && around === null);
}

/** A frame inside of another, as Handlebars' own helpers make them. */
function frameIn(frame: Frame): Frame {
  return { ...frame, _parent: frame };
}

function printed(value: unknown): string {
  return value === null || value === undefined ? '' : `${value}`;
}

function ownProperty(of: unknown, key: string): unknown {
  // Of nothing, the part is the same nothing, null or undefined.
  if (of === null || of === undefined) return of;
  return Object.hasOwn(Object(of), key) ? (of as Readonly<Record<string, unknown>>)[key] : undefined;
}

/** The value of the nearest parameter of this name. */
function parameter(name: string, named: Named | undefined): { readonly value: unknown } | undefined {
  for (let one = named; one !== undefined; one = one.outer) {
    const index = one.names.indexOf(name);
    if (index !== -1) return { value: one.values[index] };
  }
  return undefined;
}

function valueAt({ data: isData, depth, parts, original }: hbs.AST.PathExpression, scope: Scope): unknown {
  const [head, ...rest] = parts;
  const isScoped = /^(\.|this\b)/.test(original);
  const named = isData || depth > 0 || isScoped || head === undefined ? undefined : parameter(head, scope.named);
  if (named !== undefined) return rest.reduce(ownProperty, named.value);
  let base: unknown = isData ? scope.data : depth === 0 ? scope.context : scope.around[depth];
  if (isData) for (let up = 0; up < depth; up += 1) base = ownProperty(base, '_parent');
  return parts.reduce(ownProperty, base);
}
