import { inexact } from '../yaml/exact-numbers.ts';

/** An expression of Jinja. */
export type Expression =
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'part'; readonly of: Expression; readonly key: Expression }
  | { readonly kind: 'call'; readonly of: Expression; readonly args: Arguments }
  | { readonly kind: 'filter'; readonly of: Expression; readonly name: string; readonly args: Arguments }
  | { readonly kind: 'sign'; readonly sign: string; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly test: Expression; readonly then: Expression; readonly otherwise: Expression };

/** The arguments of a call: by place, then by name. */
export interface Arguments {
  readonly placed: readonly Expression[];
  readonly named: readonly (readonly [string, Expression])[];
}

/** Why something is not converted. */
export class NotConverted extends Error {}

const token = /\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|\w+|==|!=|<=|>=|\*\*|\/\/|[^\s])/g;

/** Reads an expression. @throws NotConverted if it is none. */
export function readExpression(text: string): Expression {
  const reader = new Reader([...text.matchAll(token)].map(([, one = '']) => one));
  const read = reader.whole();
  if (!reader.isDone) throw new NotConverted(`"${text.trim()}" is no expression that is understood`);
  return read;
}

/** `exceptions.warn` of a path. @throws NotConverted for what is called otherwise. */
export function pathOf(of: Expression): string {
  if (of.kind === 'name') return of.name;
  if (of.kind === 'part' && of.key.kind === 'value') return `${pathOf(of.of)}.${of.key.value}`;
  throw new NotConverted('a call of something that is computed');
}

const constants: Readonly<Record<string, boolean | null>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get isDone(): boolean {
    return this.#at >= this.#tokens.length;
  }

  whole(): Expression {
    const then = this.#series(['or'], () => this.#series(['and'], () => this.#negated()));
    if (!this.#take('if')) return then;
    const test = this.#series(['or'], () => this.#series(['and'], () => this.#negated()));
    const otherwise = this.#take('else') ? this.whole() : { kind: 'value' as const, value: '' };
    return { kind: 'choice', test, then, otherwise };
  }

  #series(signs: readonly string[], part: () => Expression): Expression {
    let left = part();
    for (let sign = this.#ofThese(signs); sign !== undefined; sign = this.#ofThese(signs))
      left = { kind: 'sign', sign, parts: [left, part()] };
    return left;
  }

  #negated(): Expression {
    if (this.#take('not')) return { kind: 'sign', sign: 'not', parts: [this.#negated()] };
    return this.#compared();
  }

  #compared(): Expression {
    let left = this.#sum();
    for (;;) {
      const sign = this.#ofThese(['==', '!=', '<', '>', '<=', '>=', 'in']);
      if (sign !== undefined) left = { kind: 'sign', sign, parts: [left, this.#sum()] };
      else if (this.#peek() === 'not' && this.#tokens[this.#at + 1] === 'in') {
        this.#at += 2;
        left = { kind: 'sign', sign: 'not', parts: [{ kind: 'sign', sign: 'in', parts: [left, this.#sum()] }] };
      } else if (this.#take('is')) {
        const isNot = this.#take('not');
        const test: Expression = { kind: 'sign', sign: `is ${this.#next()}`, parts: [left] };
        left = isNot ? { kind: 'sign', sign: 'not', parts: [test] } : test;
      } else return left;
    }
  }

  #sum(): Expression {
    return this.#series(['+', '-', '~'], () => this.#series(['*', '/', '//', '%', '**'], () => this.#filtered()));
  }

  #filtered(): Expression {
    let of = this.#postfix(this.#primary());
    while (this.#take('|')) {
      const name = this.#next();
      of = { kind: 'filter', of, name, args: this.#take('(') ? this.#arguments() : { placed: [], named: [] } };
    }
    return of;
  }

  #postfix(start: Expression): Expression {
    let of = start;
    for (;;) {
      if (this.#take('.')) of = { kind: 'part', of, key: { kind: 'value', value: this.#next() } };
      else if (this.#take('[')) {
        of = { kind: 'part', of, key: this.whole() };
        this.#expect(']');
      } else if (this.#take('(')) of = { kind: 'call', of, args: this.#arguments() };
      else return of;
    }
  }

  #primary(): Expression {
    const one = this.#next();
    if (/^['"]/.test(one)) return { kind: 'value', value: one.slice(1, -1).replace(/\\(.)/g, unescaped) };
    if (/^\d/.test(one)) return numberOf(one);
    if (one === '-' && /^\d/.test(this.#peek() ?? '')) return numberOf(`-${this.#next()}`);
    if (Object.hasOwn(constants, one)) return { kind: 'value', value: constants[one] ?? null };
    if (one === '(') {
      const inside = this.whole();
      if (this.#take(')')) return inside;
      const items = [inside];
      while (this.#take(',') && this.#peek() !== ')') items.push(this.whole());
      this.#expect(')');
      return { kind: 'list', items };
    }
    if (one === '[') return { kind: 'list', items: this.#all(']', () => this.whole()) };
    if (one === '{') return { kind: 'object', entries: this.#all('}', () => this.#entry()) };
    if (/^[A-Za-z_]/.test(one)) return { kind: 'name', name: one };
    throw new NotConverted(`"${one}" is not understood here`);
  }

  #entry(): readonly [Expression, Expression] {
    const key = this.#primary();
    this.#expect(':');
    return [key, this.whole()];
  }

  #arguments(): Arguments {
    const placed: Expression[] = [];
    const named: (readonly [string, Expression])[] = [];
    this.#all(')', () => {
      const name = this.#peek() ?? '';
      if (!/^[A-Za-z_]\w*$/.test(name) || this.#tokens[this.#at + 1] !== '=') return placed.push(this.whole());
      this.#at += 2;
      return named.push([name, this.whole()]);
    });
    return { placed, named };
  }

  #all<T>(end: string, part: () => T): T[] {
    const parts: T[] = [];
    while (!this.#take(end)) {
      parts.push(part());
      if (!this.#take(',') && this.#peek() !== end) throw new NotConverted(`a "${end}" is missing`);
    }
    return parts;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #next(): string {
    const one = this.#tokens[this.#at];
    if (one === undefined) throw new NotConverted('the expression ends too early');
    this.#at += 1;
    return one;
  }

  #take(one: string): boolean {
    if (this.#peek() !== one) return false;
    this.#at += 1;
    return true;
  }

  #ofThese(signs: readonly string[]): string | undefined {
    return signs.find((sign) => this.#take(sign));
  }

  #expect(one: string): void {
    if (!this.#take(one)) throw new NotConverted(`a "${one}" is missing`);
  }
}

/** A number, or its text where it would lose digits. */
function numberOf(written: string): Expression {
  const number = Number(written);
  return { kind: 'value', value: inexact(written, number) ?? number };
}

function unescaped(_: string, character: string): string {
  return character === 'n' ? '\n' : character === 't' ? '\t' : character;
}
