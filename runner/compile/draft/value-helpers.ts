import { type Helper, HelperError } from '../../template/template.ts';

/** The helpers that make values of values, for settings, conditions and loops. They know nothing of the project. */
export const valueHelpers = {
  /** `{{#each (list "kitchen" "bath")}}`, `{{config indexes=(list (object columns="a, b" unique=true))}}` */
  list: (args) => args,
  object: (args, { named }) => {
    if (args.length > 0) throw new HelperError('object takes name=value', 'Write (object columns="a, b" unique=true).');
    return named;
  },
  /** `{{join rooms ", "}}` */
  join([values, separator = ', ']) {
    if (!Array.isArray(values)) throw new HelperError('join takes a list', 'Write {{join (list "a" "b") ", "}}.');
    return values.map(String).join(String(separator));
  },
  eq: ([a, b]) => a === b,
  ne: ([a, b]) => a !== b,
  not: ([value]) => !isTrue(value),
  and: (args) => args.every(isTrue),
  or: (args) => args.some(isTrue),
  /** `{{#if (in target.name "prod" "staging")}}`, `{{#if (in room rooms)}}` */
  in: ([value, ...options]) => options.flat().includes(value),
} satisfies Record<string, Helper>;

/** As `#if` has it: an empty list is false, too. */
function isTrue(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}
