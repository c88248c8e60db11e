import type { Expression } from '../../runner/template/jinja-expression.ts';

/** What an expression yields whatever the project is built with. */
export type Constant = string | number | boolean | null | readonly Constant[];

/** The values of variables that a template sets once, by their names. */
export type Known = ReadonlyMap<string, Constant>;

/**
 * The value of an expression that names nothing but constants, with Jinja's filters applied; undefined for all else, and where what
 * Jinja makes of it cannot be said for certain.
 * @example `['a', 'b'] | join('-') | upper` is `A-B`
 */
export function constantOf(of: Expression, known: Known): Constant | undefined {
  switch (of.kind) {
    case 'value':
      return of.value;
    case 'name':
      return known.get(of.name);
    case 'list':
      return allOf(of.items, known);
    case 'sign': {
      const parts = of.sign === '~' ? allOf(of.parts, known)?.map(plainText) : undefined;
      return parts?.every((part) => part !== undefined) ? parts.join('') : undefined;
    }
    case 'filter': {
      const value = roundedToInteger(of, known) ?? constantOf(of.of, known);
      const args = allOf(of.args.placed, known);
      if (value === undefined || args === undefined || of.args.named.length > 0) return undefined;
      return Object.hasOwn(filters, of.name) ? filters[of.name]?.(value, args) : undefined;
    }
    default:
      return undefined;
  }
}

function allOf(all: readonly Expression[], known: Known): readonly Constant[] | undefined {
  const found = all.map((one) => constantOf(one, known));
  return found.every((one) => one !== undefined) ? found : undefined;
}

/** `x` of `x | round | int`, rounded; by itself, a rounded number is one with a point: `43.0`. */
function roundedToInteger(of: Extract<Expression, { kind: 'filter' }>, known: Known): number | undefined {
  if (of.name !== 'int' || of.of.kind !== 'filter' || of.of.name !== 'round') return undefined;
  const { placed, named } = of.of.args;
  const value = constantOf(of.of.of, known);
  if (typeof value !== 'number' || placed.length > 0 || named.length > 0) return undefined;
  // As in Python, a half goes to the even one of its neighbours.
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (Math.abs(below) % 2) : Math.round(value);
}

type Filter = (value: Constant, args: readonly Constant[]) => Constant | undefined;

const ofText =
  (work: (text: string) => string): Filter =>
  (value, args) =>
    typeof value === 'string' && args.length === 0 ? work(value) : undefined;

const capital = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();

const counted: Filter = (value) =>
  typeof value === 'string' ? [...value].length : Array.isArray(value) ? value.length : undefined;

const byDefault: Filter = (value, [fallback, orEmpty]) => {
  const isEmpty = value === '' || value === 0 || value === false || value === null || counted(value, []) === 0;
  return orEmpty === true && isEmpty ? fallback : value;
};

const filters: Readonly<Record<string, Filter>> = {
  upper: ofText((text) => text.toUpperCase()),
  lower: ofText((text) => text.toLowerCase()),
  trim: ofText((text) => text.trim()),
  capitalize: ofText(capital),
  title: ofText((text) => text.replace(/[^-\s({[<]+/g, capital)),
  replace: (value, [from, to, most]) =>
    typeof value === 'string' && typeof from === 'string' && from !== '' && typeof to === 'string' && most === undefined
      ? value.replaceAll(from, () => to)
      : undefined,
  length: counted,
  count: counted,
  join: (value, [separator = '']) => {
    const parts = Array.isArray(value) ? value.map(plainText) : undefined;
    return parts?.every((part) => part !== undefined) ? parts.join(String(separator)) : undefined;
  },
  first: (value) => (Array.isArray(value) ? value[0] : undefined),
  last: (value) => (Array.isArray(value) ? value.at(-1) : undefined),
  list: (value) => (Array.isArray(value) ? value : undefined),
  string: (value) => plainText(value),
  int: (value) => {
    if (typeof value === 'number') return Math.trunc(value);
    return typeof value === 'string' && /^\s*[-+]?\d{1,15}\s*$/.test(value) ? Number(value) : undefined;
  },
  default: byDefault,
  d: byDefault,
};

/** As Jinja prints it; undefined for what Python writes in its own way: `True`, `None`, lists, numbers with a point. */
function plainText(value: Constant): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}
