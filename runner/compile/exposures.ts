import type { ExposureNode } from '../manifest/exposure-node.ts';
import type { Node } from '../manifest/manifest.ts';
import type { ExposureProperties } from '../project/exposure-schema.ts';
import type { Declared } from '../project/properties.ts';
import { settingPlace } from '../project/setting-places.ts';
import type { Problem } from '../text/errors.ts';
import { didYouMean } from '../text/suggest.ts';
import { refName } from './draft/constraints.ts';
import type { CompileContext } from './draft/context.ts';

/** The id of the exposure that stands for the Power BI project. */
const powerBi = 'power_bi';

/**
 * The exposures that .yml files declare, and one for the Power BI project if any model has `bi`.
 * @param views the ids of the views that Power BI reads.
 */
export function exposureNodes(context: CompileContext, views: readonly string[], problems: Problem[]): ExposureNode[] {
  const declared = [...context.properties.exposures.values()].flatMap((one) => declaredNode(one, context, problems));
  const [first] = views;
  if (first === undefined || context.properties.exposures.has(powerBi)) return declared;
  return [
    ...declared,
    {
      kind: 'exposure',
      id: `exposure.${powerBi}`,
      name: powerBi,
      label: 'Power BI',
      type: 'dashboard',
      description: 'The project that `datacycle bi` writes on the views of the models that have `bi` in their .yml.',
      file: 'project.yml',
      tags: [],
      dependsOn: views,
      maturity: undefined,
      url: undefined,
      owner: undefined,
      meta: {},
      place: { file: 'project.yml', line: 1, column: 1 },
    },
  ];
}

function declaredNode(
  { value, yaml, path }: Declared<ExposureProperties>,
  context: CompileContext,
  problems: Problem[],
): ExposureNode[] {
  if (value.config?.enabled === false) return [];
  const dependsOn = (value.depends_on ?? []).flatMap((written, index) => {
    const found = idOf(written, context);
    if (typeof found === 'string') return [found];
    if (!context.incomplete) problems.push(yaml.problem(found.what, [...path, 'depends_on', index], found.hint));
    return [];
  });
  return [
    {
      kind: 'exposure',
      id: `exposure.${value.name}`,
      name: value.name,
      label: value.label ?? value.name,
      type: value.type,
      description: value.description ?? '',
      file: yaml.file.path,
      tags: [...new Set([...(value.tags ?? []), ...(value.config?.tags ?? [])])],
      dependsOn: [...new Set(dependsOn)],
      maturity: value.maturity,
      url: value.url,
      owner: value.owner,
      meta: { ...value.meta, ...value.config?.meta },
      place: yaml.place([...path, 'name']),
    },
  ];
}

/** The id of what `ref('x')` or `source('a', 'b')` names. */
function idOf(written: string, context: CompileContext) {
  const { drafts, sources, disabled } = context;
  const [, source, table] = /^\s*source\(\s*['"](.+?)['"]\s*,\s*['"](.+?)['"]\s*\)\s*$/.exec(written) ?? [];
  if (source !== undefined && table !== undefined) {
    const key = `${source}.${table}`;
    return sources.get(key)?.id ?? { what: `there is no source "${key}"`, hint: didYouMean(key, sources.keys()) };
  }
  const name = refName(written, context);
  if (name === undefined)
    return { what: `"${written}" names nothing`, hint: "Write ref('model') or source('source', 'table')." };
  if (disabled.has(name)) return { what: `"${name}" is disabled`, hint: 'Set enabled: true for it.' };
  return drafts.get(name)?.id ?? { what: `there is no model or seed "${name}"`, hint: didYouMean(name, drafts.keys()) };
}

/**
 * What refers to a private model from outside of its group, names a group that is not declared, or is of an access that it cannot have.
 * @param nodes all nodes of the project, compiled.
 */
export function checkAccess({ properties, drafts }: CompileContext, nodes: ReadonlyMap<string, Node>): Problem[] {
  const problems: Problem[] = [];
  for (const draft of drafts.values()) {
    const { group, access, materialized } = draft.config;
    const at = (key: string) => settingPlace(draft.settings, key);
    if (group !== undefined && !properties.groups.has(group))
      problems.push({
        what: `${draft.name} is of the group "${group}", which is not declared`,
        hint: didYouMean(group, properties.groups.keys()) ?? 'Declare it under groups in a .yml file.',
        place: at('group'),
      });
    if (access === 'public' && materialized === 'ephemeral')
      problems.push({
        what: `${draft.name} is ephemeral: no relation exists to read, so that it cannot be public`,
        hint: 'Materialize it as a view, or make it protected.',
        place: at('access'),
      });
  }
  for (const node of nodes.values()) {
    for (const id of node.dependsOn) {
      const read = nodes.get(id);
      if (read?.kind !== 'model' || read.access !== 'private' || read.group === node.group || id === node.id) continue;
      const whose = read.group === undefined ? 'what has no group' : `the group "${read.group}"`;
      problems.push({
        what: `${node.name} refers to ${read.name}, which is private to ${whose}`,
        hint: `Give ${node.name} the same group, or make ${read.name} protected.`,
        place: 'place' in node ? node.place : { file: node.file, line: 1, column: 1 },
      });
    }
  }
  return problems;
}
