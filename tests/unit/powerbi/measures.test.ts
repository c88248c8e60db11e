import { describe, expect, it } from 'vitest';
import { checkMeasures } from '../../../powerbi/model/check-measures.ts';
import { scanDax } from '../../../powerbi/model/dax-scan.ts';
import { column, exposure, household } from '../../integration/powerbi/reader/exposures.ts';

describe('the DAX scanner', () => {
  const seen = (dax: string) =>
    scanDax(dax).references.map((one) =>
      one.kind === 'field' ? `${one.table}|${one.name}` : `${one.kind} ${one.name}`,
    );

  it.each([
    ["SUM('Energy by minute'[Power (W)])", ['Energy by minute|Power (W)']],
    ["SUM('Energy by minute' [Power (W)])", ['Energy by minute|Power (W)']],
    ['SUM(Room[Area])', ['Room|Area']],
    ["COUNTROWS('Room') + [Cost]", ['table Room', 'bare Cost']],
    ["'Anna''s'[a]]b]", ["Anna's|a]b"]],
    ["1 // [no] 'none'\n + [Yes] -- [no]\n /* [no]\n [no] */", ['bare Yes']],
    ['"[no] ""\'none\'" & [Yes]', ['bare Yes']],
    ['VAR x = [A] RETURN x + [B]', ['bare A', 'bare B']],
    ['IF(TRUE(), [A])', ['bare A']],
  ])('finds in %j what it names', (dax, expected) => {
    expect(seen(dax)).toEqual(expected);
    expect(scanDax(dax).fault).toBeUndefined();
  });

  it.each([
    ['SUM(Room[Area]', '( is never closed'],
    ['SUM(Room[Area]))', ') closes nothing'],
    ['{1)', ') closes nothing'],
    ['"open', '" is never closed'],
    ["'open[x]", "' is never closed"],
    ['SUM(Room[Area)', '[ is never closed'],
    ['1 /* open', '/* is never closed'],
  ])('finds in %j what is not closed', (dax, what) => {
    expect(scanDax(dax).fault?.what).toBe(what);
  });
});

describe('the check of measures', () => {
  const faults = (expression: string) =>
    checkMeasures([
      ...household,
      exposure('Extra', 'fact_extra', { columns: [column('Value', 'bigint')], measures: [{ name: 'M', expression }] }),
    ]).map(({ what }) => what);

  it('is content with what is there, in any letter case', () => {
    expect(faults("SUM('extra'[VALUE]) + [cost] + COUNTROWS('Room')")).toEqual([]);
    expect(checkMeasures(household)).toEqual([]);
  });

  it('knows columns that the expression makes itself', () => {
    expect(faults('SUMX(ADDCOLUMNS(VALUES(\'Date\'[Date]), "@cost", [Cost]), [@cost])')).toEqual([]);
  });

  it.each([
    ["SUM('Rom'[Room])", `measure "M": there is no table 'Rom'`],
    ["COUNTROWS('Rom')", `measure "M": there is no table 'Rom'`],
    ["SUM('Room'[Area])", `measure "M": table 'Room' has no column [Area]`],
    ['[Costs]', 'measure "M": there is no measure [Costs]'],
    ['SUM(', 'measure "M": ( is never closed'],
    ['[M] + 1', 'measure "M" needs itself: M -> M'],
  ])('refuses %j', (expression, what) => {
    expect(faults(expression)).toEqual([what]);
  });

  it('finds circles of several measures', () => {
    const measures = [
      { name: 'A', expression: '[B]' },
      { name: 'B', expression: '1 + [C]' },
      { name: 'C', expression: "'X'[A]" },
      { name: 'D', expression: '[A]' },
    ];
    expect(checkMeasures([exposure('X', 'x', { measures })]).map(({ what }) => what)).toEqual([
      'measure "A" needs itself: A -> B -> C -> A',
      'measure "B" needs itself: B -> C -> A -> B',
      'measure "C" needs itself: C -> A -> B -> C',
    ]);
  });

  it('says where and what there is', () => {
    const [problem] = checkMeasures([
      exposure('Extra', 'fact_extra', {
        columns: [column('Value')],
        measures: [{ name: 'M', expression: "'Extra'[x]" }],
      }),
    ]);
    expect(problem).toEqual({
      model: 'model.fact_extra',
      index: 0,
      what: `measure "M": table 'Extra' has no column [x]`,
      hint: 'It has "Value".',
    });
  });
});
