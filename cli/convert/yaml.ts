import { isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { convertTemplate, type Task } from './template.ts';

const noCounterpart = ['metrics', 'semantic_models', 'saved_queries'];
/** Keys of dbt_project.yml that have no meaning here, beside those that project.yml takes with a notice. */
const ofProject = [
  'docs-paths',
  'profile',
  'config-version',
  'clean-targets',
  'target-path',
  'log-path',
  'require-dbt-version',
  'packages-install-path',
  'asset-paths',
  'name-of-test',
];
const paths = /^(?:model|seed|macro|snapshot|analysis|test)-paths$/;

/**
 * A .yml file with its templates converted; what has no counterpart stays at its end as a comment, and is a task.
 * @param folders of dbt_project.yml: those that are there; any other is left out.
 */
export function convertYaml(text: string, file: string, tasks: Task[], folders?: ReadonlySet<string>): string {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const line = document.errors[0]?.linePos?.[0].line ?? 1;
    tasks.push({ file, line, what: `this is no YAML: ${document.errors[0]?.message.split('\n')[0]}` });
    return text;
  }
  let changed = false;
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value !== 'string' || !/\{\{|\{%/.test(scalar.value)) return;
      const line = lines.linePos(scalar.range?.[0] ?? 0).line;
      const made = convertTemplate(scalar.value, file, new Map(), tasks, line);
      scalar.value = made;
      scalar.type = made.includes("'") ? 'QUOTE_DOUBLE' : 'QUOTE_SINGLE';
      changed = true;
    },
  });
  const comments: string[] = [];
  for (const key of folders === undefined ? noCounterpart : ofProject) {
    if (!document.has(key)) continue;
    const line = 1 + text.slice(0, text.search(new RegExp(`^${key}\\s*:`, 'm'))).split('\n').length - 1;
    if (folders === undefined) tasks.push({ file, line, what: `${key}: there is no semantic layer` });
    comments.push(
      `${folders === undefined ? 'CONVERT' : 'Without a meaning here'}: ${JSON.stringify({ [key]: document.get(key) })}`,
    );
    document.delete(key);
    changed = true;
  }
  if (folders !== undefined)
    for (const key of Object.keys((document.toJS() ?? {}) as object)) {
      if (!paths.test(key)) continue;
      const named = (document.toJS() as Record<string, unknown>)[key] as string[];
      const there = named.map((path) => path.replace(/^\.\/|\/+$/g, '')).filter((path) => folders.has(path));
      if (there.length === 0) document.delete(key);
      else document.set(key, there);
      changed = true;
    }
  if (!changed) return text;
  const rest =
    isScalar(document.contents) && document.contents.value === null ? '' : document.toString({ lineWidth: 0 });
  return `${rest}${comments.map((one) => `# ${one}\n`).join('')}`;
}
