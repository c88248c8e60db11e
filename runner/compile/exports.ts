import type { Export, ExportDestination, ExposureNode } from '../manifest/exposure-node.ts';
import type { Node } from '../manifest/manifest.ts';
import type { ExportProperties } from '../project/exposure-schema.ts';
import { type Problem, ProjectError } from '../text/errors.ts';
import { oneStatement } from '../text/one-statement.ts';
import { formatPlace } from '../text/place.ts';
import { offsetIn, SqlText } from '../text/sql-text.ts';
import { didYouMean } from '../text/suggest.ts';
import type { CompileContext } from './draft/context.ts';
import { attempt } from './draft/draft.ts';
import { ephemeralsOf, inlineEphemerals } from './draft/ephemeral.ts';
import { newRecord } from './draft/model-language.ts';
import { render } from './model.ts';

/** The exports of project.yml, their queries compiled; faults are added to `problems`. */
export function compileExports(
  context: CompileContext,
  nodes: ReadonlyMap<string, Node>,
  problems: Problem[],
): Export[] {
  const { settings, settingsFile } = context.project;
  return Object.entries(settings.exports ?? {}).flatMap(([name, written]) => {
    if (written.enabled === false) return [];
    const { model } = written;
    const draft = model === undefined ? undefined : context.drafts.get(model);
    const path = ['exports', name];
    if (model !== undefined && draft === undefined) {
      if (context.incomplete) return [];
      const what = context.disabled.has(model) ? `"${model}" is disabled` : `there is no model or seed "${model}"`;
      problems.push(settingsFile.problem(what, [...path, 'model'], didYouMean(model, context.drafts.keys())));
      return [];
    }
    const found: Export[] = [];
    attempt(problems, () => {
      const used = new Set<string>();
      const sql = queryOf(context, nodes, name, written, used);
      found.push({
        name,
        description: written.description ?? '',
        sql,
        dependsOn: [...used],
        model: draft?.id,
        destination: destinationOf(written.to),
        format: written.format ?? 'csv',
        partitionBy: written.partition_by ?? [],
        isInFiles: written.partition_columns === 'both',
        changedBy: written.changed_by,
        schedule: written.schedule,
        tags: written.tags ?? [],
        meta: written.meta ?? {},
        place: settingsFile.place(path),
      });
    });
    return found;
  });
}

/** The exports as what is made of models outside of the project, for the graph, listings and pages. */
export function exposuresOfExports(exports: readonly Export[]): ExposureNode[] {
  return exports.map(({ name, description, dependsOn, tags, meta, place, destination }) => ({
    kind: 'exposure',
    id: `exposure.${name}`,
    name,
    label: name,
    type: 'export',
    description: description || `Files that \`datacycle export ${name}\` writes.`,
    file: place.file,
    tags,
    dependsOn,
    maturity: undefined,
    url: addressOf(destination),
    owner: undefined,
    meta,
    place,
  }));
}

/** Where the files go, in one line without secrets. */
export function addressOf(destination: ExportDestination): string {
  switch (destination.kind) {
    case 'folder':
      return destination.path;
    case 'sftp':
      return `sftp ${destination.server}: ${destination.path}`;
    case 's3':
      return `s3://${destination.bucket}/${destination.prefix}`;
    default:
      return destination satisfies never;
  }
}

function destinationOf({ folder, sftp, s3 = '', server }: ExportProperties['to']): ExportDestination {
  if (folder !== undefined) return { kind: 'folder', path: folder };
  if (sftp !== undefined) return { kind: 'sftp', path: sftp, server: server ?? 'EXPORT' };
  const [bucket = '', ...rest] = s3.split('/');
  const prefix = rest.filter((part) => part !== '').join('/');
  return { kind: 's3', bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}

/** The query with its characters' places in project.yml. @param used collects the ids of the nodes that it names. */
function queryOf(
  context: CompileContext,
  nodes: ReadonlyMap<string, Node>,
  name: string,
  { model, query }: ExportProperties,
  used: Set<string>,
): SqlText {
  const { settingsFile } = context.project;
  const written =
    query === undefined
      ? SqlText.from(settingsFile.place(['exports', name, 'model']), `select * from {{ref "${model}"}}`)
      : settingsFile.text(query, ['exports', name, 'query']);
  const start = written.placeAt(0);
  // No file, but what places in the template are counted in until they are translated.
  const path = `export ${name} at ${start === undefined ? '?' : formatPlace(start)}`;
  try {
    const template = context.environment.parse({ path, text: written.text });
    const sql = render(template, 'full', context, undefined, newRecord(), used).placedAt(path, written).trim();
    return inlineEphemerals(oneStatement(sql, 'an export'), ephemeralsOf([...used], nodes));
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    throw new ProjectError(
      error.problems.map((problem) => {
        const { place } = problem;
        if (place === undefined || place.file !== path) return problem;
        return { ...problem, place: written.placeAt(offsetIn(written.text, place)) ?? start };
      }),
    );
  }
}
