import type { Compiled } from '../../runner/compile/compile.ts';
import {
  type BuiltNode,
  type Constraint,
  hasRelation,
  incrementalSqlOf,
  isBuilt,
  type Node,
} from '../../runner/manifest/manifest.ts';
import { sourceTexts } from '../../runner/project/project.ts';
import type { ColumnDetail, NodeDetail, NodeLink, TestDetail } from '../../ui/data/graph.ts';
import { kindOf, subjectOf, testedBy } from './graph.ts';

/** All that the files of a project say of a node. Needs no database. */
export function detailOf(compiled: Compiled, node: Node): NodeDetail {
  const { manifest, graph, project, exposures } = compiled;
  const views = new Set(exposures.map(({ id }) => id));
  const links = (ids: readonly string[]): NodeLink[] =>
    ids.flatMap((id) => {
      const other = manifest.nodes.get(id);
      if (other === undefined || other.kind === 'test' || other.kind === 'unit_test') return [];
      return [{ id, name: other.name, kind: kindOf(other, views) }];
    });
  const written = node.file.endsWith('.sql') ? (sourceTexts(project)(node.file) ?? null) : null;
  return {
    id: node.id,
    name: node.name,
    kind: kindOf(node, views),
    materialized: node.materialized ?? null,
    description: node.description,
    file: node.file,
    describedIn: (isBuilt(node) ? node.describedIn : undefined) ?? null,
    relation:
      hasRelation(node) && node.materialized !== 'ephemeral' ? `${node.relation.schema}.${node.relation.name}` : null,
    tags: node.tags,
    group: node.group ?? null,
    subject: subjectOf(node),
    settings: isBuilt(node) ? settingsOf(node) : {},
    columns: columnsOf(node),
    tests: testsOf(compiled, node),
    upstreams: links([...new Set(node.dependsOn)]),
    downstreams: links(graph.downstreams(node.id)),
    sql: { written, ...compiledSql(node) },
  };
}

function compiledSql(node: Node): { full: string | null; incremental: string | null } {
  if (node.kind === 'model') return { full: node.fullSql.text, incremental: incrementalSqlOf(node)?.text ?? null };
  if (node.kind === 'test' || node.kind === 'analysis') return { full: node.sql.text, incremental: null };
  return { full: null, incremental: null };
}

/** Settings that a reader of the page may ask for, as they are set. */
function settingsOf(node: BuiltNode): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(node.config).flatMap(([name, value]) => {
      if (value === undefined || value === null || ['description', 'tags', 'columns', 'bi'].includes(name)) return [];
      return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
    }),
  );
}

function columnsOf(node: Node): ColumnDetail[] {
  if (!hasRelation(node)) return [];
  const constraints = isBuilt(node) ? node.constraints : [];
  return node.columns.map(({ name, description, dataType, type }) => ({
    name,
    description,
    type: dataType ?? type ?? null,
    constraints: constraints.flatMap((one) =>
      one.type !== 'check' && one.columns.includes(name) ? [constraintText(one)] : [],
    ),
  }));
}

function constraintText(constraint: Constraint): string {
  const among =
    constraint.type !== 'check' && constraint.columns.length > 1 ? ` (${constraint.columns.join(', ')})` : '';
  switch (constraint.type) {
    case 'not_null':
      return 'not null';
    case 'primary_key':
      return `primary key${among}`;
    case 'unique':
      return `unique${among}`;
    case 'check':
      return 'check';
    case 'foreign_key':
      return `references ${constraint.to.name} (${constraint.toColumns.join(', ')})`;
    default:
      return constraint satisfies never;
  }
}

function testsOf({ manifest }: Compiled, { id }: Node): TestDetail[] {
  return [...manifest.nodes.values()].flatMap((node): TestDetail[] => {
    if ((node.kind !== 'test' && node.kind !== 'unit_test') || !testedBy(node).includes(id)) return [];
    const isData = node.kind === 'test';
    return [
      {
        id: node.id,
        name: node.name,
        kind: node.kind,
        generic: (isData ? node.generic : undefined) ?? null,
        column: (isData ? node.column : undefined) ?? null,
        severity: isData ? node.severity : 'error',
        isAudit: isData && node.audit !== undefined,
        place: `${node.place.file}:${node.place.line}`,
      },
    ];
  });
}
