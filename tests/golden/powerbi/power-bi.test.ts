import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { powerBiProject } from '../../../powerbi/project/project.ts';
import { design, household, options } from '../../integration/powerbi/reader/exposures.ts';

const file = join(import.meta.dirname, 'power-bi-project.txt');

it('makes the Power BI project of a small model as it was reviewed', () => {
  const text = [...powerBiProject(household, options, design).files]
    .map(([path, content]) => `#### ${path}\n${content}`)
    .join('\n');
  // UPDATE_GOLDEN=1 writes it; the difference is then for a person to read before it is committed.
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
});
