import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Column, ExistingRelation } from '../../runner/database/catalog.ts';
import type { Stretch } from '../../runner/materialize/difference.ts';
import {
  applyBatch,
  type Batch,
  clearOutside,
  createFromBatch,
  isElsewhere,
  stageBatch,
  windowsOfMoved,
  writtenBelow,
} from '../../runner/materialize/microbatch.ts';
import type { Step } from '../../runner/materialize/parts/step.ts';
import type { TableTarget } from '../../runner/materialize/parts/target.ts';
import { forBatch } from '../../runner/plan/batch-sql.ts';
import type { BatchWindow } from '../../runner/state/batch-windows.ts';
import { SqlText } from '../../runner/text/sql-text.ts';
import { compileFiles, modelOf } from '../unit/runner/projects.ts';
import { expectedFolder, expectGolden } from './golden.ts';

const column = (name: string, type = 'integer'): Column => ({ name, type });
const events = [
  column('id'),
  column('at', 'timestamp with time zone'),
  column('payload', 'json'),
  column('load_id', 'bigint'),
];
const target: TableTarget = {
  model: 'm',
  relation: { schema: 'public', name: 'm' },
  uniqueKey: ['id'],
  surrogateKey: undefined,
  auditColumns: ['load_id'],
  constraints: [],
  indexes: [],
  settings: new Map(),
  key: undefined,
  merge: { update: undefined, exclude: [], predicates: [] },
  rowSecurity: undefined,
  access: undefined,
};
const window = {
  from: `timestamptz '2023-10-28T22:00:00Z'`,
  to: `timestamptz '2023-10-29T23:00:00Z'`,
};
const batch: Batch = { target, eventTime: 'at', window, name: '2023-10-29' };
const others: Stretch[] = [
  { from: `timestamptz '2023-10-26T22:00:00Z'`, to: `timestamptz '2023-10-28T22:00:00Z'` },
  { from: `timestamptz '2023-10-29T23:00:00Z'`, to: `timestamptz '2023-10-30T23:00:00Z'` },
];
const existing: ExistingRelation = {
  kind: 'table',
  estimatedRows: 100,
  columns: events.map((one) => ({ ...one, notNull: false })),
  objects: [],
  unique: [],
  foreignKeys: [],
  referencedBy: [],
  populated: true,
  securityInvoker: false,
  rowSecurity: { enabled: false, forced: false, policies: [] },
};
const referenced: ExistingRelation = {
  ...existing,
  referencedBy: [
    {
      from: { schema: 'gold', name: 'facts' },
      columns: ['event_id'],
      to: target.relation,
      toColumns: ['id'],
    },
  ],
};
const sql = new SqlText('select * from events');
const keyless: Batch = { ...batch, target: { ...target, uniqueKey: [] } };
const withTime: Batch = { ...batch, target: { ...target, uniqueKey: ['id', 'at'] } };
const surrogate: Batch = {
  ...batch,
  target: { ...target, surrogateKey: 'key', key: { model: 'm', column: 'key', uniqueKey: ['id'] } },
};

const monthly: Batch = {
  ...withTime,
  target: { ...withTime.target, partitionBy: { column: 'at', granularity: 'month', timeZone: 'Europe/Zurich' } },
};

const cases: Readonly<Record<string, () => readonly Step[]>> = {
  create: () => createFromBatch(batch, sql, events),
  'create-with-surrogate-key': () => createFromBatch(surrogate, sql, events),
  'create-partitioned': () => createFromBatch(monthly, sql, events),
  'by-key-partitioned': () => applyBatch(monthly, existing, events, []),
  stage: () => stageBatch(batch, sql, []),
  'stage-with-surrogate-key': () => stageBatch(surrogate, sql, []),
  'by-key': () => applyBatch(batch, existing, events, []),
  'by-key-beside-others': () => applyBatch(batch, existing, events, others),
  'by-key-referenced-by-others': () => applyBatch(batch, referenced, events, []),
  'by-nothing-but-key': () => applyBatch(withTime, existing, events.slice(0, 2), []),
  'without-key': () => applyBatch(keyless, existing, events, others),
  'outside-cleared': () => [clearOutside(batch, existing, window)],
  'outside-cleared-keeping-old-rows': () => [clearOutside(batch, referenced, { from: undefined, to: window.to })],
  'moved-here': () => [
    { kind: 'run', sql: isElsewhere(batch) },
    { kind: 'run', sql: windowsOfMoved(batch, others) },
  ],
  'written-below-a-mark': () => [{ kind: 'run', sql: writtenBelow(batch, 7) }],
};

function textOf(step: Step): string {
  const counts = step.kind === 'run' && step.counts !== undefined ? `, counts ${step.counts}` : '';
  const complaint = step.kind === 'guard' ? `: ${step.complaint([{ id: null, at: null, row_count: 2 }]).what}` : '';
  return `-- ${step.kind}${counts}${complaint}\n${step.sql.text};\n`;
}

describe('the statements of a batch', () => {
  it.each(Object.entries(cases))('%s', (name, steps) => {
    expectGolden(join('microbatch', name), steps().map(textOf).join('\n'));
  });

  it('the query, compiled and of a batch', () => {
    const compiled = compileFiles({
      'models/sources.yml': `sources: [{ name: raw, tables: [{ name: events, event_time: at }, { name: rooms }] }]`,
      'models/days.sql': '{{config materialized="table" event_time="day"}}select 1 as id, current_date as day',
      'models/passing.sql':
        '{{config materialized="ephemeral" event_time="at"}}select * from {{source "raw" "events"}}',
      'models/m.sql': `{{config materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="day" begin="2023-08-18"}}
with events as (select * from {{source "raw" "events"}}),
others as (select * from {{source "raw" "events"}} as e where e.id > 0)
select events.*, {{batch_start}} as since, {{batch_end}} as until
from {{ref "days"}} -- named as without a filter
join events using (id)
left join {{ref "days" filter=false}} as whole on whole.id = days.id
cross join {{source "raw" "rooms"}}
where exists (select from {{ref "passing"}} p)
`,
    });
    const { fullSql } = modelOf(compiled, 'm');
    const moment = (at: string, local: string) => ({ at, local });
    const day: BatchWindow = {
      from: moment('2023-10-28T22:00:00Z', '2023-10-29 00:00:00'),
      to: moment('2023-10-29T23:00:00Z', '2023-10-30 00:00:00'),
    };
    const typeOf = (id: string) => (id === 'model.days' ? 'date' : 'timestamp with time zone');
    expectGolden(
      join('microbatch', 'query'),
      `-- compiled\n${fullSql.text};\n\n-- of a batch\n${forBatch(fullSql, day, typeOf).text};\n`,
    );
  });

  it('has a golden file for each case, and no others', () => {
    const files = readdirSync(join(expectedFolder, 'microbatch'));
    expect(files.sort()).toEqual([...Object.keys(cases), 'query'].map((name) => `${name}.sql`).sort());
  });
});
