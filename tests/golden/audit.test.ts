import { describe, it } from 'vitest';
import { badRowsSql } from '../../runner/data-test/audit.ts';
import type { Decision } from '../../runner/plan/decision.ts';
import { compileFiles, modelOf, testOf } from '../unit/runner/projects.ts';
import { expectGolden } from './golden.ts';

interface Case {
  /** Also the name of the golden file. */
  readonly name: string;
  readonly config?: string;
  readonly mode: Decision['mode'];
  readonly test: string;
}

const readings = '{{config audit="new_rows"}}\nselect id, value\nfrom {{ref "readings"}}\nwhere value < 0';
const cases: readonly Case[] = [
  { name: 'all-rows', mode: 'increment', test: readings.replace('"new_rows"', 'true') },
  { name: 'new-rows-of-increment', mode: 'increment', test: readings },
  { name: 'new-rows-of-rebuild', mode: 'replace', test: readings },
  {
    name: 'new-rows-of-increment-with-composite-key',
    config: 'unique_key="id, \\"room\\"" alias="Readings"',
    mode: 'increment',
    test: '{{config audit="new_rows"}}\nwith readings as (\n    select * from {{ref "readings"}}\n)\n\nselect * from readings where value < 0',
  },
  {
    name: 'new-rows-of-append',
    config: 'incremental_strategy="append"',
    mode: 'increment',
    test: '{{config audit="new_rows" audits="readings"}}\nselect *\nfrom {{ref "readings"}}\nwhere id in (select id from {{ref "lost"}})',
  },
];

describe('the statement of an audit', () => {
  it.each(cases)('$name', ({ name, config = 'unique_key="id"', mode, test }) => {
    const compiled = compileFiles({
      'models/readings.sql': `{{config materialized="incremental" schema="silver" ${config}}}select 1 as id, 'a' as room, 2 as value`,
      'models/lost.sql': 'select 1 as id',
      'tests/data/t.sql': test,
    });
    const sql = badRowsSql(testOf(compiled, 't'), modelOf(compiled, 'readings'), mode);
    expectGolden(`audits/${name}`, `${sql.text};\n`);
  });
});
