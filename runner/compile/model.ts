import { settingsThatMatter } from '../../warehouse/session-settings.ts';
import { digest } from '../manifest/digest.ts';
import type { ModelNode, Node, SeedNode } from '../manifest/manifest.ts';
import { nameTables, type RowLimit } from '../manifest/placeholders.ts';
import { type ConfigKey, onlyOfTests } from '../project/config.ts';
import { settingPlace } from '../project/setting-places.ts';
import type { Template } from '../template/template.ts';
import { ProjectError } from '../text/errors.ts';
import { oneStatement } from '../text/one-statement.ts';
import type { SqlText } from '../text/sql-text.ts';
import { columnSpecs, constraintsOf } from './draft/constraints.ts';
import type { CompileContext, Draft } from './draft/context.ts';
import { ephemeralsOf, inlineEphemerals } from './draft/ephemeral.ts';
import { type Mode, modelHelpers, newRecord, type Recorded } from './draft/model-language.ts';
import { modelContext, type Own } from './draft/render-context.ts';
import { type BatchReads, resolverFor } from './draft/resolve.ts';
import { batchSettings, checkBatches, followedBy, isCutIntoBatches } from './settings/microbatch.ts';
import { partitionByOf } from './settings/partition-by.ts';
import { type Complain, checkSnapshot, snapshotSettings } from './settings/snapshot.ts';
import { subjectOf } from './settings/subject.ts';

export function seedNode(draft: Draft, context: CompileContext): SeedNode {
  const constraints = constraintsOf(draft, context);
  partitionByOf(draft, constraints, context);
  return {
    kind: 'seed',
    materialized: 'seed',
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
    subject: subjectOf(draft, context),
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
  if (!context.incomplete) checkSettings(draft, materialized);
  const used = new Set<string>();
  const record = newRecord();
  const batchReads: BatchReads | undefined = isCutIntoBatches(config)
    ? { filtered: new Set(), whole: new Set(), bounds: false }
    : undefined;
  const sqlFor = (mode: Mode) => {
    const rendered = render(template, mode, context, draft, record, used, batchReads, context.rowLimit).trim();
    const sql = batchReads === undefined && context.rowLimit === undefined ? rendered : nameTables(rendered);
    if (sql.text === '')
      throw new ProjectError([
        {
          what: `${draft.file.path} is empty`,
          place: { file: draft.file.path, line: 1, column: 1 },
          hint: 'A model is one select statement.',
        },
      ]);
    return oneStatement(sql, 'a model');
  };
  const full = sqlFor('full');
  // Every batch is built by the same SQL, that of the whole history too.
  const { incremental_strategy: strategy = 'merge' } = config;
  const increments =
    materialized === 'incremental' && strategy !== 'microbatch' ? { strategy, sql: sqlFor('incremental') } : undefined;
  const ephemerals = ephemeralsOf([...used], nodes);
  const constraints = constraintsOf(draft, context);
  const targets = constraints.flatMap((constraint) =>
    constraint.type === 'foreign_key' && constraint.toId !== draft.id ? [constraint.toId] : [],
  );
  const reads = [
    ...new Set(
      [...used].flatMap((id) => {
        const node = nodes.get(id);
        return node?.materialized === 'ephemeral' ? node.reads : [id];
      }),
    ),
  ];
  if (batchReads !== undefined && !context.incomplete) checkBatches(draft, batchReads);
  const batch = batchSettings(config, batchReads === undefined ? [] : followedBy(batchReads, nodes));
  const fullSql = materialized === 'ephemeral' ? full : inlineEphemerals(full, ephemerals);
  const partitionBy = partitionByOf(draft, constraints, context);
  const rowSecurity = context.rowSecurity.get(draft.name);
  const base = {
    kind: 'model',
    ...common(draft),
    access: config.access ?? 'protected',
    dependsOn: [...new Set([...used, ...targets])],
    reads,
    constraints,
    subject: subjectOf(draft, context),
    fullSql,
    volatile: record.volatile || [...used].some((id) => isVolatileEphemeral(nodes.get(id))),
    checksum: digest([
      fullSql.text,
      increments?.sql.text ?? '',
      config.unique_key ?? [],
      config.surrogate_key ?? '',
      ...(batchReads === undefined ? [] : [batch.eventTime, batch.size, batch.begin, batch.timeZone]),
      ...settingsThatMatter(context.project.target.settings),
    ]),
  } as const;
  switch (materialized) {
    case 'view':
      return { ...base, materialized, shows: undefined };
    case 'ephemeral':
    case 'materialized_view':
      return { ...base, materialized };
    case 'table':
      return { ...base, materialized, partitionBy, rowSecurity };
    case 'snapshot':
      return { ...base, materialized, snapshot: snapshotSettings(config), rowSecurity };
    case 'incremental': {
      const table = { ...base, materialized, partitionBy, rowSecurity };
      if (increments === undefined) return { ...table, strategy: 'microbatch', batch };
      const incrementalSql = inlineEphemerals(increments.sql, ephemerals);
      return { ...table, strategy: increments.strategy, incrementalSql, highWater: [...record.highWater] };
    }
    default:
      return materialized satisfies never;
  }
}

function checkSettings(draft: Draft, materialized: ModelNode['materialized']): void {
  const { config, record, properties, settings } = draft;
  const complain: Complain = (place, what, hint) => {
    throw new ProjectError([
      {
        what: place?.file === draft.file.path ? what : `${draft.file.path}: ${what}`,
        place,
        hint,
      },
    ]);
  };
  const at = (...keys: readonly string[]) => settingPlace(settings, keys.find((key) => settings.has(key)) ?? '');
  checkSnapshot(config, materialized, complain, at);
  const expression = config.unique_key?.find((one) => /\|\||::|\w\(.*\)/.test(one));
  if (expression !== undefined)
    complain(
      at('unique_key'),
      `unique_key names columns, and "${expression}" is an expression`,
      'Give it a name in the select, and set unique_key to that; several columns are a list.',
    );
  const strategy = config.incremental_strategy ?? 'merge';
  const needsKey = strategy !== 'append' && strategy !== 'microbatch';
  if (materialized === 'incremental' && needsKey && (config.unique_key ?? []).length === 0) {
    complain(
      at('unique_key', 'incremental_strategy', 'materialized'),
      `incremental_strategy "${strategy}" needs a unique_key`,
      'Set unique_key to the columns that identify a row, use incremental_strategy="append", or rebuild it each time with materialized="table".',
    );
  }
  if (config.surrogate_key !== undefined && (config.unique_key ?? []).length === 0) {
    complain(
      at('surrogate_key'),
      'surrogate_key needs a unique_key',
      'One key is assigned to each value of unique_key.',
    );
  }
  const only = (keys: readonly ConfigKey[], fits: boolean, where: string) => {
    // What a folder says for all of its models is no mistake of one that has no use for it.
    const key = keys.find((one) => properties?.value.config?.[one] !== undefined || record.config[one] !== undefined);
    if (key !== undefined && !fits) complain(at(key), `${key} has no meaning here`, `It belongs to ${where}.`);
  };
  only(
    ['incremental_strategy', 'on_schema_change', 'full_refresh'],
    materialized === 'incremental',
    'incremental models',
  );
  only(['batch_size', 'begin', 'lookback'], isCutIntoBatches(config), 'incremental_strategy microbatch');
  const hasZone = isCutIntoBatches(config) || (config.materialized === 'snapshot' && config.strategy === 'timestamp');
  only(['time_zone'], hasZone, 'incremental_strategy microbatch and snapshots of strategy timestamp');
  const tables = 'views, tables, incremental models, snapshots and seeds';
  only(['grants', 'pre_hook', 'pre-hook', 'post_hook', 'post-hook'], materialized !== 'ephemeral', tables);
  only(['contract'], materialized !== 'ephemeral' || config.contract?.enforced === false, tables);
  const snapshots = [
    'strategy',
    'updated_at',
    'check_cols',
    'hard_deletes',
    'invalidate_hard_deletes',
    'dbt_valid_to_current',
    'target_schema',
    'snapshot_meta_column_names',
  ] as const;
  only(snapshots, materialized === 'snapshot', 'snapshots');
  const merges = materialized === 'incremental' && strategy === 'merge';
  only(['merge_update_columns', 'merge_exclude_columns'], merges, 'incremental models that merge');
  only(['incremental_predicates'], merges || strategy === 'delete+insert', 'the strategies merge and delete+insert');
  only(onlyOfTests, false, 'data tests');
  if (config.merge_update_columns !== undefined && config.merge_exclude_columns !== undefined)
    complain(
      at('merge_exclude_columns'),
      'merge_update_columns and merge_exclude_columns are both set',
      'Say either what is taken over or what is not.',
    );
  if (config.surrogate_key !== undefined && materialized !== 'table' && materialized !== 'incremental') {
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
): Pick<
  ModelNode,
  | 'id'
  | 'name'
  | 'description'
  | 'file'
  | 'describedIn'
  | 'tags'
  | 'group'
  | 'config'
  | 'settings'
  | 'relation'
  | 'columns'
> {
  return {
    id: draft.id,
    name: draft.name,
    description: draft.properties?.value.description ?? '',
    file: draft.file.path,
    describedIn: draft.properties?.yaml.file.path,
    tags: draft.config.tags ?? [],
    group: draft.config.group,
    config: draft.config,
    settings: draft.settings,
    relation: draft.relation,
    columns: columnSpecs(draft.properties?.value.columns, draft.properties),
  };
}

export function render(
  template: Template,
  mode: Mode,
  context: CompileContext,
  own: Own | undefined,
  record: Recorded,
  used: Set<string>,
  batch?: BatchReads | undefined,
  limit?: RowLimit | undefined,
): SqlText {
  const helpers = modelHelpers(context.project, mode, resolverFor(context, used, undefined, batch, limit), record);
  return template.render(helpers, modelContext(context.project, own));
}

function isVolatileEphemeral(node: Node | undefined): boolean {
  return node?.materialized === 'ephemeral' && node.volatile;
}
