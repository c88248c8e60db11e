import { describe, expect, it } from 'vitest';
import { nothingPreserved } from '../../../../runner/database/attachments.ts';
import type { Column, ExistingRelation } from '../../../../runner/database/catalog.ts';
import { normalType } from '../../../../runner/manifest/column-type.ts';
import { isMicrobatch } from '../../../../runner/manifest/manifest.ts';
import { objectNames } from '../../../../runner/materialize/parts/structure.ts';
import { decide } from '../../../../runner/plan/decide.ts';
import type { NodeState } from '../../../../runner/plan/decision.ts';
import { plan, querySql, type Rows } from '../../../../runner/plan/plan.ts';
import { tableTarget } from '../../../../runner/plan/table-target.ts';
import { nothingCreated } from '../../../../runner/state/created.ts';
import type { Consumed } from '../../../../runner/state/models.ts';
import { compileFiles, modelOf, seedOf } from '../projects.ts';

const compiled = compileFiles({
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
  'models/v.sql': 'select 1 as id',
  'models/e.sql': '{{config materialized="ephemeral"}}select 1 as id',
  'models/mv.sql': '{{config materialized="materialized_view" unique_key="id"}}select 1 as id',
  'models/t.sql': '{{config materialized="table"}}select 1 as id',
  'models/i.sql':
    '{{config materialized="incremental" unique_key="id"}}select 1 as id, {{run_started_at}} as at from {{source "raw" "events"}} {{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}',
  'models/h.sql':
    '{{config materialized="incremental" unique_key="id"}}select 1 as id from {{source "raw" "events"}} {{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}',
  'models/p.sql': '{{config materialized="incremental" unique_key="id"}}select 1 as id from {{source "raw" "events"}}',
  'models/kept.sql':
    '{{config materialized="incremental" unique_key="id" full_refresh=false}}select 1 as id from {{source "raw" "events"}}',
  'models/anew.sql':
    '{{config materialized="incremental" unique_key="id" full_refresh=true}}select 1 as id from {{source "raw" "events"}} {{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}',
  'models/odd name.sql': '{{config materialized="incremental" unique_key="id"}}select 1 as id, 1 as load_id',
  'models/o.sql':
    '{{config materialized="incremental" unique_key="id"}}select 1 as id from {{ref "odd name"}} {{#incremental}}where load_id > {{high_water "odd name"}}{{/incremental}}',
  'models/c.sql': '{{config materialized="table"}}select 1 as id',
  'models/c.yml':
    'models: [{ name: c, config: { contract: { enforced: true } }, columns: [{ name: id, data_type: int }, { name: gone, data_type: text }, { name: untyped }] }]',
  'seeds/s.csv': 'id\n1\n',
});
const node = (name: string) => (name === 's' ? seedOf(compiled, 's') : modelOf(compiled, name));

function relation(kind: ExistingRelation['kind'], objects: readonly string[] = []): ExistingRelation {
  return {
    kind,
    estimatedRows: 10,
    populated: true,
    columns: [{ name: 'id', type: 'integer', notNull: true }],
    objects,
    unique: kind === 'materialized view' ? [['id']] : [],
    foreignKeys: [],
    referencedBy: [],
    securityInvoker: kind === 'view',
    rowSecurity: { enabled: false, forced: false, policies: [] },
  };
}

interface Situation {
  readonly stands?: ExistingRelation['kind'];
  /** What is recorded; `same`: the checksum that the node has now. */
  readonly checksum?: 'same' | 'other';
  /** The columns of what it read when it was built, if they were others or not recorded. */
  readonly shape?: 'other' | null;
  readonly consumed?: Consumed;
  readonly newest?: Consumed;
  readonly fullRefresh?: boolean;
  /** True when the table lacks the constraints and indexes that the runner makes. */
  readonly bare?: boolean;
  /** True when rows of the source are gone. */
  readonly pruned?: boolean;
}

function decisionFor(name: string, situation: Situation): string {
  const { stands, checksum, consumed, newest = { version: '1', loadId: 5 }, fullRefresh = false } = situation;
  const one = node(name);
  const state: NodeState = {
    existing:
      stands === undefined ? undefined : relation(stands, situation.bare === true ? [] : objectNames(tableTarget(one))),
    recorded:
      checksum === undefined
        ? undefined
        : {
            relation: '',
            materialized: one.kind === 'seed' ? 'seed' : one.materialized,
            checksum: checksum === 'same' ? one.checksum : 'x',
            generation: 1,
            upstreamShape: situation.shape === undefined ? 'same' : situation.shape,
            rowsVersion: 1,
            removals: 0,
            created: nothingCreated,
          },
    consumed: new Map(consumed === undefined ? [] : [['raw.events', consumed]]),
    upstreams: new Map([['raw.events', newest]]),
    upstreamShape: 'same',
    pruned: new Map(situation.pruned === true ? [['raw.events', { loadId: 3, at: '2024-01-01T00:00:00Z' }]] : []),
    expired: new Map(),
    access: undefined,
  };
  const decision = decide(one, state, { fullRefresh, runStartedAt: '2024-01-01T00:00:00Z' });
  return `${decision.mode}: ${decision.reason}`;
}

describe('how a node is built', () => {
  const table = { stands: 'table', checksum: 'same' } as const;
  const refreshed = { stands: 'materialized view' } as const;
  const seen = (loadId: number | null, version = '1') => ({ ...table, consumed: { version, loadId } });
  it.each<[string, string, Situation, string]>([
    ['an ephemeral model', 'e', {}, 'skip: ephemeral'],
    ['a view that is not there', 'v', {}, 'view: new'],
    ['a view that is there', 'v', { stands: 'view', checksum: 'same' }, 'skip: unchanged'],
    [
      'a view of what has other columns now',
      'v',
      { stands: 'view', checksum: 'same', shape: 'other' },
      'view: its definition',
    ],
    [
      'a view of a version that did not look',
      'v',
      { stands: 'view', checksum: 'same', shape: null },
      'view: its definition',
    ],
    [
      'a view with --full-refresh',
      'v',
      { stands: 'view', checksum: 'same', fullRefresh: true },
      'view: its definition',
    ],
    ['a view that changed', 'v', { stands: 'view', checksum: 'other' }, 'view: its definition'],
    ['a view that was created by hand', 'v', { stands: 'view' }, 'view: its definition'],
    ['a view that was a table', 'v', table, 'view: its definition'],
    ['a table that is not there', 't', {}, 'create: new'],
    ['a table that was dropped by hand', 't', { checksum: 'same' }, 'create: new'],
    ['a table that is there', 't', table, 'replace: table'],
    ['a table with --full-refresh', 't', { ...table, fullRefresh: true }, 'replace: table'],
    ['a table that was a view', 't', { stands: 'view', checksum: 'same' }, 'create: was a view'],
    ['a materialized view that is not there', 'mv', {}, 'create: new'],
    ['a materialized view that was a table', 'mv', table, 'create: was a table'],
    ['a materialized view that is there', 'mv', { ...refreshed, checksum: 'same' }, 'refresh: refreshed'],
    [
      'a materialized view with --full-refresh',
      'mv',
      { ...refreshed, checksum: 'same', fullRefresh: true },
      'replace: full refresh',
    ],
    [
      'a materialized view whose SQL changed',
      'mv',
      { ...refreshed, checksum: 'other' },
      'replace: its definition changed',
    ],
    ['a materialized view that was created by hand', 'mv', refreshed, 'replace: its definition changed'],
    ['a table that was a materialized view', 't', refreshed, 'create: was a materialized view'],
    ['a view that was a materialized view', 'v', refreshed, 'view: its definition'],
    ['a seed that is not there', 's', {}, 'create: new'],
    ['a seed that is there', 's', table, 'replace: table'],
    ['an incremental model that is not there', 'h', {}, 'create: new'],
    ['an incremental model that was a view', 'h', { stands: 'view', checksum: 'other' }, 'create: was a view'],
    [
      'an incremental model that was created by hand',
      'h',
      { stands: 'table' },
      'replace: not built by datacycle before',
    ],
    ['an incremental model that changed', 'h', { ...seen(5), checksum: 'other' }, 'replace: its SQL changed'],
    ['an incremental model with --full-refresh', 'h', { ...seen(5), fullRefresh: true }, 'replace: full refresh'],
    ['an incremental model with a new upstream', 'h', table, 'replace: raw.events is a new upstream'],
    [
      'an incremental model whose upstream was rebuilt',
      'h',
      seen(5, '0'),
      'replace: raw.events was rebuilt or changed',
    ],
    ['an incremental model with new rows upstream', 'h', seen(4), 'increment: incremental'],
    ['an incremental model that never saw a row', 'h', seen(null), 'increment: incremental'],
    ['an incremental model with nothing new upstream', 'h', seen(5), 'skip: nothing new'],
    [
      'an incremental model with nothing new upstream but columns',
      'h',
      { ...seen(5), shape: 'other' },
      'increment: incremental',
    ],
    [
      'an incremental model that lost a constraint or declares another',
      'h',
      { ...seen(5), bare: true },
      'increment: its constraints or indexes changed',
    ],
    ['nothing upstream at all', 'h', { ...seen(null), newest: { version: '1', loadId: null } }, 'skip: nothing new'],
    [
      'an upstream of which all rows were pruned',
      'h',
      { ...seen(5), newest: { version: '1', loadId: null } },
      'skip: nothing new',
    ],
    ['a model that depends on the time', 'i', seen(5), 'increment: incremental'],
    ['a model without a high-water mark', 'p', seen(null), 'increment: incremental'],
    ['full_refresh: true, also with nothing new upstream', 'anew', seen(5), 'replace: full_refresh: true'],
    ['full_refresh: false with --full-refresh', 'kept', { ...seen(5), fullRefresh: true }, 'increment: incremental'],
    ['full_refresh: false and changed SQL', 'kept', { ...seen(5), checksum: 'other' }, 'increment: incremental'],
    ['full_refresh: false that is not there', 'kept', { fullRefresh: true }, 'create: new'],
  ])('%s', (_name, name, situation, expected) => {
    expect(decisionFor(name, situation)).toBe(expected);
  });
});

describe('a source that was pruned', () => {
  const table = { stands: 'table', checksum: 'same', pruned: true } as const;
  const seen = (loadId: number) => ({ ...table, consumed: { version: '1', loadId } });

  it.each<[string, string, Situation, string]>([
    ['an increment', 'h', { ...seen(4) }, 'increment: incremental'],
    ['nothing new', 'h', { ...seen(5) }, 'skip: nothing new'],
    ['a table', 't', table, 'replace: table'],
    ['full_refresh: false with --full-refresh', 'kept', { ...seen(4), fullRefresh: true }, 'increment: incremental'],
    ['full_refresh: false that is not there', 'kept', { pruned: true }, 'create: new'],
  ])('does not keep from being built: %s', (_name, name, situation, expected) => {
    expect(decisionFor(name, situation)).toBe(expected);
  });

  it.each<[string, Situation, string]>([
    ['a full refresh', { ...seen(5), fullRefresh: true }, 'be rebuilt (full refresh)'],
    ['changed SQL', { ...seen(5), checksum: 'other' }, 'be rebuilt (its SQL changed)'],
    [
      'an upstream of a new generation',
      { ...seen(5), newest: { version: '2', loadId: 5 } },
      'be rebuilt (raw.events was rebuilt or changed)',
    ],
    ['a model that is new', { pruned: true }, 'be made of the whole history'],
  ])('refuses %s', (_name, situation, what) => {
    expect(() => decisionFor('h', situation)).toThrow(
      expect.objectContaining({
        message: `h would ${what}, but rows it is made of have been pruned: raw.events (up to load 3, on 2024-01-01)`,
        where: 'models/h.sql',
        hint: expect.stringMatching(/load --from-bronze.*full_refresh: false/),
      }),
    );
  });
});

describe('the query of a run', () => {
  const state = (consumed: ReadonlyMap<string, Consumed>): NodeState => ({
    existing: relation('table'),
    recorded: undefined,
    consumed,
    upstreams: new Map(),
    upstreamShape: '',
    pruned: new Map(),
    expired: new Map(),
    access: undefined,
  });
  const options = { fullRefresh: false, runStartedAt: `2024-05-01T10:00:00.000Z` };
  const sqlOf = (name: string, form: 'full' | 'increment', consumed: ReadonlyMap<string, Consumed>) =>
    querySql(modelOf(compiled, name), form, state(consumed), options, compiled.manifest).text;

  it('has the mark that was consumed and the time of the run in place of what only the run knows', () => {
    expect(sqlOf('i', 'increment', new Map([['raw.events', { version: 'source', loadId: 41 }]]))).toBe(
      `select 1 as id, timestamptz '2024-05-01T10:00:00.000Z' as at from "raw"."events" where load_id > 41`,
    );
    expect(sqlOf('h', 'increment', new Map())).toBe('select 1 as id from "raw"."events" where load_id > 0');
    expect(sqlOf('h', 'full', new Map())).toBe('select 1 as id from "raw"."events"');
  });

  it('finds the mark of a model with a blank in its name', () => {
    expect(sqlOf('o', 'increment', new Map([['odd name', { version: '1', loadId: 7 }]]))).toBe(
      'select 1 as id from "public"."odd name" where load_id > 7',
    );
  });
});

describe('a plan is refused', () => {
  const none: NodeState = {
    existing: undefined,
    recorded: undefined,
    consumed: new Map(),
    upstreams: new Map(),
    upstreamShape: '',
    pruned: new Map(),
    expired: new Map(),
    access: undefined,
  };
  const create = { mode: 'create', reason: 'new' } as const;
  const rows = (name: string, yields: readonly Column[]): Rows => {
    const model = modelOf(compiled, name);
    if (isMicrobatch(model)) throw new Error(`${name} is planned batch by batch`);
    return { kind: 'model', node: model, sql: model.fullSql, yields };
  };
  const at = '2024-01-01T00:00:00.000Z';

  it('with every breach of a contract in one message', () => {
    const yields = [
      { name: 'id', type: 'bigint' },
      { name: 'untyped', type: 'date' },
      { name: 'extra', type: 'text' },
    ];
    expect(() => plan(rows('c', yields), create, none, { at, views: [], preserved: nothingPreserved })).toThrow(
      [
        'c breaks its contract:',
        '  id: declared int, but the query yields bigint',
        '  gone: declared, but not selected',
        '  untyped: has no data_type; the query yields date',
        '  extra: selected (text), but not declared',
      ].join('\n'),
    );
  });

  it('when a key is not among the columns', () => {
    expect(() =>
      plan(rows('h', [{ name: 'idd', type: 'integer' }]), create, none, { at, views: [], preserved: nothingPreserved }),
    ).toThrow(
      expect.objectContaining({ message: 'h has no column "id" (named in unique_key)', hint: 'Its columns are idd.' }),
    );
  });

  it('when something stands there that is neither a table nor a view', () => {
    const state = { ...none, existing: relation('other') };
    expect(() => decide(node('t'), state, { fullRefresh: false, runStartedAt: at })).toThrow(
      'public.t is neither a table nor a view, and datacycle did not make it',
    );
  });
});

describe('the name that PostgreSQL prints for a type', () => {
  it.each([
    ['int', 'integer'],
    [' INT4 ', 'integer'],
    ['int8', 'bigint'],
    ['float', 'double precision'],
    ['float8', 'double precision'],
    ['bool', 'boolean'],
    ['string', 'text'],
    ['varchar(10)', 'character varying(10)'],
    ['varchar( 10 )', 'character varying(10)'],
    ['char(3)', 'character(3)'],
    ['char', 'character(1)'],
    ['decimal(10, 2)', 'numeric(10,2)'],
    ['timestamptz', 'timestamp with time zone'],
    ['timestamptz(3)', 'timestamp(3) with time zone'],
    ['timestamp(0)', 'timestamp(0) without time zone'],
    ['timestamp', 'timestamp without time zone'],
    ['timestamp  with time zone', 'timestamp with time zone'],
    ['timestamp(3) with time zone', 'timestamp(3) with time zone'],
    ['time(3)', 'time(3) without time zone'],
    ['timetz', 'time with time zone'],
    ['int[]', 'integer[]'],
    ['varchar(5)[]', 'character varying(5)[]'],
    ['timestamptz[]', 'timestamp with time zone[]'],
    ['jsonb', 'jsonb'],
    ['text', 'text'],
  ])('%s is %s', (written, printed) => {
    expect(normalType(written)).toBe(printed);
  });
});
