/**
 * The helper that looks a name up and fails if there is none: the value to look in, the name as it is written, its parts.
 * No template can call it: its name holds a blank.
 */
export const checkedLookup = 'checked lookup';

/** The helper through which every value is printed, so that a list or an object does not end up in SQL as nonsense. */
export const checkedPrint = 'checked print';

/** The values that Handlebars brings inside `each`. */
const dataNames = ['index', 'key', 'first', 'last', 'root'] as const;

/** Told of a name that nothing defines. */
export type UnknownName = (name: string, known: Iterable<string>, at: hbs.AST.SourceLocation) => void;

/**
 * Makes a parsed template strict: every value that it names becomes a call of {@link checkedLookup}, and every call of
 * an unknown helper is reported. Handlebars' own strict mode lets misspelt arguments and parts of block parameters pass as
 * nothing, and loses in which macro an error happened.
 */
export function makeNamesStrict(program: hbs.AST.Program, helpers: ReadonlySet<string>, unknown: UnknownName): void {
  walk(program, new Set());

  function walk(block: hbs.AST.Program, outer: ReadonlySet<string>): void {
    const scope = new Set([...outer, ...(block.blockParams ?? [])]);
    for (const statement of block.body) {
      switch (statement.type) {
        case 'MustacheStatement':
          mustache(statement as hbs.AST.MustacheStatement, scope);
          break;
        case 'BlockStatement': {
          const { path, program: body, inverse } = statement as Partial<hbs.AST.BlockStatement>;
          if (path !== undefined) mustBeHelper(path, '#');
          checkArguments(statement as hbs.AST.BlockStatement, scope);
          if (body) walk(body, scope);
          if (inverse) walk(inverse, scope);
          break;
        }
        case 'PartialStatement':
          checkArguments(statement as hbs.AST.PartialStatement, scope);
          break;
        case 'PartialBlockStatement':
          checkArguments(statement as hbs.AST.PartialBlockStatement, scope);
          walk((statement as hbs.AST.PartialBlockStatement).program, scope);
          break;
        case 'Decorator':
        case 'DecoratorBlock':
          unknown(`*${named((statement as hbs.AST.Decorator).path).original}`, [], statement.loc);
          break;
        default:
          break;
      }
    }
  }

  function mustache(statement: hbs.AST.MustacheStatement, scope: ReadonlySet<string>): void {
    checkArguments(statement, scope);
    const { params, loc } = statement;
    const path = named(statement.path);
    const hash = hashOf(statement);
    const isCall = helpers.has(path.original) || params.length > 0 || hash !== undefined;
    if (isCall) mustBeHelper(path, '');
    const value = isCall ? { type: 'SubExpression', path, params, hash, loc } : { ...checked(path, scope), loc };
    Object.assign(statement, { path: pathOf(checkedPrint, path.loc), params: [value], hash: undefined });
  }

  function mustBeHelper(path: hbs.AST.PathExpression, sign: string): void {
    if (!helpers.has(path.original)) unknown(`${sign}${path.original}`, helpers, path.loc);
  }

  function checkArguments(
    call: { params: hbs.AST.Expression[]; hash?: hbs.AST.Hash },
    scope: ReadonlySet<string>,
  ): void {
    call.params = call.params.map((one) => argument(one, scope));
    for (const pair of hashOf(call)?.pairs ?? []) pair.value = argument(pair.value, scope);
  }

  function argument(expression: hbs.AST.Expression, scope: ReadonlySet<string>): hbs.AST.Expression {
    if (isPath(expression)) return checked(expression, scope);
    if (expression.type === 'SubExpression') {
      const call = expression as hbs.AST.SubExpression;
      mustBeHelper(call.path, '');
      checkArguments(call, scope);
    }
    return expression;
  }

  /** `a.b` as a call: the value in which to look (the context or a block parameter), then the parts. */
  function checked(path: hbs.AST.PathExpression, scope: ReadonlySet<string>): hbs.AST.Expression {
    const [head, ...rest] = path.parts;
    if (head === undefined) return path;
    if (path.data) {
      if (!(dataNames as readonly string[]).includes(head))
        unknown(
          `@${head}`,
          dataNames.map((name) => `@${name}`),
          path.loc,
        );
      return path;
    }
    const isParameter = path.depth === 0 && !/^(\.|this\b)/.test(path.original) && scope.has(head);
    if (isParameter && rest.length === 0) return path;
    const base = { ...path, parts: isParameter ? [head] : [], original: isParameter ? head : 'this' };
    const texts = [path.original, ...(isParameter ? rest : path.parts)];
    const literals = texts.map((text) => ({ type: 'StringLiteral', value: text, original: text, loc: path.loc }));
    return internalCall(checkedLookup, [base, ...literals], path.loc);
  }
}

/** The call of a helper that no template can call by itself. */
export function internalCall(
  helper: string,
  params: readonly hbs.AST.Expression[],
  loc: hbs.AST.SourceLocation,
): hbs.AST.Expression {
  return { type: 'SubExpression', loc, path: pathOf(helper, loc), params, hash: undefined } as hbs.AST.Expression;
}

function pathOf(helper: string, loc: hbs.AST.SourceLocation): hbs.AST.PathExpression {
  return { type: 'PathExpression', data: false, depth: 0, parts: [helper], original: helper, loc };
}

function isPath(node: hbs.AST.Node): node is hbs.AST.PathExpression {
  return node.type === 'PathExpression';
}

/** To Handlebars, a text or a number that stands where a name does is one. */
function named(path: hbs.AST.PathExpression | hbs.AST.Literal): hbs.AST.PathExpression {
  if (isPath(path)) return path;
  const { original } = path as hbs.AST.Literal & { readonly original: unknown };
  return pathOf(String(original), path.loc);
}

/** The types say that there always is one. */
function hashOf(call: { readonly hash?: hbs.AST.Hash | undefined }): hbs.AST.Hash | undefined {
  return call.hash;
}
