import { createHash } from 'node:crypto';
import { type CompileContext, type Draft, quote } from './compile-context.ts';
import { columnSpecs, constraintsOf } from './constraints.ts';
import { inlineEphemerals } from './ephemeral.ts';
import { ProjectError } from './errors.ts';
import { type Mode, modelContext, modelHelpers, newRecord, type Recorded } from './helpers.ts';
import type { ModelNode, Node, RelationName, SeedNode } from './manifest.ts';
import { oneStatement } from './one-statement.ts';
import type { Place } from './place.ts';
import { resolverFor } from './resolve.ts';
import type { SqlText } from './sql-text.ts';
import type { Template } from './template.ts';

export function seedNode(draft: Draft, context: CompileContext): SeedNode {
  const constraints = constraintsOf(draft, context);
  return {
    kind: 'seed',
    ...common(draft),
    dependsOn: [
      ...new Set(
        constraints.flatMap((constraint) =>
          constraint.type === 'foreign_key' && constraint.toId !== draft.id ? [constraint.toId] : [],
        ),
      ),
    ],
    reads: [],
    constraints,
    checksum: digest(draft.config.unique_key ?? []),
  };
}

export function modelNode(
  draft: Draft,
  template: Template,
  context: CompileContext,
  nodes: ReadonlyMap<string, Node>,
): ModelNode {
  const { config } = draft;
  const materialized = config.materialized ?? 'view';
  if (!context.incomplete) checkSettings(draft, materialized, context);
  const used = new Set<string>();
  const record = newRecord();
  const sqlFor = (mode: Mode) => {
    const sql = render(template, mode, context, draft.relation, record, used).trim();
    if (sql.text === '')
      throw new ProjectError([
        {
          what: `${draft.file.path} is empty`,
          place: { file: draft.file.path, line: 1, column: 1 },
          excerpt: quote(context, { file: draft.file.path, line: 1, column: 1 }),
          hint: 'A model is one select statement.',
        },
      ]);
    return oneStatement(sql, 'a model', (place) => quote(context, place));
  };
  const full = sqlFor('full');
  const incremental = materialized === 'incremental' ? sqlFor('incremental') : undefined;
  const ephemerals = ephemeralsOf([...used], nodes);
  const constraints = constraintsOf(draft, context);
  const targets = constraints.flatMap((constraint) =>
    constraint.type === 'foreign_key' && constraint.toId !== draft.id ? [constraint.toId] : [],
  );
  const reads = [
    ...new Set(
      [...used].flatMap((id) => {
        const node = nodes.get(id);
        return node?.kind === 'model' && node.materialized === 'ephemeral' ? node.reads : [id];
      }),
    ),
  ];
  const fullSql = materialized === 'ephemeral' ? full : inlineEphemerals(full, ephemerals);
  return {
    kind: 'model',
    ...common(draft),
    dependsOn: [...new Set([...used, ...targets])],
    reads,
    constraints,
    materialized,
    fullSql,
    incrementalSql: incremental && inlineEphemerals(incremental, ephemerals),
    highWater: [...record.highWater],
    volatile: record.volatile || [...used].some((id) => isVolatileEphemeral(nodes.get(id))),
    checksum: digest([fullSql.text, incremental?.text ?? '', config.unique_key ?? [], config.surrogate_key ?? '']),
  };
}

function checkSettings(draft: Draft, materialized: ModelNode['materialized'], context: CompileContext): void {
  const { config, record, settings } = draft;
  const complain = (place: Place | undefined, what: string, hint: string) => {
    throw new ProjectError([
      {
        what: place?.file === draft.file.path ? what : `${draft.file.path}: ${what}`,
        place,
        excerpt: place && quote(context, place),
        hint,
      },
    ]);
  };
  const at = (...keys: readonly string[]) => settings.get(keys.find((key) => settings.has(key)) ?? '')?.();
  const strategy = config.incremental_strategy ?? 'merge';
  if (materialized === 'incremental' && strategy !== 'append' && (config.unique_key ?? []).length === 0) {
    complain(
      at('unique_key', 'incremental_strategy', 'materialized'),
      `incremental_strategy "${strategy}" needs a unique_key`,
      'Set unique_key to the columns that identify a row, use incremental_strategy="append", or build it anew each time with materialized="table".',
    );
  }
  if (config.surrogate_key !== undefined && (config.unique_key ?? []).length === 0) {
    complain(
      at('surrogate_key'),
      'surrogate_key needs a unique_key',
      'The key is handed out once for each value of unique_key.',
    );
  }
  if (config.surrogate_key !== undefined && (materialized === 'view' || materialized === 'ephemeral')) {
    complain(
      at('surrogate_key'),
      `a ${materialized} cannot have a surrogate_key`,
      'Use materialized="table" or "incremental".',
    );
  }
  if (record.incremental !== undefined && materialized !== 'incremental') {
    complain(
      record.incremental,
      `it has an {{#incremental}} block, but is materialized as ${materialized}`,
      'Set materialized="incremental", or take the block out.',
    );
  }
}

function common(
  draft: Draft,
): Pick<ModelNode, 'id' | 'name' | 'description' | 'file' | 'tags' | 'config' | 'settings' | 'relation' | 'columns'> {
  return {
    id: draft.id,
    name: draft.name,
    description: draft.properties?.value.description ?? '',
    file: draft.file.path,
    tags: draft.config.tags ?? [],
    config: draft.config,
    settings: draft.settings,
    relation: draft.relation,
    columns: draft.properties === undefined ? [] : columnSpecs(draft.properties.value.columns, draft.properties),
  };
}

export function render(
  template: Template,
  mode: Mode,
  context: CompileContext,
  own: RelationName | undefined,
  record: Recorded,
  used: Set<string>,
): SqlText {
  const helpers = modelHelpers(context.project, mode, resolverFor(context, own, used), record);
  return template.render(helpers, modelContext(context.project, own));
}

/** The ephemeral models among `ids` and behind them, each once, in dependency order. */
export function ephemeralsOf(
  ids: readonly string[],
  nodes: ReadonlyMap<string, Node>,
): { name: string; sql: SqlText }[] {
  const found = new Map<string, { name: string; sql: SqlText }>();
  const visit = (id: string) => {
    const node = nodes.get(id);
    if (node?.kind !== 'model' || node.materialized !== 'ephemeral' || found.has(id)) return;
    for (const upstream of node.dependsOn) visit(upstream);
    found.set(id, { name: node.name, sql: node.fullSql });
  };
  for (const id of ids) visit(id);
  return [...found.values()];
}

function isVolatileEphemeral(node: Node | undefined): boolean {
  return node?.kind === 'model' && node.materialized === 'ephemeral' && node.volatile;
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
