import type { Problem } from '../../text/errors.ts';
import type { YamlFile, YamlPath } from '../../yaml/yaml-file.ts';

/**
 * Variables that look like templates. As in dbt, a variable is handed on as it is written, and a model would get the braces.
 * @param path of the variables in the file.
 */
export function noteUnrendered(notices: Problem[], yaml: YamlFile, path: YamlPath): void {
  const visit = (value: unknown, at: YamlPath): void => {
    if (typeof value === 'string' && /\{\{|\{%/.test(value))
      notices.push(
        yaml.problem(
          `the variable ${at.slice(path.length).join('.')} looks like a template, and variables are not rendered`,
          at,
          'Write {{env}} or {{var}} in the model, or give the variable by --vars.',
        ),
      );
    else if (Array.isArray(value)) for (const [index, one] of value.entries()) visit(one, [...at, index]);
    else if (typeof value === 'object' && value !== null)
      for (const [key, one] of Object.entries(value)) visit(one, [...at, key]);
  };
  visit(yaml.valueAt(path), path);
}
