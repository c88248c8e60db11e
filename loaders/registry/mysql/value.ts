import { numberFits } from '../../landing/raw-json.ts';

/** How large a value may be, in bytes. As JSON and in its copies one takes a hundred times as much memory. */
export const maxCellBytes = 1024 * 1024;

/** What the server says of a column; see MySQL's column definition packet. */
export interface RegistryColumn {
  readonly name: string;
  /** The type on the wire. */
  readonly type: number;
  /** The collation's number; 63 is binary. */
  readonly characterSet: number;
}

/** Column types of the protocol (field_types.h); DECIMAL, TINY, SHORT, LONG, FLOAT, DOUBLE, LONGLONG, INT24, YEAR, NEWDECIMAL. */
const numbers: readonly number[] = [0, 1, 2, 3, 4, 5, 8, 9, 13, 246];
const timestamp = 7;
const bit = 16;
const geometry = 255;
/** VARCHAR, ENUM, SET, the four sizes of BLOB and TEXT, VAR_STRING, STRING: text unless their collation is binary. */
const texts: readonly number[] = [15, 247, 248, 249, 250, 251, 252, 253, 254];
const binary = 63;

/**
 * A value as JSON, without loss: numbers keep their digits, however many; dates and times are text as the server writes
 * them, a TIMESTAMP (an instant) with its offset; bits are a number; binary content is text, `0x` and its hexadecimal digits.
 * @param bytes the value in the text protocol, UTF-8; null for NULL. The session's time zone is UTC.
 */
export function jsonOf({ type, characterSet }: RegistryColumn, bytes: Buffer | null): string {
  if (bytes === null) return 'null';
  if (numbers.includes(type)) return jsonNumber(bytes.toString('latin1'));
  if (type === bit) return bytes.length === 0 ? '0' : BigInt(`0x${bytes.toString('hex')}`).toString();
  if (type === geometry || (texts.includes(type) && characterSet === binary)) {
    return `"0x${bytes.toString('hex')}"`;
  }
  const text = bytes.toString('utf8');
  if (type === timestamp && !text.startsWith('0000')) return JSON.stringify(`${text}+00:00`);
  return JSON.stringify(text);
}

/** ZEROFILL writes 00042, which is no JSON. */
function jsonNumber(text: string): string {
  const plain = text.replace(/^(-?)0+(?=\d)/, '$1');
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(plain) && numberFits(plain)
    ? plain
    : JSON.stringify(text);
}

/** Whether jsonb cannot store a text: it has the character U+0000, or half a surrogate pair. */
export function isUnfit(text: string): boolean {
  return text.includes('\0') || /\p{Surrogate}/u.test(text);
}

/** A text as jsonb can store it: U+0000 left out, U+FFFD for half a surrogate pair. */
export function madeFit(text: string): string {
  return text.replaceAll('\0', '').replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
