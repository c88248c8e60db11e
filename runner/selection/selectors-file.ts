import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Problem, ProjectError, UsageError } from '../text/errors.ts';
import { readSource } from '../text/source-file.ts';
import { didYouMean } from '../text/suggest.ts';
import { checkYaml } from '../yaml/check.ts';
import { isMapping, type Mapping } from '../yaml/mapping.ts';
import { readYaml } from '../yaml/parse.ts';
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts';
import { criterion, type IndirectSelection, indirectSelections, parseCriterion } from './criterion.ts';
import type { Combination, Definition } from './definition.ts';

const schema = z.strictObject({
  version: z.union([z.number(), z.string()]).optional(),
  selectors: z.array(
    z.strictObject({
      name: z.string().min(1),
      description: z.string().optional(),
      default: z.boolean().optional(),
      definition: z.union([z.string(), z.record(z.string(), z.unknown())], 'expected a selector, or keys and values'),
    }),
  ),
});

/** The selectors of a project, by their names. */
export interface NamedSelectors {
  readonly definitions: ReadonlyMap<string, Definition>;
  /** The name of the one that holds where no flag says what to select. */
  readonly byDefault: string | undefined;
}

export const selectorsFile = 'selectors.yml';

/**
 * Reads selectors.yml; no selectors if there is none.
 * @param indirect which tests come along where a selector does not say it.
 * @throws ProjectError for what cannot be read, at its place.
 */
export function readSelectors(root: string, indirect: IndirectSelection): NamedSelectors {
  if (!existsSync(join(root, selectorsFile))) return { definitions: new Map(), byDefault: undefined };
  const file = readSource(root, selectorsFile);
  const yaml = readYaml(file);
  const problems: Problem[] = [];
  const read = checkYaml(yaml, schema, problems);
  const definitions = new Map<string, Definition>();
  let byDefault: string | undefined;
  for (const [index, one] of (read?.selectors ?? []).entries()) {
    const path = ['selectors', index];
    if (one.default === true && byDefault !== undefined)
      problems.push(yaml.problem(`${byDefault} and ${one.name} both say default: true`, [...path, 'default']));
    if (one.default === true) byDefault = one.name;
    if (definitions.has(one.name))
      problems.push(yaml.problem(`the selector "${one.name}" is defined twice`, [...path, 'name']));
    const reader = new DefinitionReader(yaml, definitions, indirect, problems);
    const definition = reader.read(one.definition, [...path, 'definition']);
    if (definition !== undefined) definitions.set(one.name, definition);
  }
  if (problems.length > 0) throw new ProjectError(problems, () => file.text);
  return { definitions, byDefault };
}

/** The selector of a name. @throws UsageError if there is none. */
export function namedSelector({ definitions }: NamedSelectors, name: string): Definition {
  const found = definitions.get(name);
  if (found !== undefined) return found;
  const hint =
    definitions.size === 0 ? `Write it under selectors in ${selectorsFile}.` : didYouMean(name, definitions.keys());
  throw new UsageError({ what: `there is no selector "${name}" in ${selectorsFile}`, hint });
}

const criterionKeys = [
  'method',
  'value',
  'exclude',
  'parents',
  'parents_depth',
  'children',
  'children_depth',
  'childrens_parents',
  'indirect_selection',
];

/** Reads one definition; what is wrong goes to the problems, and nothing comes out of it. */
class DefinitionReader {
  readonly #yaml: YamlFile;
  readonly #known: ReadonlyMap<string, Definition>;
  readonly #indirect: IndirectSelection;
  readonly #problems: Problem[];

  constructor(
    yaml: YamlFile,
    known: ReadonlyMap<string, Definition>,
    indirect: IndirectSelection,
    problems: Problem[],
  ) {
    this.#yaml = yaml;
    this.#known = known;
    this.#indirect = indirect;
    this.#problems = problems;
  }

  read(written: unknown, path: YamlPath): Definition | undefined {
    if (typeof written === 'string') return this.#attempt(path, () => parseCriterion(written, this.#indirect));
    if (!isMapping(written)) return this.#refuse('expected a selector, or keys and values', path);
    for (const kind of ['union', 'intersection'] as const) {
      if (!(kind in written)) continue;
      const other = Object.keys(written).find((key) => key !== kind);
      if (other !== undefined) return this.#refuse(`"${other}" may not be used together with ${kind}`, path);
      return this.#combination(kind, written[kind], [...path, kind]);
    }
    return this.#criterion(written, path);
  }

  #combination(kind: 'union' | 'intersection', written: unknown, path: YamlPath): Definition | undefined {
    if (!Array.isArray(written)) return this.#refuse(`"${kind}" is a list of selectors`, path);
    const parts: Definition[] = [];
    let excluded: Definition | undefined;
    for (const [index, one] of written.entries()) {
      const at = [...path, index];
      const isExclusion = isMapping(one) && 'exclude' in one && !('method' in one);
      if (isExclusion && excluded !== undefined) this.#refuse('there may be one exclude in each list', at);
      const part = isExclusion ? this.#exclusion(one.exclude, [...at, 'exclude']) : this.read(one, at);
      if (part === undefined) continue;
      if (isExclusion) excluded = part;
      else parts.push(part);
    }
    return without({ kind, parts, indirect: 'eager' }, excluded);
  }

  #exclusion(written: unknown, path: YamlPath): Definition | undefined {
    if (!Array.isArray(written)) return this.#refuse('"exclude" is a list of selectors', path);
    const parts = written.flatMap((one, index) => this.read(one, [...path, index]) ?? []);
    return { kind: 'union', parts, indirect: 'eager' };
  }

  #criterion(written: Mapping, path: YamlPath): Definition | undefined {
    const [only, ...others] = Object.keys(written);
    if (only !== undefined && others.length === 0 && only !== 'method' && only !== 'value')
      return this.#parsed({ method: only, value: written[only] }, [...path, only]);
    if (typeof written.method !== 'string' || !('value' in written))
      return this.#refuse('a selector has a method and a value', path, 'Write "method: tag" and "value: nightly".');
    if (written.method === 'selector') return this.#reference(written, path);
    const unknown = Object.keys(written).find((key) => !criterionKeys.includes(key));
    if (unknown !== undefined)
      return this.#refuse(`"${unknown}" is not a known key`, path, didYouMean(unknown, criterionKeys));
    const base = this.#parsed(written, path);
    const excluded = 'exclude' in written ? this.#exclusion(written.exclude, [...path, 'exclude']) : undefined;
    return base && without(base, excluded);
  }

  /** A selector that precedes this one, as it was defined. */
  #reference({ value, method: _method, ...others }: Mapping, path: YamlPath): Definition | undefined {
    const [other] = Object.keys(others);
    if (other !== undefined)
      return this.#refuse(`"${other}" has no meaning beside method: selector`, path, 'Put it into a union with it.');
    const found = this.#known.get(String(value));
    if (found !== undefined) return found;
    const hint = didYouMean(String(value), this.#known.keys()) ?? 'A selector can refer only to those that precede it.';
    return this.#refuse(`there is no selector "${String(value)}" before this one`, [...path, 'value'], hint);
  }

  #parsed(written: Mapping, path: YamlPath): Definition | undefined {
    const { method, value } = written;
    if (typeof value === 'object') return this.#refuse('"value" is one value', [...path, 'value']);
    const indirect = written.indirect_selection ?? this.#indirect;
    const how = indirectSelections.find((one) => one === indirect);
    if (how === undefined) {
      const hint = didYouMean(String(indirect), indirectSelections);
      return this.#refuse(`"${String(indirect)}" is no indirect selection`, [...path, 'indirect_selection'], hint);
    }
    const depth = (key: 'parents' | 'children') => {
      if (written[key] !== true) return undefined;
      const steps = written[`${key}_depth`];
      return steps === undefined ? Number.POSITIVE_INFINITY : Number(steps);
    };
    return this.#attempt(path, () =>
      criterion({
        raw: `${String(method)}:${String(value)}`,
        method: String(method),
        value,
        childrensParents: written.childrens_parents === true,
        parents: depth('parents'),
        children: depth('children'),
        indirect: how,
      }),
    );
  }

  #attempt(path: YamlPath, work: () => Definition): Definition | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return this.#refuse(error.message, path, error.hint);
    }
  }

  #refuse(what: string, path: YamlPath, hint?: string): undefined {
    this.#problems.push(this.#yaml.problem(what, path, hint));
  }
}

function without(base: Definition, excluded: Definition | undefined): Definition {
  if (excluded === undefined) return base;
  const difference: Combination = { kind: 'difference', parts: [base, excluded], indirect: 'eager' };
  return difference;
}
