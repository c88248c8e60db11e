import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CsvError, parse } from 'csv-parse';

/** The columns a forecast file must have, in the spelling under which staging knows them. */
export const weatherColumns = ['Time', 'Value', 'Prediction', 'Site', 'Measurement', 'Unit'] as const;

/** How many lines form one row of staging. Measured: docs/decisions/weather-staging.md. */
const linesAChunk = 1000;

/** Longer lines are no forecasts, and would be held in memory. */
const maxLineBytes = 64 * 1024;

/** A chunk of fewer lines ends when their text has so many characters, so that no document gets out of hand. */
const maxChunkText = 1024 * 1024;

/** More columns are no forecasts. */
const maxColumns = 100;

/** Lines of a file that follow each other, column by column. */
export interface WeatherChunk {
  /** Line at which the first of them starts; the header is line 1. */
  readonly firstLine: number;
  readonly lines: number;
  /** For each column of the header the values as in the file; null where a line is too short. */
  readonly columns: Readonly<Record<string, readonly (string | null)[]>>;
}

/** The content of a file is at fault. The message says how and quotes nothing of it. */
export class BadWeatherFile extends Error {}

/** Reads a forecast file once, for its lines and its fingerprint. */
export class WeatherCsv {
  readonly #path: string;
  readonly #compressed: boolean;
  readonly #unpackedPrint: boolean;
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #hasQuotes = false;

  /** @param unpackedPrint whether the fingerprint is that of the content, for a file that was compressed since it came. */
  constructor(path: string, compressed: boolean, unpackedPrint = false) {
    this.#path = path;
    this.#compressed = compressed;
    this.#unpackedPrint = unpackedPrint;
  }

  /** Size in bytes and SHA-256 (hexadecimal) of the file as it is (or of its content), once {@link chunks} has ended. */
  fingerprint(): { bytes: number; sha256: string } {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }

  /** The lines after the header. @throws BadWeatherFile; a system error if the file cannot be read. */
  async *chunks(): AsyncGenerator<WeatherChunk> {
    const parser = parse({
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: maxLineBytes,
      // By default the parser assumes that all lines end like the header.
      record_delimiter: ['\r\n', '\n', '\r'],
    });
    const source = this.#text();
    // Its failure is that of the parser, which the loop below reports.
    pipeline(source, parser).catch(() => undefined);
    try {
      yield* this.#chunksOf(parser);
    } catch (error) {
      if (error instanceof CsvError) {
        throw new BadWeatherFile(`it is not valid CSV (${error.code}, near line ${Number(error.lines ?? 0)})`);
      }
      throw isBadCompression(error) ? new BadWeatherFile('its compression is broken') : error;
    } finally {
      source.destroy();
      parser.destroy();
    }
  }

  async *#chunksOf(records: AsyncIterable<string[]>): AsyncGenerator<WeatherChunk> {
    let header: string[] | undefined;
    let values: (string | null)[][] = [];
    let firstLine = 2;
    let lines = 0;
    let text = 0;
    for await (const record of records) {
      if (header === undefined) {
        header = readHeader(record);
        firstLine += newlinesIn(record);
        values = header.map(() => []);
        continue;
      }
      for (let column = 0; column < header.length; column += 1) {
        const value = record[column] ?? null;
        values[column]?.push(value);
        text += value?.length ?? 0;
      }
      lines += 1;
      // A quoted value may hold line ends; then the lines of the file no longer follow each other.
      const further = this.#hasQuotes ? newlinesIn(record) : 0;
      if (lines < linesAChunk && text < maxChunkText && further === 0) continue;
      yield { firstLine, lines, columns: byName(header, values) };
      firstLine += lines + further;
      lines = 0;
      text = 0;
      values = header.map(() => []);
    }
    if (header === undefined) throw new BadWeatherFile('it is empty');
    if (lines > 0) yield { firstLine, lines, columns: byName(header, values) };
    else if (firstLine === 2) throw new BadWeatherFile('it has a header and no lines');
  }

  /** The file's bytes, unpacked, fingerprinted and checked, on their way to the parser. */
  #text(): Readable {
    const raw = createReadStream(this.#path, { highWaterMark: 256 * 1024 });
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let isBegun = false;
    const check = (piece: Buffer) => {
      // Its every other byte may be NUL, which would be true and say nothing.
      if (!isBegun && /^(?:fffe|feff)/.test(piece.toString('hex', 0, 2)))
        throw new BadWeatherFile('it is UTF-16, not UTF-8');
      isBegun = true;
      if (piece.includes(0)) throw new BadWeatherFile('it holds a NUL character, which PostgreSQL cannot store');
      if (!this.#hasQuotes) this.#hasQuotes = piece.includes(0x22);
      try {
        decoder.decode(piece, { stream: true });
      } catch {
        throw new BadWeatherFile('it is not UTF-8');
      }
      return piece;
    };
    const counted = async function* (this: WeatherCsv, pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        this.#count(piece);
        yield piece;
      }
    }.bind(this);
    const checked = async function* (pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) yield check(piece);
      try {
        decoder.decode();
      } catch {
        throw new BadWeatherFile('it is not UTF-8');
      }
    };
    const out = new PassThrough({ highWaterMark: 256 * 1024 });
    const stages = !this.#compressed
      ? pipeline(raw, counted, checked, out)
      : this.#unpackedPrint
        ? pipeline(raw, createGunzip(), counted, checked, out)
        : pipeline(raw, counted, createGunzip(), checked, out);
    // It has already destroyed `out` with the error, so the reader gets it.
    stages.catch(() => undefined);
    return out;
  }

  #count(piece: Buffer): void {
    this.#hash.update(piece);
    this.#bytes += piece.length;
  }
}

/** The names of the columns, the known ones in their usual spelling. */
function readHeader(record: readonly string[]): string[] {
  const usual = new Map<string, string>(weatherColumns.map((name) => [name.toLowerCase(), name]));
  const header = record.map((name) => usual.get(name.trim().toLowerCase()) ?? name.trim());
  const missing = weatherColumns.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    throw new BadWeatherFile(
      missing.length === weatherColumns.length
        ? `its first line is not the header ${weatherColumns.join(',')}`
        : `its header lacks ${missing.join(', ')}`,
    );
  }
  if (header.length > maxColumns) throw new BadWeatherFile(`its header has more than ${maxColumns} columns`);
  if (new Set(header).size < header.length) throw new BadWeatherFile('its header names a column twice');
  return header;
}

function newlinesIn(record: readonly string[]): number {
  let count = 0;
  for (const value of record) {
    for (let at = value.indexOf('\n'); at !== -1; at = value.indexOf('\n', at + 1)) count += 1;
  }
  return count;
}

function byName(header: readonly string[], values: readonly (string | null)[][]) {
  return Object.fromEntries(header.map((name, column) => [name, values[column] ?? []]));
}

function isBadCompression(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^Z_|ERR_.*ZLIB/.test(String(error.code));
}
