import type { Column, ExistingRelation, ForeignKey } from '../../runner/database/catalog.ts';
import type { DependentView } from '../../runner/materialize/parts/recreate-views.ts';
import type { Access } from '../../runner/materialize/parts/row-security.ts';
import type { Decision } from '../../runner/plan/decision.ts';
import { SqlText } from '../../runner/text/sql-text.ts';

export interface Case {
  /** Also the name of the golden file. */
  readonly name: string;
  readonly config?: string;
  readonly kind?: 'model' | 'seed';
  readonly mode: Exclude<Decision['mode'], 'skip'>;
  readonly sql?: string;
  /** Further keys of the model in its .yml, e.g. constraints. */
  readonly yml?: string;
  /** What the query yields; the existing relation has the same unless `existingColumns` says otherwise. */
  readonly yields?: readonly Column[];
  readonly existingColumns?: readonly Column[];
  /** How the existing relation was materialized; undefined: as the model is now. */
  readonly recorded?: string;
  readonly existingKind?: ExistingRelation['kind'];
  /** Names of constraints and indexes that exist; undefined: all that the node declares. */
  readonly objects?: readonly string[];
  /** Names that the runner created; undefined: those that exist. */
  readonly created?: readonly string[];
  /** Columns of the existing table that are NOT NULL; undefined: its keys. */
  readonly notNull?: readonly string[];
  readonly referencedBy?: readonly ForeignKey[];
  /** The increment's columns are looked at, as where its SQL or on_schema_change asks for that. */
  readonly looksAtColumns?: boolean;
  /** Up to when rows of an upstream have been deleted. */
  readonly expired?: string;
  /** The existing row security. */
  readonly secured?: ExistingRelation['rowSecurity'];
  readonly access?: Access;
  /** The existing partitioning. */
  readonly partitions?: ExistingRelation['partitions'];
  /** The blocking views. */
  readonly views?: readonly DependentView[];
}

export const column = (name: string, type = 'integer'): Column => ({ name, type });
export const events = [
  column('id'),
  column('room', 'text'),
  column('value', 'double precision'),
  column('load_id', 'bigint'),
];
export const incremental = `select id, room, value, load_id
from {{source "raw" "events"}}
{{#incremental}}
where load_id > {{high_water "raw.events"}}
{{/incremental}}`;
export const plain = `select id, room, value, load_id\nfrom {{source "raw" "events"}}`;
export const keyed = 'materialized: table, unique_key: [id, room], audit_columns: load_id';
export const merged = 'materialized: incremental, unique_key: id, audit_columns: load_id';
export const withSurrogate = 'materialized: incremental, unique_key: room, surrogate_key: room_key';
export const roomKey = column('room_key');
export const rooms = [column('room', 'text'), column('floor', 'smallint')];
export const roomSql = 'select room, floor from {{source "raw" "events"}}';
export const constraints = `constraints:
      - { type: primary_key, columns: id }
      - { type: unique, columns: [room, value] }
      - { type: check, expression: value >= 0 }
      - { type: check, expression: load_id > 0, name: load_is_positive }
      - { type: foreign_key, columns: room, to: ref('rooms') }
    columns: [{ name: value, constraints: [{ type: not_null }] }]`;

export const versionColumns = (type: string) => [
  column('dbt_scd_id', 'text'),
  column('dbt_updated_at', type),
  column('dbt_valid_from', type),
  column('dbt_valid_to', type),
];
export const guarded = 'materialized: table, schema: gold, row_security: { column: room, access: who }';
export const seen = (owner: string): Access => ({
  owner,
  visible: [
    { role: 'role_a', values: ['kitchen'] },
    { role: 'Role "all"', values: ['kitchen', "o'clock room"] },
    { role: owner, values: ['kitchen'] },
    { role: 'nobody', values: [] },
  ],
});
export const roomColumn = 'columns: [{ name: room, data_type: text }]';

export const refreshed = 'materialized: materialized_view, unique_key: id';
export const byHand: DependentView = {
  kind: 'view',
  relation: { schema: 'public', name: 'by hand' },
  sql: new SqlText(' SELECT id,\n    room\n   FROM m'),
  options: ['security_barrier=true', 'check_option=local', 'odd=a b'],
  columns: ['id', 'room'],
  defaults: [{ column: 'room', expression: "'kitchen'::text" }],
  populated: true,
  triggers: [],
  indexes: [],
  grants: [{ grantee: 'power bi', privilege: 'SELECT', grantable: false }],
  columnGrants: [{ column: 'room', grantee: null, privilege: 'UPDATE', grantable: false }],
  model: undefined,
  isAsBuilt: false,
  comments: { kind: 'view', relation: 'Look at me', columns: new Map([['id', "the room's"]]) },
};
export const materialized: DependentView = {
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

export const visits = [column('id'), column('room', 'text'), column('at', 'timestamp with time zone')];
export const visitSql = 'select id, room, at from {{source "raw" "events"}}';
export const monthly =
  'materialized: incremental, unique_key: [id, at], partition_by: { column: at, granularity: month, time_zone: Europe/Zurich }';
export const partitions = { column: 'at', open: false, estimatedRows: 0, guards: [{ forced: false, policies: [] }] };
