import { describe, expect, it } from 'vitest';
import { formatPlace } from '../../../../../runner/text/place.ts';
import { compileFiles, problemsOf } from '../../projects.ts';

/** A project of one exposed table that Power BI fetches by `column`. */
const fetchedBy = (column: string) => ({
  'models/gold/visits.sql': '{{config materialized="table"}}select 20231012 as date_key',
  'models/gold/visits.yml': `models:
  - name: visits
    bi:
      name: Visits
      refresh_by: ${column}
    columns:
      - { name: date_key, data_type: integer, bi: { name: Day } }
      - { name: visitor, data_type: text }
      - { name: secret_key, data_type: integer, bi: false }
`,
});

describe('refresh_by', () => {
  it('is carried over under the name that the view has for the column', () => {
    expect(compileFiles(fetchedBy('date_key')).exposures[0]?.refreshBy).toBe('Day');
  });

  it.each([
    ['nothing', 'visits: Power BI cannot fetch by "nothing": the view has no such column'],
    ['secret_key', 'visits: Power BI cannot fetch by "secret_key": the view has no such column'],
    ['visitor', 'visits: Power BI cannot fetch by "visitor": it is text'],
  ])('cannot be %s', (column, what) => {
    const [problem, ...others] = problemsOf(fetchedBy(column));
    expect(others).toEqual([]);
    expect(problem?.what).toBe(what);
    expect(problem?.place && formatPlace(problem.place)).toMatch(/^models\/gold\/visits\.yml:5:/);
  });
});
