import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDesign } from '../../../cli/bi/design.ts';
import { fieldName } from '../../../powerbi/model/fields.ts';
import { compileProject } from '../../../runner/compile/compile.ts';
import { readProject } from '../../../runner/project/read-project.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const { exposures } = compileProject(readProject({ root, env: {} }));
const { pages, extras } = readDesign(root);
const measures = new Map(
  exposures.flatMap((one) => one.measures.map(({ name, expression }) => [name, expression] as const)),
);
const daxOf = (name: string) => measures.get(name)?.replace(/\s+/g, ' ') ?? '';

/** What no SQL beside the definition shows, since only Power BI's engine computes it: that the DAX keeps to what was learnt. */
describe('the DAX of the project', () => {
  it.each([
    'Comfort share',
    'Presence share',
    'Hours present',
    'Minutes above 1000 ppm',
    'Window open share',
    'Accuracy',
  ])('%s is 0 and not blank where nothing qualifies of what is there', (name) => {
    expect(daxOf(name)).toMatch(/\+ 0/);
  });

  it('compares with the week before only where at most a week is chosen', () => {
    const guard = "COUNTROWS(VALUES('Date'[Date])) <= 7";
    expect(daxOf('Energy of the previous week')).toContain(guard);
    expect(daxOf('Energy against the previous week')).toContain('[Energy of the previous week]');
    const items = extras.calculation_groups?.find(({ name }) => name === 'Comparison')?.items ?? [];
    for (const { name, expression } of items)
      if (expression.includes('DATEADD')) expect(expression.replace(/\s+/g, ' '), name).toContain(guard);
    expect(items.filter(({ expression }) => expression.includes('DATEADD'))).toHaveLength(2);
  });

  it.each(['Energy', 'Cost', 'Average power', 'Energy measured', 'Energy predicted'])(
    '%s takes meter or plugs by whether there is a meter, whatever day is chosen',
    (name) => {
      expect(daxOf(name)).toMatch(/SUMX\( VALUES\('[^']+'\[Apartment key\]\), IF\( CALCULATE\( ?NOT ISEMPTY\(/);
      expect(daxOf(name)).toContain("REMOVEFILTERS('Date')");
    },
  );

  it.each([
    'Predicted',
    'Actual',
    'Prediction error',
    'Prediction bias',
    'Mean absolute error',
    'Root mean squared error',
    'Bias',
    'Skill against the baseline',
  ])('%s is empty for several targets', (name) => {
    expect(daxOf(name)).toMatch(/DISTINCTCOUNT\('[^']+'\[Prediction target key\]\) = 1/);
  });

  it('adds base loads up by meter, and takes the newest issue of a forecast', () => {
    expect(daxOf('Base load')).toContain("SUMX( VALUES('Energy by minute'[Device key])");
    expect(daxOf('Latest forecast temperature')).toContain("MAX('Weather forecast by hour'[Issue date key])");
  });

  it('has a format for every measure that is a number', () => {
    const named = /^(Top|Measured at)/;
    const without = exposures.flatMap((one) =>
      one.measures.filter(({ format, texts }) => format === undefined && texts === undefined),
    );
    expect(without.map(({ name }) => name).filter((name) => !named.test(name))).toEqual([]);
  });

  it('is by local hours of local days: those of a day in UTC would be out of order', () => {
    const axes = pages.flatMap(({ visuals }) =>
      visuals.flatMap(({ wells = {} }) => [
        [...(wells.Category ?? []), ...(wells.Rows ?? []), ...(wells.Columns ?? [])],
      ]),
    );
    const hourly = axes.filter((fields) => fields.includes('Minute.Hour (local)'));
    expect(hourly.length).toBeGreaterThan(8);
    expect(hourly.filter((fields) => fields.includes('Date.Date'))).toEqual([]);
  });

  it('is never beside a column in a plain table, which would show headers alone', () => {
    for (const { title, visuals } of pages)
      for (const visual of visuals.filter((one) => one.visual === 'tableEx')) {
        const kinds = (visual.wells?.Values ?? []).map((field) => measures.has(fieldName(field).name));
        expect(new Set(kinds).size, `${title}, ${visual.title}`).toBe(1);
      }
  });
});
