import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files of a project by patterns: `**` for any folders, `*` within a name, `{a,b}` for alternatives. Files and folders whose
 * names begin with a dot are left out, links are followed. Each folder is listed once, however many patterns begin with it.
 */
export class FileTree {
  readonly #root: string;
  readonly #below = new Map<string, readonly string[]>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Paths relative to the root, with forward slashes, sorted. @param patterns each begins with a folder, or is a path. */
  find(patterns: readonly string[], { ignoreCase = false } = {}): string[] {
    const found = patterns.flatMap(alternatives).flatMap((pattern) => {
      const star = pattern.indexOf('*');
      if (star === -1) return this.#isFile(pattern) ? [pattern] : [];
      const folder = pattern.slice(0, pattern.lastIndexOf('/', star));
      return this.within(folder, pattern.slice(folder.length + 1), { ignoreCase });
    });
    return [...new Set(found)].sort();
  }

  /** The same below a folder that is named as it is, whatever signs are in its name. */
  within(folder: string, pattern: string, { ignoreCase = false } = {}): string[] {
    const names = alternatives(pattern).map((one) => new RegExp(`^${asRegExp(one)}$`, ignoreCase ? 'i' : ''));
    const from = folder.length + 1;
    return this.#list(folder).filter((path) => names.some((name) => name.test(path.slice(from))));
  }

  #list(folder: string): readonly string[] {
    const known = this.#below.get(folder);
    if (known !== undefined) return known;
    const files: string[] = [];
    this.#walk(folder, [], files);
    files.sort();
    this.#below.set(folder, files);
    return files;
  }

  /** @param linked the real paths of the linked folders around: one that leads back to itself is not followed for ever. */
  #walk(folder: string, linked: readonly string[], into: string[]): void {
    for (const entry of entriesOf(join(this.#root, folder))) {
      if (entry.name.startsWith('.')) continue;
      const path = `${folder}/${entry.name}`;
      if (entry.isFile()) into.push(path);
      else if (entry.isDirectory()) this.#walk(path, linked, into);
      else if (entry.isSymbolicLink()) {
        const full = join(this.#root, path);
        const kind = behindLink(full);
        if (kind?.isFile()) into.push(path);
        if (!kind?.isDirectory()) continue;
        const real = realpathSync(full);
        if (!linked.includes(real)) this.#walk(path, [...linked, real], into);
      }
    }
  }

  #isFile(path: string): boolean {
    return statSync(join(this.#root, path), { throwIfNoEntry: false })?.isFile() === true;
  }
}

/** What is in a folder; nothing where there is none. One that may not be read is an error, or its models would be missed. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** What a link leads to; undefined if to nothing, or to itself. */
function behindLink(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** `a.{b,c}` as `a.b` and `a.c`. */
function alternatives(pattern: string): string[] {
  const [whole, before = '', inside = '', after = ''] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(pattern) ?? [];
  if (whole === undefined) return [pattern];
  return inside.split(',').flatMap((one) => alternatives(`${before}${one}${after}`));
}

function asRegExp(pattern: string): string {
  return pattern
    .replace(/[.+?^$()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*/g, (star) => (star === '*' ? '[^/]*' : '(?:.*/)?'));
}
