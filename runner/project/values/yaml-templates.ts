// Values in project.yml and in other .yml files that are not plain.
//
//   yaml-templates.ts  values that are templates: {{env "X"}}, {{var "x"}}, {{target.name}}; secrets.ts says what none may show
//   unrendered.ts      variables that look like templates, and are none
//   docs-blocks.ts     texts of .md files, which descriptions name by {{doc "x"}}
//   ignored-keys.ts    keys that dbt knows and that mean nothing here: each is named once, and is no fault
//
// No template of SQL is rendered here, and nothing of the project is known but texts and variables.
import { translate } from '../../template/jinja.ts';
import type { Problem } from '../../text/errors.ts';
import { didYouMean } from '../../text/suggest.ts';
import { YamlFile, type YamlPath } from '../../yaml/yaml-file.ts';
import { isSecret } from './secrets.ts';

/** What a value of a .yml file may name: `{{env "X"}}`, `{{var "x"}}`, `{{target.name}}`, `{{doc "x"}}`. */
export interface YamlValues {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secrets: readonly string[];
  readonly vars: Readonly<Record<string, unknown>>;
  readonly target: Readonly<Record<string, unknown>>;
  /** Docs blocks by their names. */
  readonly docs: ReadonlyMap<string, string>;
}

/** Why a template has no value. */
class Fault extends Error {
  readonly hint: string | undefined;

  constructor(what: string, hint: string | undefined) {
    super(what);
    this.hint = hint;
  }
}

/**
 * The file with its templates rendered. A value that is one template as a whole is of the type of what it names: `{{var "threads"}}` may
 * be a number, and of a variable of the environment `5` and `true` are a number and a truth value.
 */
export function renderTemplates(yaml: YamlFile, values: YamlValues, problems: Problem[]): YamlFile {
  if (yaml.parsed.templates.length === 0 || yaml.problems.length > 0) return yaml;
  const value = structuredClone(yaml.parsed.value);
  for (const { text, path } of yaml.parsed.templates) {
    try {
      put(value, path, rendered(text, values));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.push(yaml.problem(error.message, path, error.hint));
    }
  }
  return new YamlFile(yaml.file, { ...yaml.parsed, value });
}

function rendered(text: string, values: YamlValues): unknown {
  const [, whole] = /^\s*\{\{([^{}]*)\}\}\s*$/.exec(text) ?? [];
  if (whole !== undefined) return namedValue(whole.trim(), values, true);
  if (/\{%/.test(text))
    throw new Fault('there is no {% %} here', 'A value is text with {{env}}, {{var}}, {{target.name}} in it.');
  return text.replace(/\{\{([^{}]*)\}\}/g, (_, inside: string) => {
    const value = namedValue(inside.trim(), values, false);
    if (typeof value === 'object' && value !== null)
      throw new Fault(`{{${inside}}} is no text`, 'Put it alone, or name a part of it.');
    return String(value);
  });
}

function namedValue(inside: string, values: YamlValues, isWhole: boolean): unknown {
  const tokens = inside.match(/"[^"]*"|'[^']*'|[()]|[^\s()"']+/g) ?? [];
  const open = { at: 0, tokens, inside, values, isWhole };
  const value = tokens.length > 1 ? called(open) : operand(open);
  if (open.at < tokens.length) throw meansNothing(inside);
  return value;
}

/** A template as it is read: its tokens, and how many of them have been. */
interface Open {
  at: number;
  readonly tokens: readonly string[];
  readonly inside: string;
  readonly values: YamlValues;
  readonly isWhole: boolean;
}

const conditions: Readonly<Record<string, (args: readonly unknown[]) => boolean>> = {
  eq: ([a, b]) => a === b,
  ne: ([a, b]) => a !== b,
  not: ([value]) => !value,
  and: (args) => args.every(Boolean),
  or: (args) => args.some(Boolean),
  in: ([value, ...options]) => options.flat().includes(value),
};

/** A name and its arguments, until a bracket closes or the template ends. */
function called(open: Open): unknown {
  const helper = open.tokens[open.at] ?? '';
  open.at += 1;
  const args: unknown[] = [];
  while (open.at < open.tokens.length && open.tokens[open.at] !== ')') args.push(operand(open));
  const condition = Object.hasOwn(conditions, helper) ? conditions[helper] : undefined;
  if (condition !== undefined) return condition(args);
  const [name, fallback, ...others] = args;
  if (typeof name !== 'string' || others.length > 0) throw meansNothing(open.inside);
  const { vars, docs } = open.values;
  switch (helper) {
    case 'env':
      return envOf(name, fallback, open.values, open.isWhole);
    case 'var':
      return known(Object.hasOwn(vars, name) ? vars[name] : fallback, `the variable "${name}" is not set`, () =>
        didYouMean(name, Object.keys(vars)),
      );
    case 'doc':
      return known(docs.get(name), `there is no docs block "${name}"`, () => didYouMean(name, docs.keys()));
    default:
      throw meansNothing(open.inside);
  }
}

function operand(open: Open): unknown {
  const token = open.tokens[open.at] ?? '';
  open.at += 1;
  if (token === '(') {
    const value = called(open);
    if (open.tokens[open.at] !== ')') throw meansNothing(open.inside);
    open.at += 1;
    return value;
  }
  const [, part] = /^target\.(\w+)$/.exec(token) ?? [];
  const { target } = open.values;
  if (part !== undefined)
    return known(target[part], `a target has no "${part}"`, () => didYouMean(part, Object.keys(target)));
  if (/^["']|^(?:true|false|-?\d+(?:\.\d+)?)$/.test(token)) return constant(token);
  throw meansNothing(open.inside);
}

function meansNothing(inside: string): Fault {
  const translated = translate(inside)?.replace(/^\((.*)\)$/, '$1');
  const isOther = translated !== undefined && translated !== inside;
  return new Fault(
    `{{${inside}}} means nothing here`,
    isOther
      ? `Write {{${translated}}}.`
      : 'Values know {{env "X" "default"}}, {{var "x"}}, {{target.name}}, {{eq a b}} and the like, and descriptions {{doc "x"}}.',
  );
}

function envOf(name: string, fallback: unknown, { env, secrets }: YamlValues, isWhole: boolean): unknown {
  const value = env[name] || undefined;
  if (isSecret(name, value, secrets))
    throw new Fault(
      `${name} looks like a secret, and settings are kept in files`,
      'Use it through {{secret}} in SQL alone.',
    );
  if (value !== undefined) return isWhole ? constant(value) : value;
  return known(
    fallback,
    `${name} is not set in the environment or .env`,
    () => 'Set it, or give a default: {{env "NAME" "default"}}.',
  );
}

function known(value: unknown, what: string, hint: () => string | undefined): unknown {
  if (value !== undefined) return value;
  throw new Fault(what, hint());
}

/** `true`, `5` and `"text"` as YAML has them; anything else is a text. */
function constant(text: string): unknown {
  if (/^(?:".*"|'.*')$/s.test(text)) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?$/.test(text) ? Number(text) : text;
}

function put(value: unknown, [key = '', ...rest]: YamlPath, rendered: unknown): void {
  const inside = value as Record<string, unknown>;
  if (rest.length === 0) inside[key] = rendered;
  else put(inside[key], rest, rendered);
}
