import { compiledProject } from '../../runner/cache/cache.ts';
import { nameOf } from '../../runner/project/folders.ts';
import { selectablesOf } from '../../runner/selection/selectable.ts';
import { readSelectors } from '../../runner/selection/selectors-file.ts';
import { type GlobalOptions, openProject } from '../settings/environment.ts';
import type { Candidate, ProjectNames } from './candidates.ts';

/** The names of the project that the flags name. @throws UsageError | ProjectError */
export async function projectNames(flags: GlobalOptions): Promise<ProjectNames> {
  const project = await openProject(flags);
  const { nodes } = selectablesOf(await compiledProject(project));
  const all = [...nodes.values()];
  const tags = [...new Set(all.flatMap(({ tags }) => tags))].sort();
  const selectable: Candidate[] = all.map(({ type, fqn, source }) =>
    source === undefined
      ? {
          value: type === 'exposure' ? `exposure:${fqn.at(-1)}` : (fqn.at(-1) ?? ''),
          description: type.replace('_', ' '),
        }
      : { value: `source:${source.name}.${source.table}`, description: 'source' },
  );
  return {
    selectable: [...selectable, ...tags.map((tag) => ({ value: `tag:${tag}`, description: 'tag' }))],
    selectors: [...readSelectors(project.root, 'eager').definitions.keys()],
    targets: Object.keys(project.settings.targets ?? {}),
    macros: project.macros.map(({ path }) => nameOf(path)).sort(),
  };
}
