import { FolderConfig } from '../../project/folder-config.ts';
import { nameOf, pathBelow } from '../../project/folders.ts';
import { type Layer, overlay } from '../../project/overlay.ts';
import type { Properties } from '../../project/properties.ts';
import type { Problem } from '../../text/errors.ts';
import type { SourceFile } from '../../text/source-file.ts';
import { refOrSource } from './constraints.ts';
import type { CompileContext } from './context.ts';

/** The file of a model, and what project.yml sets for it. */
export interface ModelFile {
  readonly name: string;
  readonly file: SourceFile;
  readonly weakest: Layer;
}

/** The files of the models: those of the model folders, and the snapshots, which may be a relation in a .yml instead of a file. */
export function modelFiles(context: CompileContext, problems: Problem[]): ModelFile[] {
  const { project, properties, notices } = context;
  const below = ({ path }: SourceFile) => pathBelow(project.folders.model, path);
  const models = folderConfig(context, 'models', project.models.map(below), problems);
  const found = withText(project.models, notices).map((file) => ({
    name: nameOf(file.path),
    file,
    weakest: models.layerFor(below(file)),
  }));
  const belowSnapshots = (path: string) => pathBelow(project.folders.snapshot, path);
  const ofRelations = [...properties.models].flatMap(([name, one]) => relationFile(name, one, problems));
  const files = [
    ...withText(project.snapshots, notices).map((file) => ({ name: nameOf(file.path), file })),
    ...ofRelations,
  ];
  const snapshots = folderConfig(
    context,
    'snapshots',
    files.map(({ name, file }) => belowSnapshots(file.path).replace(/[^/]*$/, `${name}.sql`)),
    problems,
  );
  for (const { name, file } of files) {
    const layer = snapshots.layerFor(belowSnapshots(file.path).replace(/[^/]*$/, `${name}.sql`));
    const weakest = overlay({ config: { materialized: 'snapshot' }, places: new Map() }, layer);
    found.push({ name, file, weakest });
  }
  return found;
}

/** As in dbt, a file without any text is no model yet. */
function withText(files: readonly SourceFile[], notices: Problem[]): readonly SourceFile[] {
  return files.filter(({ path, text }) => {
    if (text.trim() !== '') return true;
    notices.push({ what: `${path} is empty, and is passed over`, place: { file: path, line: 1, column: 1 } });
    return false;
  });
}

/** A snapshot that a .yml makes of a relation: all of its rows. */
function relationFile(
  name: string,
  { value, yaml, path }: Properties,
  problems: Problem[],
): { name: string; file: SourceFile }[] {
  if (value.relation === undefined) return [];
  const call = refOrSource(value.relation);
  if (call === undefined) {
    const hint = "Write ref('model') or source('source', 'table').";
    problems.push(yaml.problem(`"${value.relation}" names nothing`, [...path, 'relation'], hint));
    return [];
  }
  return [{ name, file: { path: yaml.file.path, text: `select * from {{${call}}}` } }];
}

/** What project.yml says for the files of one branch. @param paths below the branch's root. */
export function folderConfig(
  { project, notices }: CompileContext,
  branch: 'models' | 'seeds' | 'snapshots' | 'data_tests',
  paths: readonly string[],
  problems: Problem[],
): FolderConfig {
  const { settings, settingsFile: file } = project;
  const trees = branch === 'data_tests' ? (['tests', 'data_tests'] as const) : [branch];
  const written = trees.find((key) => settings[key] !== undefined) ?? branch;
  return new FolderConfig(
    { branch, key: written, tree: settings[written], paths, project: settings.name, file },
    problems,
    notices,
  );
}
