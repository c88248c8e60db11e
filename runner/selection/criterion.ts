import { UsageError } from '../text/errors.ts';
import { didYouMean } from '../text/suggest.ts';

/** The methods of selectors, as in dbt. */
export const methods = [
  'fqn',
  'tag',
  'path',
  'file',
  'config',
  'source',
  'exposure',
  'resource_type',
  'test_type',
  'test_name',
  'unit_test',
  'group',
  'access',
  'package',
  'state',
  'result',
  'source_status',
  'version',
  'metric',
  'semantic_model',
  'saved_query',
] as const;
export type Method = (typeof methods)[number];

/** Which tests come along with what they test: with any parent, with all, with those that a build of the rest could use, or none. */
export const indirectSelections = ['eager', 'cautious', 'buildable', 'empty'] as const;
export type IndirectSelection = (typeof indirectSelections)[number];

/** One selector, e.g. `2+tag:nightly+1`. */
export interface Criterion {
  readonly kind: 'criterion';
  /** As it was written. */
  readonly raw: string;
  readonly method: Method;
  /** Of `config.meta.owner`: `meta`, `owner`. */
  readonly keys: readonly string[];
  /** A text, or in selectors.yml any value. */
  readonly value: unknown;
  /** `@`: what it selects, all that depends on that, and all that these depend on. */
  readonly childrensParents: boolean;
  /** How many edges to go up and down; undefined: none. */
  readonly parents: number | undefined;
  readonly children: number | undefined;
  readonly indirect: IndirectSelection;
}

const written = /^(@)?(?:(\d*)(\+))?(?:([\w.]+):)?(.*?)(?:(\+)(\d*))?$/s;

/**
 * Reads one selector.
 * @throws UsageError for a method that there is not, and for `@` with a plus sign behind.
 */
export function parseCriterion(raw: string, indirect: IndirectSelection): Criterion {
  const [, at, up = '', hasUp, method, value = '', hasDown, down = ''] = written.exec(raw) ?? [];
  return criterion({
    raw,
    method: method ?? defaultMethod(value),
    value,
    childrensParents: at !== undefined,
    parents: hasUp === undefined ? undefined : depth(up),
    children: hasDown === undefined ? undefined : depth(down),
    indirect,
  });
}

/** A selector of its parts; `method` may have keys, as in `config.meta.owner`. @throws UsageError as {@link parseCriterion} */
export function criterion(parts: Omit<Criterion, 'kind' | 'keys' | 'method'> & { readonly method: string }): Criterion {
  const [name = '', ...keys] = parts.method.split('.');
  const method = methods.find((one) => one === name);
  if (method === undefined)
    throw new UsageError({ what: `there is no selector method "${name}"`, hint: didYouMean(name, methods) });
  if (parts.childrensParents && parts.children !== undefined)
    throw new UsageError({
      what: `cannot read the selector "${parts.raw}"`,
      hint: '@ takes all that depends on it along, so that no + may follow.',
    });
  return { ...parts, kind: 'criterion', method, keys };
}

/** A value without a method: a path if it has a slash, a file if it ends like one, otherwise a name. */
function defaultMethod(value: string): Method {
  if (/[\\/]/.test(value)) return 'path';
  return /\.(?:sql|csv|py)$/i.test(value) ? 'file' : 'fqn';
}

function depth(digits: string): number {
  return digits === '' ? Number.POSITIVE_INFINITY : Number(digits);
}
