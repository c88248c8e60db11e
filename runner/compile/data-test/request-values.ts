import { HelperError } from '../../template/template.ts';
import { ProjectError } from '../../text/errors.ts';
import type { YamlFile, YamlPath } from '../../yaml/yaml-file.ts';
import type { CompileContext } from '../draft/context.ts';
import { modelHelpers, newRecord } from '../draft/model-language.ts';
import { modelContext } from '../draft/render-context.ts';
import { resolverFor } from '../draft/resolve.ts';
import { type TestRequest, TestRequestError } from './request.ts';

const quoted = String.raw`\s*['"]([^'"]+)['"]\s*`;
const refCall = new RegExp(`^\\s*ref\\((?:${quoted},)?${quoted}\\)\\s*$`);
const sourceCall = new RegExp(`^\\s*source\\(${quoted},${quoted}\\)\\s*$`);
const valueCall = new RegExp(`^\\s*(var|env_var|env)\\(${quoted}(?:,\\s*(?:['"]([^'"]*)['"]|([^'")]*))\\s*)?\\)\\s*$`);
const refHelper = /^\s*\{\{\s*ref\s+(?:["'][^"']+["']\s+)?["']([^"']+)["']\s*\}\}\s*$/;
const sourceHelper = /^\s*\{\{\s*source\s+["']([^"']+)["']\s+["']([^"']+)["']\s*\}\}\s*$/;

/** What `ref('x')`, `source('s', 't')` or {{ref "x"}} names; undefined for any other text. */
export function namedRelation(written: string): { readonly kind: 'ref' | 'source'; readonly name: string } | undefined {
  const [, , ref] = refCall.exec(written) ?? [];
  const name = ref ?? refHelper.exec(written)?.[1];
  if (name !== undefined) return { kind: 'ref', name: name.normalize('NFC') };
  const [, source, table] = sourceCall.exec(written) ?? sourceHelper.exec(written) ?? [];
  return source === undefined ? undefined : { kind: 'source', name: `${source}.${table ?? ''}` };
}

/**
 * A request with the values of what it only names: `var('x')` and `env_var('x')`, as dbt has them in a .yml, and templates like
 * {{var "x"}} in any text of it.
 * @throws ProjectError at the place of what cannot be rendered.
 */
export function withValues(context: CompileContext, request: TestRequest, yaml: YamlFile, at: YamlPath): TestRequest {
  const walk = (value: unknown, path: YamlPath): unknown => {
    if (typeof value === 'string') return textValue(context, value, yaml, path);
    if (Array.isArray(value)) return value.map((one, index) => walk(one, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, key === 'meta' ? one : walk(one, [...path, key])]),
    );
  };
  return walk(request, at) as TestRequest;
}

function textValue(context: CompileContext, written: string, yaml: YamlFile, path: YamlPath): unknown {
  const [, helper, name, text, bare] = valueCall.exec(written) ?? [];
  if (helper !== undefined && name !== undefined) {
    const fallback = text ?? (bare === undefined ? undefined : bare.trim());
    return call(context, helper === 'var' ? 'var' : 'env', name, fallback, yaml, path);
  }
  if (!/\{\{|\{%/.test(written) || namedRelation(written) !== undefined) return written;
  return rendered(context, written, yaml, path);
}

function call(
  context: CompileContext,
  helper: 'var' | 'env',
  name: string,
  fallback: string | undefined,
  yaml: YamlFile,
  path: YamlPath,
): unknown {
  const helpers = modelHelpers(context.project, 'full', resolverFor(context, new Set()), newRecord());
  const place = yaml.place(path);
  try {
    return helpers[helper](fallback === undefined ? [name] : [name, fallback], {
      named: {},
      place,
      argument: () => place,
      context: {},
    });
  } catch (error) {
    if (error instanceof HelperError) throw new ProjectError([{ what: error.message, hint: error.hint, place }]);
    throw error;
  }
}

/** A text of a .yml as a template; it has the place of its value. */
function rendered(context: CompileContext, written: string, yaml: YamlFile, path: YamlPath): string {
  const { project, environment } = context;
  const file = { path: `a value in ${yaml.file.path}`, text: written };
  try {
    const used = new Set<string>();
    const helpers = modelHelpers(project, 'full', resolverFor(context, used), newRecord());
    const text = environment.parse(file).render(helpers, modelContext(project, undefined)).text;
    if (used.size === 0) return text;
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    const place = yaml.place(path);
    throw new ProjectError(error.problems.map((problem) => ({ ...problem, detail: undefined, place })));
  }
  throw new TestRequestError(
    'a model cannot be named inside of a text here',
    'Write ref(...) alone, as an argument.',
    [],
  );
}
