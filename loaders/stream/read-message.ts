import { isUtf8 } from 'node:buffer';
import { maxDepth } from '../landing/raw-json.ts';
import { type LocalDays, type MessageForm, unixMs } from './form.ts';
import type { StreamMessage } from './message-log.ts';
import { UsualMessages } from './usual-message.ts';

/** A message that can be landed. */
export interface Reading {
  readonly message: StreamMessage;
  /** The JSON as it was sent. */
  readonly text: string;
  readonly eventMs: number;
  /** Day of the event in the zone of the form. */
  readonly day: string;
  /** The texts of the fields that partition Bronze, in their order. */
  readonly parts: readonly string[];
  /** The numbers of the form, in their order; null where there is none. */
  readonly numbers: readonly (number | null)[];
  /**
   * What the columns do not say of `text`: null, nothing (it is the JSON of the columns); an empty text, only that whole numbers end in `.0`;
   * else all of it.
   */
  readonly rest: string | null;
}

/** A message that cannot. */
export interface Reject {
  readonly message: StreamMessage;
  /** Without the content of the message. */
  readonly reason: string;
}

export type Read = { readonly reading: Reading } | { readonly reject: Reject };

/** Longer messages are rejected, in bytes. */
const longest = 1_000_000;

const number = '-?\\d{1,300}(?:\\.\\d{1,300})?(?:[eE][+-]?\\d{1,2})?';

/** Reads messages as a form says. What it accepts, PostgreSQL takes as jsonb. */
export class MessageReader {
  readonly #form: MessageForm;
  readonly #days: LocalDays;
  readonly #usual: UsualMessages;

  constructor(form: MessageForm, days: LocalDays) {
    this.#form = form;
    this.#days = days;
    this.#usual = new UsualMessages(form);
  }

  /** The fields that partition Bronze. */
  get partitionBy(): readonly string[] {
    return this.#form.partitionBy;
  }

  read(message: StreamMessage): Read {
    const outcome = this.#judge(message);
    return typeof outcome === 'string' ? { reject: { message, reason: outcome } } : { reading: outcome };
  }

  #judge(message: StreamMessage): Reading | string {
    const { value } = message;
    if (value.length === 0) return 'it is empty';
    if (value.length > longest) return `it has more than ${longest} bytes`;
    // What has the usual form is ASCII, byte for byte.
    const bytes = value.toString('latin1');
    const usual = this.#usual.read(bytes);
    if (usual !== undefined) return { message, text: bytes, day: this.#days.of(usual.eventMs), ...usual };
    if (!isUtf8(value)) return 'it is not UTF-8';
    const text = value.toString('utf8');
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return 'it is not JSON';
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'it is no JSON object';
    const field = (name: string): unknown => Reflect.get(parsed, name);
    const { time, partitionBy, numbers } = this.#form;
    const odd = unstorable(text, parsed);
    if (odd !== undefined) return odd;
    const eventMs = unixMs(field(time));
    if (eventMs === undefined) return `its ${time} is no Unix time of the years 1970 to 2199`;
    const parts: string[] = [];
    for (const name of partitionBy) {
      const part = field(name);
      if (typeof part !== 'string' || part === '') return `its ${name} is no text`;
      // It names a folder.
      if (part.length > 60 || (!/^[\w-]+$/.test(part) && encodeURIComponent(part).length > 200))
        return `its ${name} is too long to name a folder`;
      parts.push(part);
    }
    const values = numbers.map((name) => numberOf(field(name)));
    return {
      message,
      text,
      eventMs,
      day: this.#days.of(eventMs),
      parts,
      numbers: values,
      rest: this.#rest(text, Math.floor(eventMs / 1000), parts, values),
    };
  }

  #rest(text: string, seconds: number, parts: readonly string[], numbers: readonly (number | null)[]): string | null {
    if (text === messageText(this.#form, parts, seconds, numbers, false)) return null;
    return text === messageText(this.#form, parts, seconds, numbers, true) ? '' : text;
  }
}

/**
 * The JSON of a message: the fields that partition, the time in seconds, the numbers.
 * @param pointZero whether whole numbers (not the time) are written as `488.0`.
 */
export function messageText(
  { partitionBy, time, numbers: names }: MessageForm,
  parts: readonly string[],
  seconds: number,
  numbers: readonly (number | null)[],
  pointZero: boolean,
): string {
  let text = '{';
  for (let at = 0; at < partitionBy.length; at += 1) text += `"${partitionBy[at]}":${quoted(parts[at] ?? '')},`;
  text += `"${time}":${seconds}`;
  for (let at = 0; at < names.length; at += 1) {
    const value = numbers[at] ?? null;
    text += `,"${names[at]}":${pointZero && Number.isInteger(value) ? `${value}.0` : JSON.stringify(value)}`;
  }
  return `${text}}`;
}

/** As JSON; most texts need no look at each character. Names of fields never do. */
function quoted(text: string): string {
  return /^[\w -]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Why PostgreSQL would refuse the text although it is JSON: its jsonb takes no U+0000 and no half of a pair, and levels and numbers end somewhere. */
function unstorable(text: string, parsed: object): string | undefined {
  if (isDeeperThan(maxDepth, text)) return `it is nested deeper than ${maxDepth} levels`;
  // Only what has an escape or a long run of digits or an exponent can be at fault; nearly nothing has.
  if (text.includes('\\u')) {
    const plain = JSON.stringify(parsed);
    if (plain.includes('\\u0000')) return 'it holds the character U+0000';
    if (/\\ud[89a-f][0-9a-f]{2}/.test(plain)) return 'it holds half of a pair of surrogates';
  }
  if (!/\d{290}|\d[eE]/.test(text)) return undefined;
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const tokens = outside.match(/-?\d[\d.eE+-]*/g) ?? [];
  return tokens.every((token) => new RegExp(`^${number}$`).test(token))
    ? undefined
    : 'it holds a number that double precision does not';
}

/** Whether JSON has so many levels and more. Short texts are not looked at: each level takes two characters. */
function isDeeperThan(levels: number, text: string): boolean {
  if (text.length <= 2 * levels) return false;
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') isText = !isText;
    else if (isText) at += character === '\\' ? 1 : 0;
    else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > levels) return true;
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return false;
}
