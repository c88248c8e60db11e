import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { systemCode } from '../landing/errors.ts';
import { NotATable } from './bronze.ts';

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Reads a JSON array of objects as the bytes of each object, unchanged; whether an object is valid JSON is left to whoever
 * parses it. For what is to be written again as it was; {@link bronzeRows} makes rows fit for the database instead.
 * @param path the file; one that ends in `.gz` is decompressed.
 * @throws NotATable if it is anything else, also only at its end; a system error if it cannot be read.
 */
export async function* rawRows(path: string): AsyncGenerator<Buffer> {
  const source = createReadStream(path);
  const bytes = /\.gz$/i.test(path) ? source.pipe(createGunzip()) : source;
  // A pipe does not hand errors on.
  if (bytes !== source) source.on('error', (error) => bytes.destroy(error));
  const cutter = new RowCutter();
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) yield* cutter.cut(chunk);
  } catch (error) {
    if (systemCode(error).startsWith('Z_')) throw new NotATable('not a whole gzip file');
    throw error;
  } finally {
    source.destroy();
  }
  cutter.end();
}

/** Finds the objects of an array in bytes that come piece by piece. */
class RowCutter {
  #state: 'before' | 'inside' | 'after' = 'before';
  /** Brackets open within the row at hand; 0 between two rows. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  #row: Buffer[] = [];

  *cut(chunk: Buffer): Generator<Buffer> {
    // Where the row at hand begins in this chunk; at its start if it began in an earlier one.
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (this.#depth === 0) {
        if (this.#between(byte)) start = at;
      } else if (this.#endsRow(byte)) {
        this.#row.push(chunk.subarray(start, at + 1));
        yield Buffer.concat(this.#row);
        this.#row = [];
      }
    }
    // The chunk may be used again for the next one.
    if (this.#depth > 0) this.#row.push(Buffer.from(chunk.subarray(start)));
  }

  /** @throws NotATable if the array was not there or has not ended. */
  end(): void {
    if (this.#state !== 'after') throw new NotATable('not valid JSON');
  }

  /** Takes a byte between rows; true if a row begins with it. */
  #between(byte: number): boolean {
    if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return false;
    if (this.#state === 'inside' && byte === openBrace) {
      this.#depth = 1;
      return true;
    }
    if (this.#state === 'inside' && byte === comma) return false;
    if (this.#state === 'before' && byte === openBracket) this.#state = 'inside';
    else if (this.#state === 'inside' && byte === closeBracket) this.#state = 'after';
    else throw new NotATable('not a JSON array of objects');
    return false;
  }

  #endsRow(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === backslash) this.#escaped = true;
      else if (byte === quote) this.#inString = false;
    } else if (byte === quote) {
      this.#inString = true;
    } else if (byte === openBrace || byte === openBracket) {
      this.#depth += 1;
    } else if (byte === closeBrace || byte === closeBracket) {
      this.#depth -= 1;
    }
    return this.#depth === 0;
  }
}
