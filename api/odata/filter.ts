import { nearest } from '../../runner/text/suggest.ts';
import type { Filter, operators } from '../query/asked.ts';
import { BadRequest } from '../query/bad-request.ts';
import { shown, valueFor } from '../query/values.ts';
import type { Column } from '../resource/resource.ts';
import type { EntitySet, Property } from './service.ts';
import { type Token, tokensOf } from './tokens.ts';

/** How a text is looked for in another. */
export const textFunctions = ['contains', 'startswith', 'endswith'] as const;

/** A condition on rows, as `$filter` says it. */
export type Condition =
  | Filter
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | {
      readonly kind: 'text';
      readonly column: Column;
      readonly where: (typeof textFunctions)[number];
      readonly value: string;
    };

const comparisons: ReadonlyMap<string, keyof typeof operators> = new Map([
  ['eq', 'eq'],
  ['ne', 'ne'],
  ['lt', 'lt'],
  ['le', 'lte'],
  ['gt', 'gt'],
  ['ge', 'gte'],
]);

/** Conditions in one filter, and how deep they may be nested. */
const mostConditions = 100;
const deepest = 30;

/**
 * Reads `$filter`: comparisons of a property with a value (`eq ne lt le gt ge in`), `contains`, `startswith` and `endswith`, a boolean
 * property alone, `and`, `or`, `not`, parentheses.
 * @throws BadRequest that says where it is not understood, and why.
 */
export function readFilter(set: EntitySet, text: string): Condition {
  return new FilterReader(set, tokensOf(text)).read();
}

class FilterReader {
  readonly #set: EntitySet;
  readonly #tokens: readonly Token[];
  #at = 0;
  #count = 0;

  constructor(set: EntitySet, tokens: readonly Token[]) {
    this.#set = set;
    this.#tokens = tokens;
  }

  read(): Condition {
    const condition = this.#or(0);
    if (this.#peek().kind !== 'end') throw this.#unexpected('and, or, or the end');
    return condition;
  }

  #or(depth: number): Condition {
    if (depth > deepest) throw new BadRequest(`$filter is nested deeper than ${deepest} levels`);
    const of = [this.#and(depth)];
    while (this.#takes('or')) of.push(this.#and(depth));
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'or', of };
  }

  #and(depth: number): Condition {
    const of = [this.#one(depth)];
    while (this.#takes('and')) of.push(this.#one(depth));
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'and', of };
  }

  #one(depth: number): Condition {
    if (depth > deepest) throw new BadRequest(`$filter is nested deeper than ${deepest} levels`);
    this.#count += 1;
    if (this.#count > mostConditions) throw new BadRequest(`$filter has more than ${mostConditions} conditions`);
    if (this.#takes('not')) return { kind: 'not', of: this.#one(depth + 1) };
    if (this.#peek().kind === '(') {
      this.#at += 1;
      const condition = this.#or(depth + 1);
      this.#expect(')');
      return condition;
    }
    const { kind, text } = this.#next();
    if (kind !== 'word') throw this.#unexpected('a property', this.#at - 1);
    const where = textFunctions.find((one) => one === text);
    if (where !== undefined && this.#peek().kind === '(') return this.#textFunction(where);
    if (this.#peek().kind === '(')
      throw new BadRequest(
        `$filter: there is no function ${shown(text)} here`,
        `These are understood: ${textFunctions.join(', ')}.`,
      );
    const { column } = this.#property(text);
    const operator = this.#peek();
    if (
      column.kind === 'boolean' &&
      !(operator.kind === 'word' && (comparisons.has(operator.text) || operator.text === 'in'))
    )
      return { kind: 'compare', column, operator: 'eq', value: 'true' };
    this.#at += 1;
    if (operator.kind === 'word' && operator.text === 'in') return this.#in(text, column);
    const comparison = operator.kind === 'word' ? comparisons.get(operator.text) : undefined;
    if (comparison === undefined) throw this.#unexpected('eq, ne, lt, le, gt, ge or in', this.#at - 1);
    const value = this.#next();
    if (value.kind === 'word' && value.text === 'null') {
      if (comparison === 'eq' || comparison === 'ne') return { kind: 'null', column, isNull: comparison === 'eq' };
      throw new BadRequest(`$filter: ${text} can be equal to null or not (eq, ne), and nothing else`);
    }
    return { kind: 'compare', column, operator: comparison, value: this.#value(text, column, value) };
  }

  #in(name: string, column: Column): Condition {
    this.#expect('(');
    const values: string[] = [];
    do values.push(this.#value(name, column, this.#next()));
    while (this.#takes(','));
    this.#expect(')');
    if (values.length > mostConditions) throw new BadRequest(`$filter: in has more than ${mostConditions} values`);
    return { kind: 'in', column, values };
  }

  #textFunction(where: (typeof textFunctions)[number]): Condition {
    this.#expect('(');
    const { column } = this.#property(this.#next().text);
    this.#expect(',');
    const value = this.#next();
    if (value.kind !== 'text' || column.kind !== 'text')
      throw new BadRequest(`$filter: ${where} takes a property that is a text, and a text in single quotes`);
    this.#expect(')');
    return { kind: 'text', column, where, value: valueFor(where, column, value.text) };
  }

  #property(name: string): Property {
    return propertyNamed(this.#set, name, '$filter');
  }

  /** A value as PostgreSQL reads it. */
  #value(name: string, column: Column, { kind, text }: Token): string {
    const wantsQuotes = column.kind === 'text';
    if (column.cast === undefined) throw new BadRequest(`$filter: ${name} cannot be compared`);
    if (kind !== 'word' && kind !== 'text') throw this.#unexpected('a value', this.#at - 1);
    if ((kind === 'text') !== wantsQuotes)
      throw new BadRequest(
        `$filter: ${name} is ${wantsQuotes ? 'a text' : 'no text'}, so the value ${shown(text)} is written ${wantsQuotes ? 'in single quotes' : 'without quotes'}`,
      );
    // A timestamp has no zone, and the protocol's times have one.
    const bare = column.kind === 'timestamp' ? inUtc(text) : text;
    return valueFor(name, column, bare);
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: 'the end' };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #takes(text: string): boolean {
    const token = this.#peek();
    if (token.kind === 'text' || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #expect(kind: Token['kind']): void {
    if (this.#next().kind !== kind) throw this.#unexpected(kind, this.#at - 1);
  }

  #unexpected(wanted: string, at = this.#at): BadRequest {
    const found = this.#tokens[at] ?? { kind: 'end', text: 'the end' };
    const what = found.kind === 'end' ? 'ends' : `has ${shown(found.text)}`;
    return new BadRequest(`$filter ${what} where ${wanted} should be`, "For example: Room eq '413' and Value gt 20.5");
  }
}

/** `2024-01-01T01:05:00.5+01:00` -> `2024-01-01T00:05:00.5`; what is no time with a zone stays. */
function inUtc(text: string): string {
  const [, time, fraction = '', zone] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.exec(text) ?? [];
  const at = zone === undefined ? Number.NaN : Date.parse(`${time}${zone}`);
  return Number.isNaN(at) ? text : `${new Date(at).toISOString().slice(0, 19)}${fraction}`;
}

/** @throws BadRequest if the set has no such property. */
export function propertyNamed({ properties, name: set }: EntitySet, name: string, option: string): Property {
  const found = properties.find((one) => one.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    properties.map((one) => one.name),
  );
  throw new BadRequest(
    `${option}: ${set} has no property ${shown(name)}`,
    near === undefined ? 'Its properties are in $metadata.' : `Did you mean ${near}?`,
  );
}
