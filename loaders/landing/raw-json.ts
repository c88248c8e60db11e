/**
 * What a scan found: the JSON text without whitespace between tokens and without the members to cut, byte for byte as
 * written otherwise; and each member that was cut, as `"key":value`. Or why it cannot be had; the reason quotes nothing.
 */
export type Scan =
  | { readonly ok: true; readonly json: Buffer; readonly cut: readonly Buffer[]; readonly top: Buffer | undefined }
  | { readonly ok: false; readonly reason: string };

/** PostgreSQL 15 gives up at 13,000 levels with 2 MB of stack, the embedded one hangs before 10,000; real files have five. */
export const maxDepth = 1000;

/** What else a scan looks at. */
export interface ScanOptions {
  /** A key of the outermost object: its value is returned as `top`, as it was written; the last one where there are several. */
  readonly top?: string;
  /** More members in one object make the text unfit. */
  readonly maxMembers?: number;
}

/** Thrown inside a scan only. */
class Unfit extends Error {}

const invalid = 'not valid JSON';
const quote = 0x22;
const backslash = 0x5c;

/**
 * Checks that bytes are JSON as RFC 8259 has it and as jsonb can store it, and cuts out every member called `key`,
 * at any depth, however its name is escaped. Numbers and strings stay as they were written: nothing is parsed and printed
 * again, so `1e400` and `12345678901234567890` arrive as such.
 * @param bytes valid UTF-8, without a byte-order mark. @param key of ASCII characters that need no escape.
 */
export function cutKey(bytes: Uint8Array, key: string, options: ScanOptions = {}): Scan {
  try {
    return { ok: true, ...new Scanner(bytes, key, options).scan() };
  } catch (error) {
    if (error instanceof Unfit) return { ok: false, reason: error.message };
    throw error;
  }
}

class Scanner {
  readonly #in: Uint8Array;
  readonly #out: Buffer;
  readonly #key: string;
  readonly #topKey: string | undefined;
  readonly #maxMembers: number;
  readonly #cut: Buffer[] = [];
  #top: Buffer | undefined;
  /** Where the value of the key of interest begins in the output; -1: the member at hand is another. */
  #topStart = -1;
  /** Next byte to read, next byte to write. */
  #i = 0;
  #o = 0;
  #depth = 0;
  readonly #isObject = new Uint8Array(maxDepth + 1);
  /** Members or elements kept so far, by depth. */
  readonly #kept = new Int32Array(maxDepth + 1);
  /** The offset to which the output is truncated once the current member has been read; -1: the member stays. By depth. */
  readonly #backTo = new Int32Array(maxDepth + 1);

  constructor(bytes: Uint8Array, key: string, { top, maxMembers = Number.POSITIVE_INFINITY }: ScanOptions) {
    this.#topKey = top;
    this.#maxMembers = maxMembers;
    this.#in = bytes;
    // A cut never lengthens, and separators are written at most as often as they were read.
    this.#out = Buffer.allocUnsafe(bytes.length + 1);
    this.#key = key;
  }

  scan(): { json: Buffer; cut: Buffer[]; top: Buffer | undefined } {
    this.#space();
    if (this.#in[this.#i] === undefined) throw new Unfit('the file is empty');
    const isObject = this.#in[this.#i] === 0x7b;
    let open = this.#value();
    while (this.#depth > 0) open = open ? this.#member(true) : this.#next();
    this.#space();
    if (this.#i < this.#in.length) throw new Unfit(invalid);
    if (!isObject) throw new Unfit('not a JSON object');
    return { json: this.#out.subarray(0, this.#o), cut: this.#cut, top: this.#top };
  }

  /** After a value: the next member, or the end of the object or array. Returns as {@link #value} does. */
  #next(): boolean {
    const depth = this.#depth;
    if (depth === 1 && this.#topStart >= 0) {
      this.#top = Buffer.from(this.#out.subarray(this.#topStart, this.#o));
      this.#topStart = -1;
    }
    const start = this.#backTo[depth] as number;
    if (start >= 0) {
      const comma = this.#out[start] === 0x2c ? 1 : 0;
      this.#cut.push(Buffer.from(this.#out.subarray(start + comma, this.#o)));
      this.#o = start;
      this.#backTo[depth] = -1;
    } else {
      this.#kept[depth] = (this.#kept[depth] as number) + 1;
      if ((this.#kept[depth] as number) > this.#maxMembers && this.#isObject[depth] === 1)
        throw new Unfit(`an object has more than ${this.#maxMembers} members`);
    }
    this.#space();
    const byte = this.#in[this.#i];
    if (byte === 0x2c) {
      this.#i += 1;
      return this.#member(false);
    }
    return this.#close(byte);
  }

  /** The next member of the object or array at hand; `mayEnd` right after it was opened. */
  #member(mayEnd: boolean): boolean {
    const depth = this.#depth;
    this.#space();
    const byte = this.#in[this.#i];
    if (mayEnd && (byte === 0x7d || byte === 0x5d)) return this.#close(byte);
    const comma = (this.#kept[depth] as number) > 0;
    if (this.#isObject[depth] === 0) {
      if (comma) this.#put(0x2c);
      return this.#value();
    }
    if (byte !== quote) throw new Unfit(invalid);
    const start = this.#o;
    if (comma) this.#put(0x2c);
    const keyStart = this.#o;
    const escaped = this.#string();
    if (this.#isKey(keyStart, escaped, this.#key)) this.#backTo[depth] = start;
    const isTop = depth === 1 && this.#topKey !== undefined && this.#isKey(keyStart, escaped, this.#topKey);
    this.#space();
    if (this.#in[this.#i] !== 0x3a) throw new Unfit(invalid);
    this.#i += 1;
    this.#put(0x3a);
    if (isTop) this.#topStart = this.#o;
    this.#space();
    return this.#value();
  }

  #close(byte: number | undefined): false {
    if (byte !== (this.#isObject[this.#depth] === 1 ? 0x7d : 0x5d)) throw new Unfit(invalid);
    this.#i += 1;
    this.#put(byte);
    this.#depth -= 1;
    return false;
  }

  /** Reads a scalar, or the opening of an object or array. Returns true if one was opened. */
  #value(): boolean {
    const byte = this.#in[this.#i];
    switch (byte) {
      case quote:
        this.#string();
        return false;
      case 0x7b:
      case 0x5b: {
        if (this.#depth === maxDepth) throw new Unfit(`nested deeper than ${maxDepth} levels`);
        this.#depth += 1;
        this.#isObject[this.#depth] = byte === 0x7b ? 1 : 0;
        this.#kept[this.#depth] = 0;
        this.#backTo[this.#depth] = -1;
        this.#i += 1;
        this.#put(byte);
        return true;
      }
      case 0x74:
        return this.#word('true');
      case 0x66:
        return this.#word('false');
      case 0x6e:
        return this.#word('null');
      default:
        return this.#number();
    }
  }

  #word(word: string): false {
    for (let k = 0; k < word.length; k += 1) {
      const byte = this.#in[this.#i + k];
      if (byte !== word.charCodeAt(k)) throw new Unfit(invalid);
      this.#put(byte);
    }
    this.#i += word.length;
    return false;
  }

  #number(): false {
    const start = this.#i;
    const bytes = this.#in;
    let i = start;
    let plain = true;
    for (;;) {
      const byte = bytes[i];
      if (byte === undefined) break;
      if (byte < 0x30 || byte > 0x39) {
        // Signs, points and exponents; whether they are in their places is judged below.
        if (byte === 0x2b || byte === 0x45 || byte === 0x65) plain = false;
        else if (byte !== 0x2d && byte !== 0x2e) break;
      }
      this.#put(byte);
      i += 1;
    }
    this.#i = i;
    const text = this.#out.toString('latin1', this.#o - (i - start), this.#o);
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) throw new Unfit(invalid);
    if ((!plain || text.length > 1000) && !numberFits(text)) throw new Unfit('a number is out of the range of numeric');
    return false;
  }

  /** Copies a string with its quotes. Returns whether it has escapes. */
  #string(): boolean {
    const bytes = this.#in;
    const out = this.#out;
    let i = this.#i + 1;
    let o = this.#o;
    let escaped = false;
    out[o++] = quote;
    for (;;) {
      const byte = bytes[i];
      if (byte === undefined || byte < 0x20) throw new Unfit(invalid);
      out[o++] = byte;
      i += 1;
      if (byte === quote) break;
      if (byte === backslash) {
        escaped = true;
        const length = this.#escape(i);
        for (let k = 0; k < length; k += 1) out[o++] = bytes[i + k] as number;
        i += length;
      }
    }
    this.#i = i;
    this.#o = o;
    return escaped;
  }

  /** Checks what follows a backslash at `i` and returns its length; both halves of a surrogate pair count as one. */
  #escape(i: number): number {
    const byte = this.#in[i];
    if (byte !== 0x75) {
      if (byte === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(byte))) throw new Unfit(invalid);
      return 1;
    }
    const code = this.#hex(i + 1);
    if (code === 0) throw new Unfit('holds \\u0000, which jsonb cannot store');
    if (code < 0xd800 || code > 0xdfff) return 5;
    const pair = code < 0xdc00 && this.#in[i + 5] === backslash && this.#in[i + 6] === 0x75 ? this.#hex(i + 7) : 0;
    if (pair < 0xdc00 || pair > 0xdfff) throw new Unfit('holds half a surrogate pair, which jsonb cannot store');
    return 11;
  }

  #hex(i: number): number {
    const digits = String.fromCharCode(...this.#in.subarray(i, i + 4));
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Unfit(invalid);
    return Number.parseInt(digits, 16);
  }

  /** Whether the string that was written from `start` on means this key. */
  #isKey(start: number, escaped: boolean, key: string): boolean {
    if (escaped) return JSON.parse(this.#out.toString('utf8', start, this.#o)) === key;
    return this.#o - start === key.length + 2 && this.#out.toString('latin1', start + 1, this.#o - 1) === key;
  }

  #space(): void {
    for (;;) {
      const byte = this.#in[this.#i];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#i += 1;
    }
  }

  #put(byte: number): void {
    this.#out[this.#o] = byte;
    this.#o += 1;
  }
}

/** The limits of PostgreSQL's numeric: digits before and after the decimal point. */
const maxBefore = 131_072;
const maxAfter = 16_383;

/** Beyond this, numeric does not even look at the digits (INT_MAX / 2). */
const maxExponent = 1_073_741_823;

/**
 * Whether numeric, which jsonb stores numbers as, can hold a JSON number; the very rule of PostgreSQL 15 to 18.
 * @param text a number as JSON writes it, e.g. `-1.5e400`.
 */
export function numberFits(text: string): boolean {
  const [mantissa = '', power = '0'] = text.replace(/^-/, '').split(/[eE]/);
  const exponent = Number(power);
  if (Math.abs(exponent) >= maxExponent) return false;
  const [whole = '', fraction = ''] = mantissa.split('.');
  if (fraction.length - exponent > maxAfter) return false;
  const leading = (whole + fraction).search(/[1-9]/);
  return leading < 0 || whole.length - leading + exponent <= maxBefore;
}
