import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readSeed } from '../../../../runner/build/transaction/seed.ts';
import { compileProject } from '../../../../runner/compile/compile.ts';
import { readProject } from '../../../../runner/project/read-project.ts';
import { TemporaryProject } from '../../../integration/temporary-project.ts';
import { modelOf, seedOf } from '../projects.ts';

const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

describe('the text files of a project', () => {
  let project: TemporaryProject;
  afterEach(() => project.dispose());

  function compiled(files: Readonly<Record<string, string | Buffer>>) {
    project = new TemporaryProject({});
    for (const [path, bytes] of Object.entries(files)) {
      mkdirSync(dirname(join(project.root, path)), { recursive: true });
      writeFileSync(join(project.root, path), bytes);
    }
    return compileProject(readProject({ root: project.root, env: {} }));
  }

  it.each(['project.yml', 'models/a.sql', 'models/a.yml', 'macros/m.sql', 'tests/data/t.sql', 'seeds/s.yml'])(
    'are not in Windows-1252: %s',
    (path) => {
      const bytes = Buffer.from('one: é\ntwo: K\xFCche\n', 'latin1');
      bytes.write('e', 5);
      expect(() => compiled({ [path]: bytes })).toThrow(
        `${path}:2:7: this is not UTF-8: byte 0xFC ("ü" in Windows-1252)\n` +
          `  2 | two: Küche\n    |       ^\n  Save it as UTF-8 (in Excel: "CSV UTF-8"; in an editor: "Save with encoding").`,
      );
    },
  );

  it('are all named at once', () => {
    const bytes = Buffer.from('\xE9', 'latin1');
    expect(() => compiled({ 'models/a.sql': bytes, 'macros/b.sql': bytes })).toThrow(
      /models\/a\.sql:1:1: [\s\S]*macros\/b\.sql:1:1: /,
    );
  });

  it('have no NUL character, as UTF-16 without its byte-order mark has', () => {
    expect(() => compiled({ 'models/a.sql': utf16('select 1').subarray(2) })).toThrow(
      'models/a.sql:1:2: a NUL character belongs to no text',
    );
    expect(() => compiled({ 'models/a.sql': utf16('select 1').subarray(0, 11) })).toThrow(
      'models/a.sql:1:5: this is not valid UTF-16',
    );
  });

  it('may be UTF-16 with a byte-order mark, or UTF-8 with one; U+FFFD is a character like any other', () => {
    const all = compiled({
      'project.yml': utf16('name: Küche\n').swap16(),
      'models/a.sql': utf16("select 'Küche \uFFFD' as a"),
      'models/b.sql': "\uFEFFselect 'é' as b",
      'seeds/s.csv': utf16('room\nKüche\n'),
    });
    expect(all.project.settings.name).toBe('Küche');
    expect(modelOf(all, 'a').fullSql.text).toBe("select 'Küche \uFFFD' as a");
    expect(modelOf(all, 'b').fullSql.text).toBe("select 'é' as b");
    expect(readSeed(project.root, seedOf(all, 's')).csv).toBe('"room"\n"Küche"\n');
  });

  it('a seed as Excel saves it without UTF-8 is an error at its line', () => {
    const all = compiled({ 'seeds/rooms.csv': Buffer.from('raw_name,room_name\nKueche,K\xFCche\n', 'latin1') });
    expect(() => readSeed(project.root, seedOf(all, 'rooms'))).toThrow(
      expect.objectContaining({
        message: 'this is not UTF-8: byte 0xFC ("ü" in Windows-1252)',
        where: 'seeds/rooms.csv:2:9',
        detail: '  2 | Kueche,Küche\n    |         ^',
        hint: expect.stringContaining('"CSV UTF-8"'),
      }),
    );
  });
});
