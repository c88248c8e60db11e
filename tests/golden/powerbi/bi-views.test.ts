import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Comments, nothingPreserved } from '../../../runner/database/attachments.ts';
import type { Column, ExistingRelation } from '../../../runner/database/catalog.ts';
import type { ModelNode, ViewNode } from '../../../runner/manifest/manifest.ts';
import { describeRelation } from '../../../runner/materialize/parts/comments.ts';
import type { Step } from '../../../runner/materialize/parts/step.ts';
import type { NodeState } from '../../../runner/plan/decision.ts';
import { plan } from '../../../runner/plan/plan.ts';
import type { Config } from '../../../runner/project/config.ts';
import { SqlText } from '../../../runner/text/sql-text.ts';
import { compileFiles, modelOf, tableOf, viewOf } from '../../unit/runner/projects.ts';
import { expectedFolder, expectGolden } from '../golden.ts';

const folder = join(expectedFolder, 'bi');

const compiled = compileFiles({
  'project.yml': 'name: test\nmodels: { +schema: gold, +materialized: table }\nbi: { time_zone: America/New_York }\n',
  'models/energy.sql': 'select 1 as minute_key',
  'models/climate.sql': 'select 1 as minute_key',
  'models/device.sql': 'select 1 as device_key',
  'models/all.yml': `
models:
  - name: energy
    description: What devices use, minute by minute.
    bi:
      name: Energy by minute
      blank: { unless: is_valid, columns: [power_w, price, first_seen, steps] }
    constraints:
      - { type: primary_key, columns: [minute_key, device_key] }
      - { type: foreign_key, columns: [device_key], to: ref('device'), to_columns: [device_key] }
    columns:
      - { name: minute_key, data_type: bigint, description: The minute }
      - { name: device_key, data_type: int, description: The device }
      - { name: power_w, data_type: real, description: Power., bi: { name: Power (W) } }
      - { name: price, data_type: "numeric(10, 4)", description: What it costs }
      - { name: first_seen, data_type: timestamptz, description: First reading }
      - { name: steps, data_type: smallint, description: How many }
      - { name: is_valid, data_type: boolean, description: To be trusted, bi: { name: Valid } }
      - { name: secret, data_type: text, description: Nobody's business, bi: false }
  - name: climate
    bi: { name: 'The "air"', blank: { if: is_odd, columns: co2 } }
    columns:
      - { name: minute_key, data_type: integer }
      - { name: co2, data_type: double precision, bi: { name: CO2 (ppm) } }
      - { name: is_odd, data_type: boolean, bi: { name: is_odd } }
  - name: device
    description: Sensors, each once
    bi: { name: Device, description: 'The sensors: what people call them' }
    constraints: [{ type: primary_key, columns: [device_key] }]
    columns:
      - { name: device_key, data_type: integer, description: Key }
      - { name: label, data_type: varchar(20), description: "It's a \\\\ label" }
      - { name: seen_at, data_type: timestamp with time zone, description: Last reading, bi: { name: Seen } }
      - { name: bought_at, data_type: timestamp(0), description: When it was bought }
      - { name: made_on, data_type: date, description: When it was made }
`,
});

function textOf(steps: readonly Step[]): string {
  return steps.map((step) => `-- ${step.kind}\n${step.sql.text};\n`).join('\n');
}

function createView(node: ViewNode): readonly Step[] {
  const columns = node.columns.map(({ name, dataType = '' }) => ({ name, type: dataType }));
  return plan({ kind: 'model', node, sql: node.fullSql, yields: columns }, { mode: 'view', reason: 'new' }, nothing, {
    at,
    views: [],
    preserved: nothingPreserved,
  });
}

const at = '2024-01-01T00:00:00.000Z';

const nothing: NodeState = {
  expired: new Map(),
  access: undefined,
  existing: undefined,
  recorded: undefined,
  consumed: new Map(),
  upstreams: new Map(),
  upstreamShape: '',
  pruned: new Map(),
};

function standing(kind: 'table' | 'view', columns: readonly Column[]): ExistingRelation {
  return {
    kind,
    estimatedRows: 100,
    populated: true,
    columns: columns.map((column) => ({ ...column, notNull: false })),
    objects: [],
    unique: [],
    foreignKeys: [],
    referencedBy: [],
    securityInvoker: true,
    rowSecurity: { enabled: false, forced: false, policies: [] },
  };
}

/** The comments that stand on a model, all of one text. */
function comments(node: ModelNode, kind: Comments['kind'], text: string | null): Comments {
  return { kind, relation: text, columns: new Map(node.columns.map(({ name }) => [name, text])) };
}

const device = modelOf(compiled, 'device');
const cases: Readonly<Record<string, () => readonly Step[]>> = {
  'view-blank-unless': () => createView(viewOf(compiled, 'bi_energy')),
  'view-blank-if': () => createView(viewOf(compiled, 'bi_climate')),
  'view-local-time': () => createView(viewOf(compiled, 'bi_device')),
  'comments-on-view': () => {
    const node = modelOf(compiled, 'bi_energy');
    return describeRelation(node, comments(node, 'view', null));
  },
  'comments-on-table': () => describeRelation(device, comments(device, 'table', 'an old description')),
  'comments-changed-in-part': () => {
    const { columns } = comments(device, 'table', null);
    const written = device.columns.map(
      ({ name, description }) => [name, name === 'label' ? 'old' : description] as const,
    );
    return describeRelation(device, {
      kind: 'table',
      relation: device.description,
      columns: new Map([...columns, ...written]),
    });
  },
  'table-replace-under-view': () => {
    const view = modelOf(compiled, 'bi_climate');
    const now = [
      { name: 'minute_key', type: 'integer' },
      { name: 'co2', type: 'double precision' },
      { name: 'is_odd', type: 'boolean' },
    ];
    const before = [{ name: 'minute_key', type: 'text' }, ...now.slice(1), { name: 'gone', type: 'integer' }];
    const grants = [{ grantee: 'power bi', privilege: 'SELECT', grantable: false }];
    const existing = standing('table', before);
    return plan(
      { kind: 'model', node: tableOf(compiled, 'climate'), sql: new SqlText('select 1'), yields: now },
      { mode: 'replace', reason: 'table', existing },
      { ...nothing, existing },
      {
        at,
        preserved: nothingPreserved,
        views: [
          {
            kind: 'view',
            relation: view.relation,
            sql: view.fullSql,
            options: ['security_invoker=true'],
            columns: view.columns.map((column) => column.name),
            defaults: [],
            populated: true,
            triggers: [],
            indexes: [],
            grants,
            columnGrants: [],
            model: view,
            isAsBuilt: true,
            comments: comments(view, 'view', 'by hand'),
          },
        ],
      },
    );
  },
};

describe('the statements of views for Power BI and of comments', () => {
  it.each(Object.keys(cases))('%s', (name) => {
    expectGolden(`bi/${name}`, textOf(cases[name]?.() ?? []));
  });

  it('say nothing where the comments are right or the .yml has no description', () => {
    const written = new Map(device.columns.map(({ name, description }) => [name, description]));
    expect(describeRelation(device, { kind: 'table', relation: device.description, columns: written })).toEqual([]);
    const silent = modelOf(compiled, 'climate');
    expect(describeRelation(silent, comments(silent, 'table', 'written by hand'))).toEqual([]);
  });

  it('leave alone what persist_docs excludes, also where the view was made anew', () => {
    const quiet = (persist_docs: Config['persist_docs']) => ({ ...device, config: { ...device.config, persist_docs } });
    const before = comments(device, 'view', 'by hand');
    const bare = comments(device, 'view', null);
    const textsOf = (steps: readonly Step[]) => steps.map((step) => step.sql.text.slice('comment on '.length));
    const hand = `is 'by hand'`;
    const all = textsOf(describeRelation(quiet({ relation: false, columns: false }), bare, before));
    expect(all).toHaveLength(1 + device.columns.length);
    expect(all.every((text) => text.endsWith(hand))).toBe(true);
    const columns = textsOf(describeRelation(quiet({ relation: false }), bare, before));
    expect(columns.filter((text) => text.endsWith(hand))).toEqual([`view "gold"."device" ${hand}`]);
    const relation = textsOf(describeRelation(quiet({ columns: false }), bare, before));
    expect(relation.filter((text) => !text.endsWith(hand))).toEqual([
      `view "gold"."device" is '${device.description}'`,
    ]);
    expect(describeRelation(quiet({ relation: false, columns: false }), comments(device, 'table', 'old'))).toEqual([]);
  });

  it('give a comment by hand back that went with a view, but to no column that is gone', () => {
    const silent = modelOf(compiled, 'climate');
    const before = comments(silent, 'view', 'written by hand');
    const now = { kind: 'view' as const, relation: 'new', columns: new Map([['co2', null]]) };
    expect(describeRelation(silent, now, before).map((step) => step.sql.text)).toEqual([
      'comment on column "gold"."climate"."co2" is \'written by hand\'',
    ]);
  });

  it('are all in the golden files', () => {
    expect(readdirSync(folder).sort()).toEqual(
      Object.keys(cases)
        .map((name) => `${name}.sql`)
        .sort(),
    );
  });
});
