/**
 * What a glob matches as a whole, as Python's fnmatch reads it: `*` any text, `?` one character, `[ab]`, `[a-z]` and `[!a]` one
 * of a set. Letters in another case do not match.
 * @example glob('dim_*').test('dim_room')
 */
export function glob(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern.charAt(at);
    const end = sign === '[' ? endOfSet(pattern, at) : undefined;
    if (end !== undefined) {
      source += setOf(pattern.slice(at + 1, end));
      at = end;
    } else source += sign === '*' ? '.*' : sign === '?' ? '.' : sign.replace(/[.+^${}()|[\]\\/]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, 's');
}

export function hasGlob(pattern: string): boolean {
  return /[*?[\]]/.test(pattern);
}

/** Where the set that begins at `start` is closed; undefined if it is not, so that its bracket stands for itself. */
function endOfSet(pattern: string, start: number): number | undefined {
  // A closing bracket that comes first is one of the set.
  const first = start + (pattern.charAt(start + 1) === '!' ? 2 : 1);
  const end = pattern.indexOf(']', first + 1);
  return end === -1 ? undefined : end;
}

function setOf(written: string): string {
  const negated = written.startsWith('!');
  const signs = (negated ? written.slice(1) : written).replace(/[\\\]^[]/g, '\\$&');
  const set = `[${negated ? '^' : ''}${signs}]`;
  try {
    new RegExp(set);
    return set;
  } catch {
    // A range that runs backwards holds nothing.
    return '(?!)';
  }
}

/**
 * Which paths a pattern names, part by part: `*` within a folder or file name, `**` any number of folders. Both kinds of slashes
 * are the same, and `./` and a last slash say nothing.
 */
export function pathGlob(pattern: string): (path: string) => boolean {
  const parts = splitPath(pattern).map((part) => (part === '**' ? part : glob(part)));
  return (path) => matchParts(parts, splitPath(path));
}

function matchParts(pattern: readonly (RegExp | '**')[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === '**') {
    for (let from = 0; from <= path.length; from += 1) if (matchParts(rest, path.slice(from))) return true;
    return false;
  }
  const [head, ...tail] = path;
  return head !== undefined && first.test(head) && matchParts(rest, tail);
}

function splitPath(path: string): string[] {
  return path.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
}

/** The folders of a file, the innermost first and the project's own last: `models/gold/a.sql` is in `models/gold`, `models` and `.`. */
export function foldersAbove(file: string): string[] {
  const parts = splitPath(file);
  return parts.map((_, index) => parts.slice(0, parts.length - 1 - index).join('/') || '.');
}
