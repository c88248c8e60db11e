import type { Manifest } from '../manifest/manifest.ts';
import { nameOf } from '../project/folders.ts';
import type { Project } from '../project/project.ts';
import type { SourceFile } from '../text/source-file.ts';
import { isMapping } from '../yaml/mapping.ts';
import type { Finding } from './finding.ts';

/** Macros that no template calls, variables of project.yml that none reads, and seeds that no model reads. */
export function unused(project: Project, manifest: Manifest): Finding[] {
  const macros = new Map(project.macros.map((file) => [nameOf(file.path), file]));
  const used = reachable(project, macros);
  return [...unusedMacros(macros, used), ...unusedVars(project, used), ...unusedSeeds(manifest)];
}

/** Macros that the compiler asks for itself, where they are there. */
const askedByCompiler: ReadonlySet<string> = new Set(['generate_schema_name', 'generate_alias_name']);

/** `{{> name}}`, `{{#> name}}` and `{{call "name"}}`, the last also as an argument. */
const callOfMacro = /\{\{~?#?>\s*["']?([^\s"'~}]+)|[({~]\s*call\s+["']([^"']+)["']/g;

/** The texts of all templates that are rendered: those that begin, and the macros that they call, directly or not. */
function reachable(project: Project, macros: ReadonlyMap<string, SourceFile>): ReadonlyMap<string, string> {
  const { models, snapshots, analyses, docs, tests, properties, settingsFile } = project;
  const files = [...models, ...snapshots, ...analyses, ...docs, ...tests, ...properties, settingsFile.file];
  const asked = [...macros].flatMap(([name, file]) => (askedByCompiler.has(name) ? [file] : []));
  const begin = [...files, ...asked];
  const found = new Map(begin.map(({ path, text }) => [path, withoutComments(text)]));
  const edge = [...found.values()];
  for (let text = edge.pop(); text !== undefined; text = edge.pop())
    for (const [, included, called] of text.matchAll(callOfMacro)) {
      const macro = macros.get(included ?? called ?? '');
      if (macro === undefined || found.has(macro.path)) continue;
      const inside = withoutComments(macro.text);
      found.set(macro.path, inside);
      edge.push(inside);
    }
  return found;
}

function withoutComments(text: string): string {
  return text.replace(/\{\{~?!--[\s\S]*?--~?\}\}|\{\{~?![\s\S]*?\}\}/g, '');
}

function unusedMacros(macros: ReadonlyMap<string, SourceFile>, used: ReadonlyMap<string, string>): Finding[] {
  return [...macros].flatMap(([name, { path }]): Finding[] =>
    used.has(path)
      ? []
      : [
          {
            rule: 'unused-macro',
            name,
            what: `no template calls the macro ${name}`,
            hint: 'Delete it.',
            place: { file: path, line: 1, column: 1 },
          },
        ],
  );
}

function unusedVars({ settings, settingsFile }: Project, used: ReadonlyMap<string, string>): Finding[] {
  const texts = [...used.values()].join('\n');
  const read = new Set([...texts.matchAll(/\bvar\s+["']([^"']+)["']/g)].map(([, name]) => name));
  // As in dbt, variables may be nested under the name of the project.
  const { [settings.name]: own, ...others } = settings.vars ?? {};
  const isNested = isMapping(own);
  const inside = isNested ? Object.keys(own).map((name) => ({ name, path: ['vars', settings.name] })) : [];
  const written = Object.keys(isNested ? others : (settings.vars ?? {})).map((name) => ({ name, path: ['vars'] }));
  return [...written, ...inside].flatMap(({ name, path }): Finding[] =>
    read.has(name)
      ? []
      : [
          {
            rule: 'unused-var',
            name,
            what: `no template reads the variable ${name}`,
            hint: 'Take it out.',
            place: settingsFile.place(path, name),
          },
        ],
  );
}

function unusedSeeds({ nodes }: Manifest): Finding[] {
  const read = new Set([...nodes.values()].flatMap((node) => (node.kind === 'test' ? [] : node.dependsOn)));
  return [...nodes.values()].flatMap((node): Finding[] =>
    node.kind !== 'seed' || read.has(node.id)
      ? []
      : [
          {
            rule: 'unused-seed',
            name: node.name,
            what: `no model reads the seed ${node.name}`,
            hint: 'Delete it, or read it by {{ref}}.',
            place: { file: node.file, line: 1, column: 1 },
          },
        ],
  );
}
