import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eraseFromLog, isOwnLog, searchFiles } from '../../../../cli/subject/files.ts';
import { SubjectWords } from '../../../../runner/subject/words.ts';

/** Files are read in pieces of this many bytes. */
const piece = 65_536;

describe('what a search can read', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'datacycle-search-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const words = new SubjectWords({ id: 'jimmy', owner: 'JimmyLoup' });
  const signal = new AbortController().signal;
  const text = `{"user": "JimmyLoup", "plugs": {}}`;

  it('is UTF-8, also in gzip; what is packed in an unknown way is reported', async () => {
    writeFileSync(join(folder, 'long.json'), `${' '.repeat(piece)}${text}`);
    writeFileSync(join(folder, 'packed.json.gz'), gzipSync(text));
    writeFileSync(join(folder, 'other.json'), '{"user": "Anna"}');
    writeFileSync(join(folder, 'half.gz'), gzipSync(text).subarray(0, 9));
    writeFileSync(join(folder, 'old.xz'), 'whatever');
    const { named, unreadable } = await searchFiles(folder, words, { signal });
    expect(named).toEqual(['long.json', 'packed.json.gz']);
    expect(unreadable).toEqual(['half.gz', 'old.xz']);
  });

  it('is every log of its own, whatever logrotate calls it', async () => {
    const own = ['datacycle.log', 'datacycle.log.1', 'datacycle.log-20231012', 'datacycle-watch.log-20231012'];
    for (const name of [...own, 'datacycle.logs', 'other.log'])
      writeFileSync(join(folder, name), `first\n${text}\nlast`);
    const { named } = await searchFiles(folder, words, { signal, isOurs: isOwnLog });
    expect(named).toEqual([...own].sort());
    for (const name of named) await eraseFromLog(join(folder, name), words);
    for (const name of own) expect(readFileSync(join(folder, name), 'utf8'), name).toBe('first\nlast');
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
  const words = new SubjectWords({ id: 'jimmy', owner: 'JimmyLoup', name: 'Jimmy' });

  it.each([
    ['jimmy', true],
    ['JimmyLoup', true],
    ['jimmys', false],
    ['old-jimmy-20', true],
    ['JimmyLoupSenior', true],
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
