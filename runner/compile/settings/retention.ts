import type { ModelNode, Node } from '../../manifest/manifest.ts';
import type { Project } from '../../project/project.ts';
import type { Period } from '../../project/project-schema.ts';
import { type Problem, ProjectError } from '../../text/errors.ts';
import { didYouMean } from '../../text/suggest.ts';

/** A model whose rows are kept for a while only. */
export interface Retention {
  readonly model: ModelNode;
  readonly keep: Period;
}

/**
 * How long rows are kept, by the `retention` of project.yml: that of a model, else that of its layer (the folder of
 * models/ it is in). A layer's counts for the tables that say when what a row tells of happened (`event_time`).
 * @throws ProjectError for a name that is neither, and for a model without a usable event_time.
 */
export function retentionOf(project: Project, nodes: ReadonlyMap<string, Node>): readonly Retention[] {
  const settings = project.settings.retention ?? {};
  const tables = [...nodes.values()].filter(
    (node): node is ModelNode =>
      node.kind === 'model' && (node.materialized === 'table' || node.materialized === 'incremental'),
  );
  const layers = new Set(tables.map(layerOf));
  const problems: Problem[] = [];
  for (const name of Object.keys(settings)) {
    const model = tables.find((node) => node.name === name);
    const complain = (what: string, hint: string | undefined) =>
      problems.push(project.settingsFile.problem(what, ['retention', name], hint));
    if (model !== undefined && model.config.event_time === undefined)
      complain(`${name} has no event_time: nothing says how old a row is`, `Set event_time in ${model.file}'s .yml.`);
    if (model === undefined && !layers.has(name)) {
      const known = [...layers, ...tables.map((node) => node.name)];
      complain(
        `"${name}" is no layer and no table`,
        didYouMean(name, known) ?? `Layers are ${[...layers].join(', ')}.`,
      );
    }
  }
  if (problems.length > 0) throw new ProjectError(problems);
  return tables.flatMap((model) => {
    const keep = settings[model.name] ?? settings[layerOf(model)];
    return keep === undefined || model.config.event_time === undefined ? [] : [{ model, keep }];
  });
}

function layerOf(node: ModelNode): string {
  return node.file.split('/')[1] ?? '';
}

/** The start (UTC) of the day that is so long ago; the last of the month where that has no such day. */
export function periodBefore(now: Date, { amount, unit }: Period): Date {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  if (unit === 'day' || unit === 'week')
    return new Date(Date.UTC(year, month, day - amount * (unit === 'week' ? 7 : 1)));
  const first = month - amount * (unit === 'year' ? 12 : 1);
  const lastDay = new Date(Date.UTC(year, first + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, first, Math.min(day, lastDay)));
}
