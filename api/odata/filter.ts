import { nearest } from '../../runner/text/suggest.ts';
import type { Filter, operators } from '../query/asked.ts';
import { BadRequest } from '../query/bad-request.ts';
import { shown, valueFor } from '../query/values.ts';
import type { Column } from '../resource/resource.ts';
import type { EntitySet, Property } from './service.ts';
import { type Token, tokensOf } from './tokens.ts';

/** How a text is looked for in another. */
export const textFunctions = ['contains', 'startswith', 'endswith'] as const;

/** The functions that `$filter` understands. */
export const filterFunctions = [...textFunctions, 'tolower', 'toupper'] as const;

/** A condition on rows, as `$filter` says it. */
export type Condition =
  | Filter
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | {
      readonly kind: 'text';
      readonly column: Column;
      readonly where: (typeof textFunctions)[number] | 'eq';
      readonly value: string;
      /** Whether the column is compared in small or capital letters. */
      readonly letters: Letters | undefined;
    };

/** What `tolower` and `toupper` make. */
export type Letters = 'lower' | 'upper';

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
 * Reads `$filter`: comparisons of a property with a value (`eq ne lt le gt ge in`), `contains`, `startswith`, `endswith`, `tolower` and
 * `toupper`, a boolean property alone, `and`, `or`, `not`, parentheses.
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
    if (this.#peek().kind === '(') return this.#function(text);
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

  /** `contains(Room, '4')`, with or without `eq true` behind it, or `tolower(Room) eq 'a'`. */
  #function(name: string): Condition {
    const where = textFunctions.find((one) => one === name);
    if (where !== undefined) {
      this.#expect('(');
      const operand = this.#operand();
      this.#expect(',');
      const value = this.#text();
      this.#expect(')');
      return this.#orItsContrary({ kind: 'text', ...operand, where, value });
    }
    if (lettersOf(name) === undefined)
      throw new BadRequest(
        `$filter: there is no function ${shown(name)} here`,
        `These are understood: ${filterFunctions.join(', ')}.`,
      );
    this.#at -= 1;
    const operand = this.#operand();
    const isEqual = this.#takes('eq');
    if (!isEqual && !this.#takes('ne')) throw this.#unexpected('eq or ne');
    const same: Condition = { kind: 'text', ...operand, where: 'eq', value: this.#text() };
    return isEqual ? same : { kind: 'not', of: same };
  }

  /** What follows a function that is true or false already: nothing, or a comparison with one of these. */
  #orItsContrary(condition: Condition): Condition {
    const isEqual = this.#takes('eq');
    if (!isEqual && !this.#takes('ne')) return condition;
    const said = valueFor('$filter: what a function is compared with', { kind: 'boolean' }, this.#next().text);
    return (said === 'true') === isEqual ? condition : { kind: 'not', of: condition };
  }

  /** A property that is a text, or `tolower` or `toupper` of it. */
  #operand(): { readonly column: Column; readonly letters: Letters | undefined } {
    const { text } = this.#next();
    const letters = this.#peek().kind === '(' ? lettersOf(text) : undefined;
    if (letters !== undefined) this.#at += 1;
    const { column, name } = this.#property(letters === undefined ? text : this.#next().text);
    if (letters !== undefined) this.#expect(')');
    if (column.kind !== 'text') throw new BadRequest(`$filter: ${name} is no text`);
    return { column, letters };
  }

  /** A text in single quotes, or `tolower` or `toupper` of one. */
  #text(): string {
    const first = this.#next();
    const letters = first.kind === 'word' && this.#peek().kind === '(' ? lettersOf(first.text) : undefined;
    if (letters !== undefined) this.#at += 1;
    const { kind, text } = letters === undefined ? first : this.#next();
    if (kind !== 'text') throw this.#unexpected('a text in single quotes', this.#at - 1);
    if (letters !== undefined) this.#expect(')');
    const folded = letters === 'lower' ? text.toLowerCase() : letters === 'upper' ? text.toUpperCase() : text;
    return valueFor('$filter', { kind: 'text' }, folded);
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
    return valueFor(name, column, literalFor(column, text));
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

function lettersOf(name: string): Letters | undefined {
  const said = name.toLowerCase();
  return said === 'tolower' ? 'lower' : said === 'toupper' ? 'upper' : undefined;
}

/** A value as clients write it, as the parameters of other addresses have it. */
function literalFor({ kind }: Column, text: string): string {
  switch (kind) {
    case 'boolean':
      return text.toLowerCase();
    case 'integer':
    case 'number':
      // SAP Analytics Cloud says of what type a number is, as earlier versions of the protocol did: 5L, 2.5d, 2.5M.
      return text.replace(/(?<=[\d.])[ldmf]$/i, '');
    case 'date':
      return text.replace(/T00:00(?::00(?:\.0+)?)?Z?$/i, '');
    case 'timestamp':
      // It has no zone, and the protocol's times have one.
      return inUtc(text);
    default:
      return text;
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
