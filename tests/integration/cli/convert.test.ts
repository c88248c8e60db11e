import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { empty } from '../emptied.ts';
import { runHere } from './in-process.ts';

const { PATH = '', HOME = '', SystemRoot = '' } = process.env;
const clean = { PATH, HOME, SystemRoot, TEMP: tmpdir() };
const projects = resolve(import.meta.dirname, '..', '..', 'fixtures', 'dbt');
const parent = mkdtempSync(join(tmpdir(), 'datacycle-convert-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

describe.each(oneDatabase)('on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());

  test.each([
    [
      'bakery',
      'select name, bread_amount, cake_amount, sales from {{ref "shops"}} order by 1',
      'North,3.50,12.00,2 South,4.00,0,1',
    ],
    [
      'cinema',
      'select (select sum(taken) from {{ref "film_days"}}) as taken, (select count(*) from {{ref "film_prices"}}) as films, (select sum(tickets) from {{ref "prices"}}) as tickets',
      '39,2,4',
    ],
    [
      'bikes',
      'select date_day::date, "Lake", "Hill", length from {{ref "rides_of_days"}} order by 1',
      '2024-01-02,1,0,long 2024-01-03,0,1,short',
    ],
  ])('the dbt project %s converts and builds without a hand', async (name, query, rows) => {
    const folder = join(parent, name);
    const converted = await runHere(['convert', join(projects, name), '--into', folder], parent, clean);
    expect(converted.stderr + converted.stdout).toContain('Nothing is left to do by hand.');
    expect(converted.code).toBe(0);
    expect(readFileSync(join(folder, 'CONVERT.md'), 'utf8')).toContain('Nothing is left to do by hand.');
    await empty(database.warehouse);
    const env = database.url === undefined ? clean : { ...clean, DB_URL: database.url };
    // Twice: an increment is another statement than the first build.
    for (let run = 0; run < 2; run += 1) {
      const built = await runHere(['build', '--no-reuse'], folder, env);
      expect([built.code, built.code === 0 ? '' : built.stdout + built.stderr]).toEqual([0, '']);
    }
    const shown = await runHere(['show', '--inline', query, '--limit', '-1', '--output', 'csv'], folder, env);
    expect(shown.stdout.trim().split(/\r?\n/).slice(1).join(' ')).toBe(rows);
  });
});
