import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { parser, type Token } from 'stream-json/parser.js';
import { systemCode } from '../landing/errors.ts';
import { maxDepth, numberFits } from '../landing/raw-json.ts';
import { isUnfit, madeFit, maxCellBytes } from './mysql/value.ts';

/** Why a file is not a snapshot of a table. Quotes nothing of it. */
export class NotATable extends Error {}

/** A row of a Bronze file, as JSON that jsonb can store, and whether something had to be left out for that. */
export interface BronzeRow {
  readonly json: string;
  readonly unfit: boolean;
}

/**
 * Reads a JSON array of objects row by row, however large. Numbers keep their digits.
 * @param path the file; one that ends in `.gz` is decompressed.
 * @param isRead which members of the objects are kept; all by default.
 * @throws NotATable if it is anything else, also only at its end; a system error if it cannot be read.
 */
export async function* bronzeRows(
  path: string,
  isRead: (name: string) => boolean = () => true,
): AsyncGenerator<BronzeRow> {
  const tokens = parser.asStream({
    packValues: true,
    streamValues: false,
    jsonStreaming: false,
  });
  const source = createReadStream(path);
  const reading = /\.gz$/i.test(path) ? pipeline(source, createGunzip(), tokens) : pipeline(source, tokens);
  // Its failure ends the tokens, too, and is reported there.
  reading.catch(() => undefined);
  const rows = new RowAssembler(isRead);
  try {
    for await (const token of tokens) {
      const row = rows.take(token as Token);
      if (row !== undefined) yield row;
    }
    await reading;
  } catch (error) {
    const isOfSystem = error instanceof Error && 'syscall' in error;
    if (error instanceof NotATable || isOfSystem) throw error;
    throw new NotATable(systemCode(error).startsWith('Z_') ? 'not a whole gzip file' : notJson);
  } finally {
    source.destroy();
  }
  rows.end();
}

const notJson = 'not valid JSON';
const notObjects = 'not a JSON array of objects';

/** Puts the tokens of a row together again. */
class RowAssembler {
  #depth = 0;
  #ended = false;
  #text: string[] = [];
  #unfit = false;
  /** Whether the next member needs a comma before it. By depth. */
  readonly #started: boolean[] = [];
  #afterKey = false;
  readonly #isRead: (name: string) => boolean;
  /** Whether the value that comes belongs to a member that is left out. */
  #leftOut = false;
  /** How deep within such a value. */
  #leftOutDepth = 0;

  constructor(isRead: (name: string) => boolean) {
    this.#isRead = isRead;
  }

  take(token: Token): BronzeRow | undefined {
    if (this.#leftOut) {
      this.#pass(token);
      return undefined;
    }
    if (this.#depth === 0) {
      if (token.name !== 'startArray' || this.#ended) throw new NotATable(notObjects);
      this.#depth = 1;
      return undefined;
    }
    if (this.#depth === 1) {
      if (token.name === 'endArray') {
        this.#depth = 0;
        this.#ended = true;
        return undefined;
      }
      if (token.name !== 'startObject') throw new NotATable(notObjects);
    }
    switch (token.name) {
      case 'startObject':
      case 'startArray':
        if (this.#depth >= maxDepth) throw new NotATable(`nested deeper than ${maxDepth} levels`);
        this.#separate();
        this.#depth += 1;
        this.#started[this.#depth] = false;
        this.#text.push(token.name === 'startObject' ? '{' : '[');
        return undefined;
      case 'endObject':
      case 'endArray':
        this.#depth -= 1;
        this.#text.push(token.name === 'endObject' ? '}' : ']');
        return this.#depth === 1 ? this.#row() : undefined;
      case 'keyValue':
        if (this.#depth === 2 && !this.#isRead(token.value)) {
          this.#leftOut = true;
          return undefined;
        }
        this.#separate();
        this.#text.push(this.#string(token.value), ':');
        this.#afterKey = true;
        return undefined;
      case 'stringValue':
        if (token.value.length > maxCellBytes)
          throw new NotATable(`a text is longer than ${maxCellBytes.toLocaleString('en')} characters`);
        return this.#scalar(this.#string(token.value));
      case 'numberValue':
        if (!numberFits(token.value)) throw new NotATable('a number is out of the range of numeric');
        return this.#scalar(token.value);
      case 'nullValue':
        return this.#scalar('null');
      case 'trueValue':
        return this.#scalar('true');
      case 'falseValue':
        return this.#scalar('false');
      default:
        throw new NotATable(notJson);
    }
  }

  /** Passes over a token of a value that is left out. */
  #pass({ name }: Token): void {
    if (name === 'startObject' || name === 'startArray') this.#leftOutDepth += 1;
    else if (name === 'endObject' || name === 'endArray') this.#leftOutDepth -= 1;
    if (this.#leftOutDepth > maxDepth) throw new NotATable(`nested deeper than ${maxDepth} levels`);
    this.#leftOut = this.#leftOutDepth > 0;
  }

  /** @throws NotATable if the array was not there or has not ended. */
  end(): void {
    if (!this.#ended) throw new NotATable(notJson);
  }

  #scalar(text: string): undefined {
    this.#separate();
    this.#text.push(text);
    return undefined;
  }

  #separate(): void {
    if (this.#afterKey) {
      this.#afterKey = false;
      return;
    }
    if (this.#depth > 1 && this.#started[this.#depth] === true) this.#text.push(',');
    this.#started[this.#depth] = true;
  }

  #string(value: string): string {
    if (!isUnfit(value)) return JSON.stringify(value);
    this.#unfit = true;
    return JSON.stringify(madeFit(value));
  }

  #row(): BronzeRow {
    const row = { json: this.#text.join(''), unfit: this.#unfit };
    this.#text = [];
    this.#unfit = false;
    return row;
  }
}
