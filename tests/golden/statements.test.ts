import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSeed } from '../../runner/build/transaction/seed.ts';
import { nothingPreserved, type Preserved } from '../../runner/database/attachments.ts';
import type { Column, ExistingRelation } from '../../runner/database/catalog.ts';
import {
  type BuiltNode,
  incrementalSqlOf,
  isBuilt,
  isMicrobatch,
  type Manifest,
} from '../../runner/manifest/manifest.ts';
import type { Step } from '../../runner/materialize/parts/step.ts';
import { createdFor, objectNames } from '../../runner/materialize/parts/structure.ts';
import type { SeedRows } from '../../runner/materialize/parts/target.ts';
import type { Decision, NodeState, PlanOptions } from '../../runner/plan/decision.ts';
import { plan, querySql, type Rows } from '../../runner/plan/plan.ts';
import { structureOf } from '../../runner/plan/table-target.ts';
import { createdFromTexts } from '../../runner/state/created.ts';
import { TemporaryProject } from '../integration/temporary-project.ts';
import { compileFiles } from '../unit/runner/projects.ts';
import { type Case, events, plain } from './case.ts';
import { tableCases } from './cases-of-tables.ts';
import { viewCases } from './cases-of-views.ts';
import { expectedFolder, expectGolden } from './golden.ts';

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

const preserved: Preserved = {
  indexes: [],
  grants: [
    { grantee: 'power bi', privilege: 'SELECT', grantable: true },
    { grantee: null, privilege: 'SELECT', grantable: false },
  ],
  columnGrants: [],
};

function stateOf(one: Case, node: BuiltNode, yields: readonly Column[]): NodeState {
  const kind = one.existingKind ?? (one.mode === 'create' || one.mode === 'view' ? undefined : 'table');
  const declared = objectNames(structureOf(node));
  const notNull = new Set(one.notNull ?? [...(node.config.unique_key ?? []), node.config.surrogate_key]);
  const existing: ExistingRelation | undefined =
    kind === undefined
      ? undefined
      : {
          kind,
          estimatedRows: 100,
          populated: true,
          columns: (one.existingColumns ?? yields).map((each) => ({ ...each, notNull: notNull.has(each.name) })),
          objects: one.objects ?? declared,
          unique: one.objects === undefined ? [node.config.unique_key ?? []] : [],
          foreignKeys: [],
          referencedBy: one.referencedBy ?? [],
          securityInvoker: kind === 'view',
          partitions: one.partitions,
          rowSecurity: one.secured ?? { enabled: false, forced: false, policies: [] },
        };
  const texts = one.created ?? one.objects;
  const created = texts === undefined ? createdFor(structureOf(node)) : createdFromTexts(texts, () => false);
  return {
    existing,
    recorded: existing && {
      relation: '',
      materialized: one.recorded ?? node.config.materialized ?? (node.kind === 'seed' ? 'seed' : 'view'),
      checksum: node.checksum,
      generation: 1,
      upstreamShape: 'same',
      rowsVersion: 1,
      removals: 0,
      created,
    },
    consumed: new Map([['raw.events', { version: 'source', loadId: 41 }]]),
    upstreams: new Map([['raw.events', { version: 'source', loadId: 42 }]]),
    upstreamShape: 'same',
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
  it.each([...tableCases, ...viewCases])('$name', (one) => {
    const { node, manifest, root } = prepare(one);
    try {
      const options = { fullRefresh: false, runStartedAt: '2024-01-01T00:00:00.000Z' };
      const file = node.kind === 'seed' ? readSeed(root.root, node) : undefined;
      const state = stateOf(one, node, file?.columns ?? one.yields ?? events);
      const steps = plan(rowsOf(one, node, state, options, manifest, file), decisionOf(one, state), state, {
        at: options.runStartedAt,
        views: one.views ?? [],
        preserved: state.existing?.kind === 'table' ? nothingPreserved : preserved,
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
      [...[...tableCases, ...viewCases].map((one) => one.name), 'compiled-project', 'subject-rows']
        .map((name) => `${name}.sql`)
        .sort(),
    );
  });
});
