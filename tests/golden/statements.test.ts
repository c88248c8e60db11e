import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSeed } from '../../runner/build/transaction/seed.ts';
import { type Given, nothingGiven } from '../../runner/database/attachments.ts';
import type { Column, ExistingRelation, ForeignKey } from '../../runner/database/catalog.ts';
import {
  type BuiltNode,
  incrementalSqlOf,
  isBuilt,
  isMicrobatch,
  type Manifest,
} from '../../runner/manifest/manifest.ts';
import type { StandingView } from '../../runner/materialize/parts/remake-views.ts';
import type { Access } from '../../runner/materialize/parts/row-security.ts';
import type { Step } from '../../runner/materialize/parts/step.ts';
import { objectNames } from '../../runner/materialize/parts/structure.ts';
import type { SeedRows } from '../../runner/materialize/parts/target.ts';
import type { Decision, NodeState, PlanOptions } from '../../runner/plan/decision.ts';
import { plan, querySql, type Rows } from '../../runner/plan/plan.ts';
import { structureOf } from '../../runner/plan/table-target.ts';
import { SqlText } from '../../runner/text/sql-text.ts';
import { TemporaryProject } from '../integration/temporary-project.ts';
import { compileFiles } from '../unit/runner/projects.ts';
import { expectedFolder, expectGolden } from './golden.ts';

interface Case {
  /** Also the name of the golden file. */
  readonly name: string;
  readonly config?: string;
  readonly kind?: 'model' | 'seed';
  readonly mode: Exclude<Decision['mode'], 'skip'>;
  readonly sql?: string;
  /** Further keys of the model in its .yml, e.g. constraints. */
  readonly yml?: string;
  /** What the query yields; the standing relation has the same unless `standing` says otherwise. */
  readonly yields?: readonly Column[];
  readonly standing?: readonly Column[];
  /** How the standing relation was made; undefined: as it is to be made now. */
  readonly remembered?: string;
  readonly kindOfStanding?: ExistingRelation['kind'];
  /** Names of constraints and indexes that stand; undefined: all that the node declares. */
  readonly objects?: readonly string[];
  /** Names that the runner made; undefined: those that stand. */
  readonly made?: readonly string[];
  /** Columns of the standing table that are NOT NULL; undefined: its keys. */
  readonly notNull?: readonly string[];
  readonly referencedBy?: readonly ForeignKey[];
  /** The increment's columns are looked at, as where its SQL or on_schema_change asks for that. */
  readonly looksAtColumns?: boolean;
  /** Up to when rows of an upstream have been deleted. */
  readonly expired?: string;
  /** The row security that stands. */
  readonly secured?: ExistingRelation['rowSecurity'];
  readonly access?: Access;
  /** The partitioning that stands. */
  readonly partitions?: ExistingRelation['partitions'];
  /** The views that are in the way. */
  readonly views?: readonly StandingView[];
}

const column = (name: string, type = 'integer'): Column => ({ name, type });
const events = [column('id'), column('room', 'text'), column('value', 'double precision'), column('load_id', 'bigint')];
const incremental = `select id, room, value, load_id
from {{source "raw" "events"}}
{{#incremental}}
where load_id > {{high_water "raw.events"}}
{{/incremental}}`;
const plain = `select id, room, value, load_id\nfrom {{source "raw" "events"}}`;
const keyed = 'materialized: table, unique_key: [id, room], audit_columns: load_id';
const merged = 'materialized: incremental, unique_key: id, audit_columns: load_id';
const withSurrogate = 'materialized: incremental, unique_key: room, surrogate_key: room_key';
const roomKey = column('room_key');
const rooms = [column('room', 'text'), column('floor', 'smallint')];
const roomSql = 'select room, floor from {{source "raw" "events"}}';
const constraints = `constraints:
      - { type: primary_key, columns: id }
      - { type: unique, columns: [room, value] }
      - { type: check, expression: value >= 0 }
      - { type: check, expression: load_id > 0, name: load_is_positive }
      - { type: foreign_key, columns: room, to: ref('rooms') }
    columns: [{ name: value, constraints: [{ type: not_null }] }]`;

const versionColumns = (type: string) => [
  column('dbt_scd_id', 'text'),
  column('dbt_updated_at', type),
  column('dbt_valid_from', type),
  column('dbt_valid_to', type),
];
const guarded = 'materialized: table, schema: gold, row_security: { column: room, access: who }';
const seen = (owner: string): Access => ({
  owner,
  visible: [
    { role: 'role_a', values: ['kitchen'] },
    { role: 'Role "all"', values: ['kitchen', "o'clock room"] },
    { role: owner, values: ['kitchen'] },
    { role: 'nobody', values: [] },
  ],
});
const roomColumn = 'columns: [{ name: room, data_type: text }]';

const refreshed = 'materialized: materialized_view, unique_key: id';
const byHand: StandingView = {
  kind: 'view',
  relation: { schema: 'public', name: 'by hand' },
  sql: new SqlText(' SELECT id,\n    room\n   FROM m'),
  options: ['security_barrier=true', 'check_option=local', 'odd=a b'],
  columns: ['id', 'room'],
  defaults: [{ column: 'room', expression: "'kitchen'::text" }],
  populated: true,
  indexes: [],
  grants: [{ grantee: 'power bi', privilege: 'SELECT', grantable: false }],
  columnGrants: [{ column: 'room', grantee: null, privilege: 'UPDATE', grantable: false }],
  model: undefined,
  comments: { kind: 'view', relation: 'Look at me', columns: new Map([['id', "the room's"]]) },
};
const materialized: StandingView = {
  ...byHand,
  kind: 'materialized view',
  relation: { schema: 'public', name: 'totals' },
  options: [],
  defaults: [],
  columnGrants: [],
  populated: false,
  indexes: [new SqlText('CREATE UNIQUE INDEX totals_id ON public.totals USING btree (id)')],
  model: { name: 'totals', description: 'Sums', columns: [], config: {} },
  comments: undefined,
};

const visits = [column('id'), column('room', 'text'), column('at', 'timestamp with time zone')];
const visitSql = 'select id, room, at from {{source "raw" "events"}}';
const monthly =
  'materialized: incremental, unique_key: [id, at], partition_by: { column: at, granularity: month, time_zone: Europe/Zurich }';
const partitions = { column: 'at', open: false, estimatedRows: 0, guards: [{ forced: false, policies: [] }] };

const cases: readonly Case[] = [
  {
    name: 'partitions-create',
    mode: 'create',
    config: `${monthly}, indexes: [{ columns: room }]`,
    sql: visitSql,
    yields: visits,
  },
  {
    name: 'partitions-create-guarded',
    mode: 'create',
    config: `${guarded}, partition_by: { column: at, granularity: day }`,
    yml: 'columns: [{ name: room, data_type: text }, { name: at, data_type: date }]',
    sql: visitSql,
    yields: [column('id'), column('room', 'text'), column('at', 'date')],
    access: seen('the owner'),
  },
  { name: 'partitions-increment', mode: 'increment', config: monthly, sql: visitSql, yields: visits, partitions },
  { name: 'partitions-replace', mode: 'replace', config: monthly, sql: visitSql, yields: visits, partitions },
  {
    name: 'partitions-opened-by-mistake',
    mode: 'increment',
    config: monthly,
    sql: visitSql,
    yields: visits,
    partitions: { ...partitions, open: true },
  },
  { name: 'partitions-of-a-table-in-one-piece', mode: 'increment', config: monthly, sql: visitSql, yields: visits },

  { name: 'table-create', mode: 'create', config: 'materialized: table' },
  { name: 'table-create-with-key', mode: 'create', config: keyed },
  { name: 'table-create-over-view', mode: 'create', config: 'materialized: table', kindOfStanding: 'view' },
  {
    name: 'table-create-with-constraints-and-indexes',
    mode: 'create',
    config: `${keyed}, indexes: [{ columns: [room, value] }, { columns: id, unique: true }, { columns: load_id, type: brin }]`,
    yml: constraints,
  },
  { name: 'table-replace', mode: 'replace', config: 'materialized: table' },
  { name: 'table-replace-with-key', mode: 'replace', config: keyed },
  {
    name: 'table-replace-with-nothing-but-key',
    mode: 'replace',
    config: 'materialized: table, unique_key: id',
    sql: 'select id from {{source "raw" "events"}}',
    yields: [column('id')],
  },
  {
    name: 'incremental-merge-increment-partial',
    mode: 'increment',
    config: `${merged}, merge_exclude_columns: room, incremental_predicates: ["old.load_id > 7", "new.value > 0"]`,
    sql: incremental,
  },
  {
    name: 'incremental-merge-increment-only-some-columns',
    mode: 'increment',
    config: `${merged}, merge_update_columns: [value]`,
    sql: incremental,
  },
  {
    name: 'incremental-delete-insert-increment-with-predicate',
    mode: 'increment',
    config:
      'materialized: incremental, incremental_strategy: delete+insert, unique_key: id, incremental_predicates: old.load_id > 7',
    sql: incremental,
  },
  {
    name: 'incremental-new-columns-appended',
    mode: 'increment',
    config: `${merged}, on_schema_change: append_new_columns`,
    sql: incremental,
    standing: [column('id'), column('room', 'text'), column('old', 'date'), column('load_id', 'bigint')],
    looksAtColumns: true,
  },
  {
    name: 'incremental-columns-synced',
    mode: 'increment',
    config: `${merged}, on_schema_change: sync_all_columns`,
    sql: incremental,
    standing: [
      column('id'),
      column('room', 'text'),
      column('value', 'real'),
      column('old', 'date'),
      column('load_id', 'bigint'),
    ],
    looksAtColumns: true,
  },
  {
    name: 'incremental-new-columns-ignored',
    mode: 'increment',
    config: `${merged}, on_schema_change: ignore`,
    sql: incremental,
    standing: [column('id'), column('room', 'text'), column('old', 'date'), column('load_id', 'bigint')],
    looksAtColumns: true,
  },
  {
    name: 'structure-indexes-of-every-kind',
    mode: 'create',
    config: `${keyed}, indexes: [{ columns: room, include: [value, load_id], where: value > 0 }, { expressions: ["lower(room)"], unique: true }, { columns: id, expressions: ["value::text"], name: by_text }, { columns: load_id, type: brin }]`,
  },
  {
    name: 'structure-named-index-redefined',
    mode: 'increment',
    config: `${merged}, indexes: [{ columns: [room, value], name: by_room }]`,
    sql: incremental,
    objects: ['by_room', 'm_id_key_31b1b2'],
    made: ['by_room', 'by_room is 000000', 'm_id_key_31b1b2'],
  },
  {
    name: 'snapshot-timestamp-create',
    mode: 'create',
    config: 'materialized: snapshot, unique_key: [id, room], strategy: timestamp, updated_at: at',
    yields: [...events, column('at', 'timestamp without time zone')],
  },
  {
    name: 'snapshot-timestamp-update',
    mode: 'snapshot',
    config:
      'materialized: snapshot, unique_key: [id, room], strategy: timestamp, updated_at: at, hard_deletes: invalidate',
    yields: [...events, column('at', 'timestamp without time zone')],
    standing: [
      column('id'),
      column('room', 'text'),
      column('at', 'timestamp without time zone'),
      ...versionColumns('timestamp without time zone'),
    ],
  },
  {
    name: 'snapshot-check-update',
    mode: 'snapshot',
    config: 'materialized: snapshot, unique_key: id, strategy: check, check_cols: [room, value]',
    standing: [...events, ...versionColumns('timestamp with time zone')],
  },
  {
    name: 'snapshot-check-all-update-recording-deletions',
    mode: 'snapshot',
    config:
      'materialized: snapshot, unique_key: id, strategy: check, check_cols: all, hard_deletes: new_record, snapshot_meta_column_names: { dbt_valid_from: since, dbt_valid_to: until }',
    standing: [...events, column('since', 'timestamp with time zone'), column('until', 'timestamp with time zone')],
  },
  {
    name: 'table-replace-keeping-old-rows',
    mode: 'replace',
    config: `${keyed}, event_time: day_key`,
    yields: [...events, column('day_key')],
    expired: '2023-12-31T00:00:00Z',
    referencedBy: [
      {
        from: { schema: 'public', name: 'n' },
        columns: ['m_id'],
        to: { schema: 'public', name: 'm' },
        toColumns: ['id'],
      },
    ],
  },
  {
    name: 'table-replace-referenced-by-others',
    mode: 'replace',
    config: keyed,
    referencedBy: [
      {
        from: { schema: 'gold', name: 'facts' },
        columns: ['event_id', 'event_room'],
        to: { schema: 'public', name: 'm' },
        toColumns: ['id', 'room'],
      },
    ],
  },
  {
    name: 'table-replace-with-json',
    mode: 'replace',
    config: 'materialized: table',
    sql: 'select id, payload from {{source "raw" "events"}}',
    yields: [column('id'), column('payload', 'json')],
  },
  { name: 'surrogate-key-create', mode: 'create', config: withSurrogate, sql: roomSql, yields: [roomKey, ...rooms] },
  { name: 'surrogate-key-replace', mode: 'replace', config: withSurrogate, sql: roomSql, yields: [roomKey, ...rooms] },
  {
    name: 'surrogate-key-added',
    mode: 'replace',
    config: withSurrogate,
    sql: roomSql,
    yields: [roomKey, ...rooms],
    standing: rooms,
    objects: [],
  },
  {
    name: 'surrogate-key-increment',
    mode: 'increment',
    config: withSurrogate,
    sql: roomSql,
    yields: [roomKey, ...rooms],
  },
  {
    name: 'incremental-append-increment',
    mode: 'increment',
    config: 'materialized: incremental, incremental_strategy: append',
    sql: incremental,
  },
  { name: 'incremental-merge-create', mode: 'create', config: merged, sql: incremental },
  { name: 'incremental-merge-increment', mode: 'increment', config: merged, sql: incremental },
  {
    name: 'incremental-merge-increment-with-nothing-but-key',
    mode: 'increment',
    config: 'materialized: incremental, unique_key: id',
    sql: 'select id from {{source "raw" "events"}}',
    yields: [column('id')],
  },
  {
    name: 'incremental-merge-increment-with-new-constraint',
    mode: 'increment',
    config: `${merged}, indexes: [{ columns: room }]`,
    sql: incremental,
    objects: ['m_id_key_cf6ab3', 'm_old_idx_000000'],
  },
  { name: 'incremental-merge-replace', mode: 'replace', config: merged, sql: incremental },
  {
    name: 'incremental-delete-insert-create',
    mode: 'create',
    config: 'materialized: incremental, incremental_strategy: delete+insert, unique_key: [id, room]',
    sql: incremental,
  },
  {
    name: 'incremental-delete-insert-increment',
    mode: 'increment',
    config: 'materialized: incremental, incremental_strategy: delete+insert, unique_key: [id, room]',
    sql: incremental,
  },
  {
    name: 'incremental-delete-insert-replace',
    mode: 'replace',
    config: 'materialized: incremental, incremental_strategy: delete+insert, unique_key: [id, room]',
    sql: incremental,
  },
  { name: 'row-security-create', mode: 'create', config: guarded, yml: roomColumn, access: seen("o'hara") },
  {
    name: 'row-security-added',
    mode: 'replace',
    config: guarded,
    yml: roomColumn,
    access: seen('app'),
  },
  {
    name: 'row-security-changed-or-altered',
    mode: 'increment',
    config: `${guarded.replace('table', 'incremental')}, incremental_strategy: append`,
    yml: roomColumn,
    access: seen('app'),
    secured: {
      enabled: true,
      forced: false,
      policies: [
        { name: 'by_hand', intact: false },
        { name: 'datacycle_reads_aaaaaaaa', intact: true },
        { name: 'datacycle_writes_55f3c09d', intact: false },
      ],
    },
  },
  {
    name: 'row-security-taken-out',
    mode: 'replace',
    config: 'materialized: table',
    secured: {
      enabled: true,
      forced: true,
      policies: [
        { name: 'datacycle_reads_aaaaaaaa', intact: true },
        { name: 'datacycle_writes_55f3c09d', intact: false },
      ],
    },
  },
  {
    name: 'row-security-taken-out-beside-a-policy-by-hand',
    mode: 'replace',
    config: 'materialized: table',
    secured: {
      enabled: true,
      forced: true,
      policies: [
        { name: 'by_hand', intact: false },
        { name: 'datacycle_reads_aaaaaaaa', intact: true },
      ],
    },
  },
  { name: 'view-create', mode: 'view' },
  { name: 'view-replace', mode: 'view', kindOfStanding: 'view' },
  { name: 'view-replace-with-column-at-the-end', mode: 'view', kindOfStanding: 'view', standing: events.slice(0, 2) },
  {
    name: 'view-replace-with-other-columns',
    mode: 'view',
    kindOfStanding: 'view',
    standing: [column('id', 'bigint'), ...events.slice(1)],
  },
  { name: 'view-over-table', mode: 'view', kindOfStanding: 'table' },
  {
    name: 'materialized-view-create',
    mode: 'create',
    config: `${refreshed}, indexes: [{ columns: load_id, type: brin }]`,
  },
  { name: 'materialized-view-refresh', mode: 'refresh', config: refreshed, kindOfStanding: 'materialized view' },
  {
    name: 'materialized-view-refresh-with-other-indexes',
    mode: 'refresh',
    config: `${refreshed}, indexes: [{ columns: room }]`,
    kindOfStanding: 'materialized view',
    objects: ['m_id_idx_aaaaaa', 'made_by_hand'],
    made: ['m_id_idx_aaaaaa'],
  },
  {
    name: 'materialized-view-replace',
    mode: 'replace',
    config: refreshed,
    kindOfStanding: 'materialized view',
    views: [byHand],
  },
  {
    name: 'materialized-view-replace-with-other-columns',
    mode: 'replace',
    config: refreshed,
    kindOfStanding: 'materialized view',
    standing: [column('id', 'bigint'), ...events.slice(1)],
  },
  {
    name: 'materialized-view-over-table',
    mode: 'create',
    config: `${refreshed}, indexes: [{ columns: room, name: by_room }]`,
    kindOfStanding: 'table',
    objects: ['by_room', 'made_by_hand'],
    views: [byHand],
  },
  {
    name: 'materialized-view-under-a-table-that-changes',
    mode: 'replace',
    config: keyed,
    standing: [column('id', 'bigint'), ...events.slice(1)],
    views: [materialized, byHand],
  },
  {
    name: 'table-create-over-materialized-view',
    mode: 'create',
    config: `${keyed}, row_security: { column: room, access: who }, schema: gold`,
    yml: `constraints: [{ type: foreign_key, columns: id, to: ref('m'), to_columns: id }]\n    ${roomColumn}`,
    access: seen('app'),
    kindOfStanding: 'materialized view',
    objects: [],
    views: [byHand],
  },
  {
    name: 'snapshot-create-over-table',
    mode: 'create',
    config: 'materialized: snapshot, strategy: check, check_cols: all, unique_key: room',
    sql: roomSql,
    yields: rooms,
    kindOfStanding: 'table',
    objects: [],
  },
  {
    name: 'view-over-materialized-view',
    mode: 'view',
    kindOfStanding: 'materialized view',
    views: [byHand],
  },
  { name: 'seed-create', kind: 'seed', mode: 'create' },
  { name: 'seed-create-with-key', kind: 'seed', mode: 'create', config: 'unique_key: code' },
  { name: 'seed-replace', kind: 'seed', mode: 'replace' },
  { name: 'seed-replace-with-key', kind: 'seed', mode: 'replace', config: 'unique_key: code' },
  {
    name: 'structure-index-and-constraint-added',
    mode: 'replace',
    config: 'materialized: table, indexes: [{ columns: room }]',
    yml: constraints,
    objects: [],
  },
  {
    name: 'structure-index-and-constraint-dropped',
    mode: 'replace',
    config: 'materialized: table',
    objects: ['m_room_idx_aaaaaa', 'm_check_bbbbbb', 'made_by_hand'],
    made: ['m_room_idx_aaaaaa', 'm_check_bbbbbb', 'm_gone_already_cccccc'],
  },
  {
    name: 'structure-key-changed',
    mode: 'replace',
    config: 'materialized: incremental, unique_key: [id, room]',
    standing: [...events, column('kind', 'text')],
    objects: ['m_id_kind_key_aaaaaa'],
    made: ['m_id_kind_key_aaaaaa', 'not null id', 'not null value'],
    notNull: ['id', 'value', 'kind'],
  },
  {
    name: 'structure-columns-added-retyped-dropped',
    mode: 'replace',
    config: keyed,
    standing: [column('id', 'bigint'), column('room', 'text'), column('Größe', 'text'), column('load_id', 'bigint')],
  },
];

/** A node as the case describes it, and the state in which the case finds the database. */
function prepare(one: Case): { node: BuiltNode; manifest: Manifest; root: TemporaryProject } {
  const kind = one.kind ?? 'model';
  const described = `name: m\n    config: { ${one.config ?? ''} }\n    ${one.yml ?? ''}`;
  const root = new TemporaryProject({
    'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
    'seeds/rooms.csv': 'room\nkitchen\n',
    'models/who.sql': '{{config materialized="table" schema="access"}}\nselect 1',
    'models/who.yml':
      'models: [{ name: who, columns: [{ name: principal, data_type: text }, { name: room, data_type: text }] }]',
    'models/m.yml': `${kind}s:\n  - ${described}\n`,
    ...(kind === 'model' ? { 'models/m.sql': one.sql ?? plain } : { 'seeds/m.csv': 'code,name,price\n01,Bath,1.50\n' }),
  });
  const { manifest } = root.compile();
  const node = manifest.nodes.get(`${kind}.m`);
  if (!isBuilt(node)) throw new Error('there is no node m');
  return { node, manifest, root };
}

const given: Given = {
  indexes: [],
  grants: [
    { grantee: 'power bi', privilege: 'SELECT', grantable: true },
    { grantee: null, privilege: 'SELECT', grantable: false },
  ],
  columnGrants: [],
};

function stateOf(one: Case, node: BuiltNode, yields: readonly Column[]): NodeState {
  const stands = one.kindOfStanding ?? (one.mode === 'create' || one.mode === 'view' ? undefined : 'table');
  const declared = objectNames(structureOf(node));
  const notNull = new Set(one.notNull ?? [...(node.config.unique_key ?? []), node.config.surrogate_key]);
  const existing: ExistingRelation | undefined =
    stands === undefined
      ? undefined
      : {
          kind: stands,
          estimatedRows: 100,
          populated: true,
          columns: (one.standing ?? yields).map((each) => ({ ...each, notNull: notNull.has(each.name) })),
          objects: one.objects ?? declared,
          unique: one.objects === undefined ? [node.config.unique_key ?? []] : [],
          foreignKeys: [],
          referencedBy: one.referencedBy ?? [],
          securityInvoker: stands === 'view',
          partitions: one.partitions,
          rowSecurity: one.secured ?? { enabled: false, forced: false, policies: [] },
        };
  const made = one.made ?? one.objects ?? declared;
  return {
    existing,
    remembered: existing && {
      materialized: one.remembered ?? node.config.materialized ?? (node.kind === 'seed' ? 'seed' : 'view'),
      checksum: node.checksum,
      generation: 1,
      objects: made,
    },
    consumed: new Map([['raw.events', { version: 'source', loadId: 41 }]]),
    upstreams: new Map([['raw.events', { version: 'source', loadId: 42 }]]),
    pruned: new Map(),
    expired: new Map(one.expired === undefined ? [] : [['upstream', new Date(one.expired)]]),
    access: one.access,
  };
}

function rowsOf(
  one: Case,
  node: BuiltNode,
  state: NodeState,
  options: PlanOptions,
  manifest: Manifest,
  file: SeedRows | undefined,
): Rows {
  if (node.kind === 'seed' && file !== undefined) return { kind: 'seed', node, file, yields: file.columns };
  if (node.kind === 'seed' || isMicrobatch(node)) throw new Error(`${node.name} is planned otherwise`);
  const sql = querySql(node, one.mode === 'increment' ? 'increment' : 'full', state, options, manifest);
  const looks = one.mode !== 'increment' || one.looksAtColumns === true;
  return { kind: 'model', node, sql, yields: looks ? (one.yields ?? events) : undefined };
}

function decisionOf({ mode }: Case, { existing }: NodeState): Decision {
  if (mode === 'create' || mode === 'view') return { mode, reason: '' };
  if (existing === undefined) throw new Error(`there is nothing to ${mode}`);
  return { mode, reason: '', existing };
}

function textOf(step: Step): string {
  const counts = step.kind === 'run' && step.counts !== undefined ? `, counts ${step.counts}` : '';
  const complaint = step.kind === 'guard' ? `: ${step.complaint([{ id: null, room: 'a', code: null }]).what}` : '';
  const otherwise = step.kind === 'refresh' ? step.otherwise.map((one) => `-- otherwise: ${textOf(one)}`).join('') : '';
  return `-- ${step.kind}${counts}${complaint}\n${step.sql.text};\n${otherwise}`;
}

describe('the statements that build', () => {
  it.each(cases)('$name', (one) => {
    const { node, manifest, root } = prepare(one);
    try {
      const options = { fullRefresh: false, runStartedAt: '2024-01-01T00:00:00.000Z' };
      const file = node.kind === 'seed' ? readSeed(root.root, node) : undefined;
      const state = stateOf(one, node, file?.columns ?? one.yields ?? events);
      const steps = plan(rowsOf(one, node, state, options, manifest, file), decisionOf(one, state), state, {
        at: options.runStartedAt,
        views: one.views ?? [],
        given: state.existing?.kind === 'table' ? nothingGiven : given,
      });
      expectGolden(one.name, steps.map(textOf).join('\n'));
    } finally {
      root.dispose();
    }
  });
});

describe('the compiled SQL', () => {
  it('of a small project, full and incremental', () => {
    const { manifest } = compileFiles(
      {
        'project.yml': `
name: test
secrets: [PEPPER]
vars: { fields: [{ name: co2, upper: 5000 }, { name: noise, upper: 120 }] }
models: { silver: { +schema: silver, +materialized: incremental }, gold: { +schema: gold } }
`,
        'macros/is_outlier.sql': '{{! Whether a value is too large. }}\n({{value}} > {{upper}}) is true\n',
        'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
        'models/silver/readings.sql': `{{config unique_key="id, field" audit_columns="load_id"}}

-- One row per reading.
with events as (
    select load_id, id, payload
    from {{source "raw" "events"}}
    {{#incremental}}
    where load_id > {{high_water "raw.events"}}
    {{/incremental}}
),

final as (
    {{#each (var "fields") as |field|}}
    {{#unless @first}}
    union all
    {{/unless}}
    select
        id,
        {{literal field.name}} as field,
        {{> is_outlier value="(payload ->> 'v')::numeric" upper=field.upper}} as is_outlier,
        load_id
    from events
    {{/each}}
)

select id, field, is_outlier, load_id
from final
`,
        'models/gold/only_good.sql':
          '{{config materialized="ephemeral"}}\nselect * from {{ref "readings"}} where not is_outlier\n',
        'models/gold/fact.sql': `{{config materialized="incremental" unique_key="id" schema="gold"}}
with good as (select * from {{ref "only_good"}})
select id, count(*) as readings, max(load_id) as load_id, {{run_started_at}} as built_at,
    md5(id || {{secret "PEPPER"}}) as pseudonym
from good
{{#incremental}}where id in (select id from {{ref "readings"}} where load_id > {{high_water "readings"}})
{{else}}
-- everything
{{/incremental}}
group by id
`,
        'models/gold/report.sql': 'select * from {{ref "fact"}} -- all of it',
        'tests/data/nothing_bad.sql': 'select * from {{ref "only_good"}} where is_outlier;',
      },
      { env: { PEPPER: 'never to be seen' } },
    );
    const parts = manifest.order.flatMap((id) => {
      const node = manifest.nodes.get(id);
      if (node?.kind === 'test') return [`-- ${id}\n${node.sql.text};\n`];
      if (node?.kind !== 'model') return [];
      const full = `-- ${id}, ${node.materialized}\n${node.fullSql.text};\n`;
      const part = incrementalSqlOf(node);
      return part === undefined ? [full] : [full, `-- ${id}, in an incremental run\n${part.text};\n`];
    });
    expect(parts.join('\n')).not.toContain('never to be seen');
    expectGolden('compiled-project', parts.join('\n'));
  });
});

describe('the golden files', () => {
  it('are those of the tests, and no others', () => {
    const files = readdirSync(expectedFolder, { withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).sort()).toEqual(
      [...cases.map((one) => one.name), 'compiled-project', 'subject-rows'].map((name) => `${name}.sql`).sort(),
    );
  });
});
