import { describe, expect, it } from 'vitest';
import { powerBiProject } from '../../../powerbi/project/project.ts';
import { design, household, options } from '../../integration/powerbi/reader/exposures.ts';
import { modelFaults } from '../../integration/powerbi/reader/tmdl-model.ts';
import { readTmdl } from '../../integration/powerbi/reader/tmdl-reader.ts';

/** The faults of the household's model after one replacement in its TMDL. */
function faultsAfter(found: string | RegExp, replacement: string): readonly string[] {
  const texts = [...powerBiProject(household, options, design).files].filter(([path]) => path.endsWith('.tmdl'));
  let changed = false;
  const documents = texts.map(([, text]) => {
    const next = changed ? text : text.replace(found, replacement);
    changed ||= next !== text;
    return readTmdl(next);
  });
  expect(changed).toBe(true);
  return modelFaults(documents);
}

describe('the reader that the tests trust', () => {
  it.each([
    ['a relationship of no column', "toColumn: Room.'Room key'", "toColumn: Room.'Key of room'", 'names nothing'],
    [
      'a sort order by no column',
      "sortByColumn: 'Month number'",
      'sortByColumn: Number',
      'sortByColumn Number in Date',
    ],
    ['a role of no table', 'tablePermission Access', 'tablePermission Addresses', 'tablePermission Addresses'],
    ['a reference to no table', 'ref table Room', 'ref table Rooms', 'ref table Rooms names nothing'],
    ['two tables of one name', /^table Room$/m, 'table Date', 'table Date is there twice'],
    ['two roles of one name', /^role Jimmy$/m, "role 'By login'", 'role By login is there twice'],
    ['two measures of one name', /(^table Room\n.*\n)/m, '$1\n\tmeasure COST = 1\n', 'is there twice'],
    ['a measure named like a column', 'measure Cost =', "measure 'cost (chf)' =", 'is named like a column'],
    [
      'a measure that needs itself',
      "measure Cost = SUM('Energy by minute'[Cost (CHF)])",
      'measure Cost = [Cost per day]',
      'Cost needs itself',
    ],
    [
      'a measure of no column',
      "SUM('Energy by minute'[Cost (CHF)])",
      "SUM('Energy by minute'[Cost (EUR)])",
      'there is no Energy by minute[Cost (EUR)]',
    ],
  ])('finds %s', (_, found, replacement, message) => {
    expect(faultsAfter(found, replacement).join('\n')).toContain(message);
  });

  it('finds a tag that two objects have', () => {
    const [tag = ''] =
      /lineageTag: (\S+)/.exec([...powerBiProject(household, options, design).files.values()].join('\n'))?.slice(1) ??
      [];
    expect(faultsAfter(/(measure Cost [\s\S]*?lineageTag: )\S+/, `$1${tag}`).join()).toMatch(
      /lineageTag .* is there twice/,
    );
  });
});
