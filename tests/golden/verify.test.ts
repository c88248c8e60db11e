import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Column, ForeignKey } from '../../runner/database/catalog.ts';
import type { TableTarget } from '../../runner/materialize/parts/target.ts';
import { planBeside } from '../../runner/plan/plan-beside.ts';
import { SqlText } from '../../runner/text/sql-text.ts';
import { type Comparison, compareRows } from '../../runner/verify/compare.ts';
import { expectedFolder, expectGolden } from './golden.ts';

interface Case extends Partial<Omit<Comparison, 'target'>> {
  /** Also the name of the golden file. */
  readonly name: string;
  readonly target?: Partial<TableTarget>;
  /** Whether the database holds the standing table to its unique key. */
  readonly unique?: boolean;
}

const column = (name: string, type = 'integer'): Column => ({ name, type });
const events = [column('id'), column('room', 'text'), column('payload', 'json'), column('load_id', 'bigint')];
const target: TableTarget = {
  model: 'm',
  relation: { schema: 'public', name: 'm' },
  uniqueKey: ['id', 'room'],
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
const facts: ForeignKey = {
  from: { schema: 'gold', name: 'facts' },
  columns: ['event_id', 'event_room'],
  to: { schema: 'public', name: 'm' },
  toColumns: ['id', 'room'],
};

const cases: readonly Case[] = [
  { name: 'by-key' },
  { name: 'by-key-not-held-by-the-database', unique: false },
  { name: 'by-key-with-nothing-but-key', columns: events.slice(0, 2), limit: -1 },
  {
    name: 'by-key-where-increments-leave-columns',
    columns: [...events, column('note', 'text')],
    target: { merge: { update: undefined, exclude: ['note'], predicates: [] } },
  },
  { name: 'by-key-referenced-by-others', referencedBy: [facts] },
  {
    name: 'by-key-without-old-rows',
    columns: [...events, column('day_key')],
    since: { column: 'day_key', bound: '20240102' },
  },
  {
    name: 'by-natural-key',
    target: {
      uniqueKey: ['room'],
      surrogateKey: 'room_key',
      key: { model: 'm', column: 'room_key', uniqueKey: ['room'] },
    },
    columns: [column('room_key'), column('room', 'text'), column("it's", 'smallint')],
  },
  { name: 'of-all', target: { uniqueKey: [] } },
  {
    name: 'of-all-without-old-rows',
    target: { uniqueKey: [] },
    columns: [...events, column('at', 'date')],
    since: { column: 'at', bound: `date '2024-01-02'` },
    limit: -1,
  },
];

describe('the statements that verify', () => {
  it.each(cases)('$name', ({ name, target: changed, unique = true, ...rest }) => {
    const whole = { ...target, ...changed };
    const steps = planBeside(whole, new SqlText('select * from raw.events'), unique);
    const query = compareRows({
      columns: events,
      referencedBy: [],
      since: undefined,
      limit: 20,
      ...rest,
      target: whole,
    });
    expectGolden(`verify/${name}`, [...steps.map(({ sql }) => sql), query].map(({ text }) => `${text};\n`).join('\n'));
  });

  it('have a golden file each, and there are no others', () => {
    expect(readdirSync(join(expectedFolder, 'verify')).sort()).toEqual(cases.map(({ name }) => `${name}.sql`).sort());
  });
});
