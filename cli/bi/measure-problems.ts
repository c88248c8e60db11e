import { checkMeasures } from '../../powerbi/model/check-measures.ts';
import type { FreshlyCompiled } from '../../runner/compile/compile.ts';
import { sourceTexts } from '../../runner/project/project.ts';
import { type Problem, ProjectError } from '../../runner/text/errors.ts';

/**
 * Checks the measures of the project against the tables and columns that Power BI will see.
 * @throws ProjectError with the place of every faulty one in its .yml.
 */
export function checkProjectMeasures({ exposures, project, properties: all, manifest }: FreshlyCompiled): void {
  const problems = checkMeasures(exposures).map(({ model, index, what, hint }): Problem => {
    const name = manifest.nodes.get(model)?.name ?? '';
    const properties = all.models.get(name);
    if (properties === undefined) return { what, hint };
    return properties.yaml.problem(what, [...properties.path, 'bi', 'measures', index, 'expression'], hint);
  });
  if (problems.length > 0) throw new ProjectError(problems, sourceTexts(project));
}
