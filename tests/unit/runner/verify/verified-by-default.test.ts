import { describe, expect, it } from 'vitest';
import { verifiedByDefault } from '../../../../runner/verify/verify.ts';
import { compileFiles } from '../projects.ts';

describe('what is verified where no selection says it', () => {
  const others = { 'models/t.sql': '{{config materialized="table"}}select 1 as id', 'models/v.sql': 'select 1 as id' };

  it('is the incremental models, or in a project without any all models', () => {
    const incremental = '{{config materialized="incremental" unique_key="id"}}select 1 as id';
    const files = { ...others, 'seeds/s.csv': 'id\n1\n' };
    expect([...verifiedByDefault(compileFiles({ ...files, 'models/i.sql': incremental }).manifest)]).toEqual([
      'model.i',
    ]);
    expect([...verifiedByDefault(compileFiles(files).manifest)]).toEqual(['model.t', 'model.v']);
  });
});
