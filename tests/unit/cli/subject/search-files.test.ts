import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eraseFromLogs } from '../../../../cli/subject/erase-files.ts';
import { searchFiles } from '../../../../cli/subject/search-files.ts';
import { SubjectWords } from '../../../../runner/subject/words.ts';

/** Files are read in pieces of this many bytes. */
const piece = 65_536;

describe('what a search can read', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'datacycle-search-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const words = new SubjectWords({ id: 'jimmy', owner: 'JimmyLoup', names: [] });
  const signal = new AbortController().signal;
  const text = `{"user": "JimmyLoup", "plugs": {}}`;

  it('is UTF-16, too, and what is packed in an unknown way is told', async () => {
    const wide = Buffer.from(`\ufeff${' '.repeat(piece)}${text}`, 'utf16le');
    writeFileSync(join(folder, 'little.json'), wide);
    writeFileSync(join(folder, 'big.json'), Buffer.from(wide).swap16());
    writeFileSync(join(folder, 'bare.json'), Buffer.from(text, 'utf16le'));
    writeFileSync(join(folder, 'other.json'), Buffer.from('{"user": "Anna"}', 'utf16le'));
    writeFileSync(join(folder, 'old.xz'), 'whatever');
    const { named, unreadable } = await searchFiles(folder, words, { signal });
    expect([...named].sort()).toEqual(['bare.json', 'big.json', 'little.json']);
    expect(unreadable).toEqual(['old.xz']);
  });

  it('is every log of its own, whatever logrotate calls it', async () => {
    const own = ['datacycle.log', 'datacycle.log.1', 'datacycle.log-20231012', 'datacycle-watch.log-20231012'];
    for (const name of [...own, 'datacycle.logs', 'other.log']) writeFileSync(join(folder, name), `${text}\n`);
    expect(await eraseFromLogs(folder, words, signal)).toBe(own.length);
    for (const name of own)
      expect(readFileSync(join(folder, name), 'utf8'), name).toBe(`${text.replace('JimmyLoup', '[erased]')}\n`);
    expect(readFileSync(join(folder, 'other.log'), 'utf8')).toContain('JimmyLoup');
    expect(readdirSync(folder)).toHaveLength(own.length + 2);
  });
});

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
