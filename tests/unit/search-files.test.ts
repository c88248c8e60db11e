import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { searchFiles } from '../../cli/subject/search-files.ts';
import { SubjectWords } from '../../runner/subject-words.ts';

/** Files are read in pieces of this many bytes. */
const piece = 65_536;

describe('a file whose names stand where one piece ends and the next begins', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'datacycle-search-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const others = [{ id: 'old-jimmy-2', owner: 'JimmyLoupSenior', names: [] }];
  const words = new SubjectWords({ id: 'jimmy', owner: 'JimmyLoup', names: ['Jimmy'] }, others);

  it.each([
    ['jimmy', true],
    ['JimmyLoup', true],
    ['jimmys', false],
    ['old-jimmy-2', false],
    ['old-jimmy-20', true],
    ['JimmyLoupSenior', false],
  ])('%s: %s, wherever it is cut', async (name, isNamed) => {
    for (let before = 0; before <= name.length; before += 1) {
      // Once with more behind it than is kept of a piece, once at the end of the file.
      for (const behind of ['', ' '.repeat(2 * piece)])
        writeFileSync(
          join(folder, `${before}-${behind.length}.txt`),
          `${' '.repeat(2 * piece - before)}${name}${behind}`,
        );
    }
    const { named } = await searchFiles(folder, words, { signal: new AbortController().signal });
    expect(named).toHaveLength(isNamed ? 2 * (name.length + 1) : 0);
  });
});
