import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDesign } from '../../../cli/bi/design.ts';
import { powerBiProject } from '../../../powerbi/project/project.ts';
import { compileProject } from '../../../runner/compile/compile.ts';
import { readProject } from '../../../runner/project/read-project.ts';
import { options } from './reader/exposures.ts';
import { mExpressions, mFault, reportFaults } from './reader/microsoft.ts';
import { readTmdl } from './reader/tmdl-reader.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const { exposures } = compileProject(readProject({ root, env: {} }));
const { files, reportFolders } = powerBiProject(exposures, options, readDesign(root));
const [reportFolder = ''] = reportFolders;
const objects = [...files].filter(([path]) => path.endsWith('.tmdl')).flatMap(([, text]) => readTmdl(text).objects);

/** The project's files with one replacement in its visuals. */
function planted(found: string, replacement: string): Map<string, string> {
  let count = 0;
  const changed = new Map(
    [...files].map(([path, text]) => {
      if (count > 0 || !path.endsWith('visual.json') || !text.includes(found)) return [path, text];
      count += 1;
      return [path, text.replace(found, replacement)];
    }),
  );
  expect(count).toBe(1);
  return changed;
}

describe('the project for Power BI, as Microsoft reads it', () => {
  it('has a report without an error and without a warning', async () => {
    for (const folder of reportFolders) expect(await reportFaults(files, folder), folder).toEqual([]);
  });

  it.each([
    ['a visual of an unknown type', '"visualType": "lineChart"', '"visualType": "lineGraph"'],
    ['a well that the visual does not have', '"Category": {', '"Axis": {'],
    ['a formatting object that is not there', '"title": [', '"heading": ['],
    ['a word that is not among those of a property', `"'Dropdown'"`, `"'Combo'"`],
    ['a visual without a required well', '"Y": {', '"Y2": {'],
  ])('would be refused with %s', async (_, found, replacement) => {
    expect(await reportFaults(planted(found, replacement), reportFolder)).not.toEqual([]);
  });

  it('has queries in M that parse', async () => {
    const expressions = mExpressions(objects);
    expect(expressions.length).toBeGreaterThan(exposures.length);
    for (const [name, text] of expressions) expect(await mFault(text), `${name}: ${text}`).toBeUndefined();
    expect(await mFault('let Source = PostgreSQL.Database(Server, Database) View = 1 in View')).toMatch(/expected/i);
  });
});
