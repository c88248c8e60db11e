import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Compiled, compileProject } from '../../../runner/compile/compile.ts';
import type { IncrementalNode, UnitTestNode } from '../../../runner/manifest/manifest.ts';
import { sourceTexts } from '../../../runner/project/project.ts';
import { readProject } from '../../../runner/project/read-project.ts';
import { NodeError } from '../../../runner/text/errors.ts';
import type { SqlText } from '../../../runner/text/sql-text.ts';
import { UnitTester } from '../../../runner/unit-test/unit-tester.ts';
import { openEmbedded } from '../databases.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe('the unit tests of the incremental models', () => {
  const compiled: Compiled = compileProject(readProject({ root, env: {} }));
  const nodes = [...compiled.manifest.nodes.values()];
  const models = nodes.filter((node) => node.kind === 'model' && node.materialized === 'incremental');
  const tests = nodes.filter((node) => node.kind === 'unit_test');
  const testOf = (name: string) => {
    const test = tests.find(({ model, compares }) => model.name === name && compares === 'table');
    if (test === undefined) throw new Error(`${name} has no unit test of several runs`);
    return test;
  };
  let tester: UnitTester;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const target = await openEmbedded();
    tester = new UnitTester({
      manifest: compiled.manifest,
      root,
      sourceText: sourceTexts(compiled.project),
      target,
      on: 'embedded',
      settings: {},
    });
    close = async () => {
      await tester.close();
      await target.close();
    };
  });
  afterAll(() => close());

  /** Whether a test notices that its model has been changed. */
  const notices = async (test: UnitTestNode, change: (model: IncrementalNode) => IncrementalNode) => {
    const model = change(test.model as IncrementalNode);
    try {
      return (await tester.run({ ...test, model: { ...model, checksum: 'changed' } })) !== undefined;
    } catch (error) {
      if (error instanceof NodeError) return true;
      throw error;
    }
  };
  const replaced = (sql: SqlText, from: string, to: string) => {
    const texts = [...sql.text.matchAll(new RegExp(from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'g'))];
    return sql.put(texts.map(({ index }) => ({ start: index, end: index + from.length, text: to })));
  };

  it('are there for each, of at least two runs, and pass as the models are', async () => {
    expect(models.map(({ name }) => testOf(name).runs.length).filter((runs) => runs < 2)).toEqual([]);
    for (const { name } of models) expect([name, await tester.run(testOf(name))]).toEqual([name, undefined]);
  });

  it('notice a mark that is one too high', async () => {
    const unnoticed: string[] = [];
    for (const { name } of models) {
      const test = testOf(name);
      const { incrementalSql: sql, highWater } = test.model as IncrementalNode;
      for (const id of highWater) {
        const ends = sql.holes.filter(({ hole }) => hole.kind === 'high_water' && hole.id === id).map(({ end }) => end);
        const moved = sql.put(ends.map((end) => ({ start: end, end, text: ' + 1' })));
        if (!(await notices(test, (model) => ({ ...model, incrementalSql: moved })))) unnoticed.push(`${name}: ${id}`);
      }
    }
    expect(unnoticed).toEqual([]);
  });

  it('notice a merge key that lacks a column', async () => {
    const unnoticed: string[] = [];
    for (const { name } of models) {
      const test = testOf(name);
      const key = test.model.config.unique_key ?? [];
      for (const lost of key.length > 1 ? key : []) {
        const unique_key = key.filter((column) => column !== lost);
        if (!(await notices(test, (model) => ({ ...model, config: { ...model.config, unique_key } }))))
          unnoticed.push(`${name}: ${lost}`);
      }
    }
    // An id of a device holds its type.
    expect(unnoticed).toEqual(['dim_device: sensor_type']);
  });

  it.each([
    [
      'fact_prediction',
      'a reading just before the end of the window',
      'm.timestamp - w.longest',
      "m.timestamp - w.longest + interval '1 minute'",
    ],
    ['fact_weather_day', 'the last hour of a day', '+ 2359', '+ 2259'],
    [
      'fact_weather_hour',
      'the last minute of an hour',
      "s.timestamp < t.hour + interval '1 hour'",
      "s.timestamp < t.hour + interval '59 minutes'",
    ],
    [
      'fact_device_health_day',
      'the last minute of a day',
      '(r.date + 1)::timestamp',
      "((r.date + 1)::timestamp - interval '1 minute')",
    ],
    ['dim_date', 'the last day of a year', 's.last_year, 12, 31', 's.last_year, 12, 30'],
    ['dim_date', 'a year of a gap that is just short enough', '- year - 1 <= 5', '- year - 1 < 5'],
    ['fact_device_health_day', 'the last day of a gap', 'then o.date - 1', 'then o.date - 2'],
    [
      'dim_device',
      'the last minute of being active',
      "interval '24 hours'",
      "interval '24 hours' - interval '1 minute'",
    ],
  ])('notice a window of %s that misses %s', async (name, _what, from, to) => {
    const test = testOf(name);
    const { fullSql, incrementalSql } = test.model as IncrementalNode;
    expect(incrementalSql.text).toContain(from);
    const change = { fullSql: replaced(fullSql, from, to), incrementalSql: replaced(incrementalSql, from, to) };
    expect(await notices(test, (model) => ({ ...model, ...change }))).toBe(true);
  });
});
