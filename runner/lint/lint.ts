// What the parser can tell of the SQL and the .yml files that people write, without a database.
//
//   1. form.ts          the full and the incremental SQL of a model, parsed; queries.ts: the queries in it
//   2. tables.ts        tables named directly, common table expressions that nothing reads, stars
//   3. joins.ts         joins without a condition
//   4. lineage/         `not in` something that may hold NULL
//   5. documentation.ts models and columns without a description, models without a key
//   6. unused.ts        macros, variables and seeds that nothing uses
//   7. lint.ts          runs all rules, leaves out what project.yml switches off, tells each finding once
//
// A finding points at the template, or at the .yml. What several models share, such as a macro, is found once.
import { relation } from '../../warehouse/quote.ts';
import { columnLineage, type LineageOptions } from '../lineage/lineage.ts';
import { hasRelation, type Manifest, type Node } from '../manifest/manifest.ts';
import type { LintException } from '../project/lint-schema.ts';
import type { Project } from '../project/project.ts';
import type { SqlParser } from '../sql/parser.ts';
import { formatPlace } from '../text/place.ts';
import { modelsWithoutKey, undocumentedColumns, undocumentedModels, writtenNodes } from './documentation.ts';
import type { Finding } from './finding.ts';
import { formsOf } from './form.ts';
import { unconditionalJoins } from './joins.ts';
import { directTables, stars, unusedCtes } from './tables.ts';
import { unused } from './unused.ts';

export interface LintInput {
  readonly project: Project;
  readonly manifest: Manifest;
  readonly parser: SqlParser;
  /** The columns of a seed, as its file has them. */
  readonly seedColumns: LineageOptions['seedColumns'];
}

export interface LintReport {
  /** In the order of their places. */
  readonly findings: readonly Finding[];
  /** How many findings project.yml switches off. */
  readonly off: number;
  /** The exceptions of project.yml that no finding needs, by their index. */
  readonly needless: readonly number[];
}

/** Runs all rules over a project. @throws ProjectError for SQL that cannot be parsed. */
export function lint({ project, manifest, parser, seedColumns }: LintInput): LintReport {
  const notIn: Finding[] = [];
  const lineage = columnLineage(manifest, {
    parser,
    seedColumns,
    onNotIn: (node, place, what) =>
      notIn.push({
        rule: 'not-in-nullable',
        name: node.name,
        what: `\`not in\` ${what}: with a NULL in it, no row meets the condition`,
        hint: 'Write `not exists`, or leave the NULLs out: `where ... is not null`.',
        place,
      }),
  });
  const referenceTo = referencesOf(manifest);
  const written = writtenNodes(manifest);
  const sql = [...manifest.nodes.values()].flatMap((node): Finding[] => {
    const isTest = node.kind === 'test' && node.generic === undefined;
    if (!isTest && !(node.kind === 'model' && written.includes(node))) return [];
    const forms = formsOf(node, parser);
    return [
      ...directTables(forms, referenceTo),
      ...unusedCtes(forms),
      // A test may show the bad rows as they are.
      ...(isTest ? [] : stars(forms)),
      ...unconditionalJoins(forms),
    ];
  });
  const all = once([
    ...sql,
    ...notIn,
    ...undocumentedModels(written),
    ...undocumentedColumns(written, lineage),
    ...modelsWithoutKey(written, manifest),
    ...unused(project, manifest),
  ]);
  const exceptions = project.settings.lint?.off ?? [];
  const needed = new Set<number>();
  const findings = all.filter((finding) => {
    const by = exceptions.flatMap((one, index) => (excepts(one, finding) ? [index] : []));
    for (const index of by) needed.add(index);
    return by.length === 0;
  });
  return {
    findings: findings.toSorted(byPlace),
    off: all.length - findings.length,
    needless: exceptions.flatMap((_, index) => (needed.has(index) ? [] : [index])),
  };
}

/** How a relation is to be referred to. */
function referencesOf({ nodes }: Manifest): (schema: string | undefined, name: string) => string | undefined {
  const found = new Map<string, string>();
  const bare = new Map<string, string>();
  for (const node of nodes.values()) {
    if (!hasRelation(node) || node.materialized === 'ephemeral') continue;
    const reference = referenceOf(node);
    found.set(relation(node.relation), reference);
    bare.set(node.relation.name, reference);
  }
  return (schema, name) => (schema === undefined ? bare.get(name) : found.get(relation(schema, name)));
}

function referenceOf(node: Pick<Node, 'kind' | 'name'>): string {
  if (node.kind !== 'source') return `{{ref "${node.name}"}}`;
  const at = node.name.indexOf('.');
  return `{{source "${node.name.slice(0, at)}" "${node.name.slice(at + 1)}"}}`;
}

function once(findings: readonly Finding[]): Finding[] {
  const found = new Map<string, Finding>();
  for (const one of findings) {
    const key = `${one.rule} ${formatPlace(one.place)} ${one.what}`;
    if (!found.has(key)) found.set(key, one);
  }
  return [...found.values()];
}

function excepts({ rule, path, name }: LintException, finding: Finding): boolean {
  if (rule !== finding.rule || (name !== undefined && name !== finding.name)) return false;
  const { file } = finding.place;
  return path === undefined || path.some((one) => file === one || file.startsWith(`${one.replace(/\/$/, '')}/`));
}

function byPlace(a: Finding, b: Finding): number {
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  return a.place.line - b.place.line || a.place.column - b.place.column;
}
