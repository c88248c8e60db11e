import { expect, it } from 'vitest';
import { Effects } from '../../../../runner/preview/effects.ts';
import { compileFiles, modelOf } from '../projects.ts';

const compiled = compileFiles({
  'project.yml': 'name: test',
  'models/a.sql': '{{config materialized="table"}}select 1 as id',
});
const skip = { mode: 'skip' } as const;
const replace = { mode: 'replace' } as const;
const known = { isNew: false, isOther: false };

it.each([
  ['stays unless all that may change does', [skip, skip, replace], { likely: true, most: false }],
  ['is likely to change', [replace, skip, replace], { likely: false, most: false }],
  ['stays in any case', [skip, skip, skip], { likely: true, most: true }],
])('a node that %s: so does what reads it', (_name, decisions, stays) => {
  const effects = new Effects(compiled);
  effects.note(modelOf(compiled, 'a'), decisions, known);
  expect({ likely: effects.foreseen('likely').stays('a'), most: effects.foreseen('most').stays('a') }).toEqual(stays);
});
