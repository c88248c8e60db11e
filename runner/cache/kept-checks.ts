import { digest } from '../manifest/digest.ts';
import type { CheckedFile, CheckedFiles } from '../project/properties.ts';
import { versions } from './inputs.ts';
import { readKept, writeKept } from './kept-file.ts';
import { attempt, fromText, toText } from './plain-data.ts';

/** What .yml files say, kept by digests of their texts. */
export class KeptChecks implements CheckedFiles {
  readonly #path: string;
  readonly #head: string;
  readonly #before: ReadonlyMap<string, CheckedFile>;
  /** Of the files that this compilation has asked for. */
  readonly #now = new Map<string, CheckedFile>();

  constructor(path: string, build: string) {
    this.#path = path;
    this.#head = digest(versions(build));
    const kept = readKept(path);
    const found = kept?.head === this.#head ? attempt(() => fromText(kept.body)) : undefined;
    this.#before = (found as Map<string, CheckedFile> | undefined) ?? new Map();
  }

  get(text: string): CheckedFile | undefined {
    const key = digest(text);
    const found = this.#now.get(key) ?? this.#before.get(key);
    if (found !== undefined) this.#now.set(key, found);
    return found;
  }

  set(text: string, found: CheckedFile): void {
    this.#now.set(digest(text), found);
  }

  /** Keeps what the files say that were asked for, and nothing else, if that is not what is kept. */
  keep(): void {
    if (this.#now.size === this.#before.size && [...this.#now.keys()].every((key) => this.#before.has(key))) return;
    const body = attempt(() => toText(this.#now));
    if (body !== undefined) writeKept(this.#path, { head: this.#head, body });
  }
}
