import { type MessageForm, unixMs } from './form.ts';

/** What a message in the usual form says. */
export interface UsualMessage {
  readonly eventMs: number;
  /** The texts of the fields that partition Bronze, in their order. */
  readonly parts: readonly string[];
  /** The numbers of the form, in their order. */
  readonly numbers: readonly (number | null)[];
  /** As in a reading: null, nothing is left out; empty, whole numbers end in `.0`; else the whole text. */
  readonly rest: string | null;
}

/** Senders that are remembered: more of them only take the longer way. */
const mostSenders = 10_000;

/**
 * Reads messages that are written as nearly all are: the fields that partition Bronze, the time, the numbers, in this order, without blanks and
 * without anything that JSON escapes. One pattern tells so and takes them apart, in half of the time of reading JSON and comparing it with
 * the message that the columns would give.
 */
export class UsualMessages {
  readonly #form: MessageForm;
  /** Undefined where two fields have one name: then only JSON says which of them counts. */
  readonly #patterns: { readonly whole: RegExp; readonly fromTime: RegExp } | undefined;
  /** What stands before the value of the time. No text of a field before it has a quotation mark. */
  readonly #mark: string;
  /** By all that stands before the value of the time, the texts of the fields that partition: the same list for each message of a sender. */
  readonly #senders = new Map<string, readonly string[]>();

  constructor(form: MessageForm) {
    this.#form = form;
    const { partitionBy, time, numbers } = form;
    this.#mark = `"${time}":`;
    const names = [...partitionBy, time, ...numbers];
    if (new Set(names).size < names.length) return;
    const before = partitionBy.map((name) => `${nameOf(name)}"([\\w -]{1,60})",`).join('');
    const fromTime = [
      '(0|[1-9]\\d{0,15})',
      ...numbers.map((name) => `${nameOf(name)}(null|-?(?:0|[1-9]\\d{0,14})(?:\\.\\d{1,14})?)`),
    ].join(',');
    this.#patterns = {
      whole: new RegExp(`^\\{${before}${nameOf(time)}${fromTime}\\}$`),
      fromTime: new RegExp(`^${fromTime}\\}$`),
    };
  }

  /** @returns undefined for any other message, which may be as good. */
  read(text: string): UsualMessage | undefined {
    if (this.#patterns === undefined) return undefined;
    const start = text.indexOf(this.#mark) + this.#mark.length;
    const sender = text.slice(0, start);
    const parts = this.#senders.get(sender) ?? this.#partsOf(text, sender);
    const found = parts && this.#patterns.fromTime.exec(text.slice(start));
    if (!found) return undefined;
    const { numbers: names } = this.#form;
    const time = found[1] ?? '';
    const eventMs = unixMs(Number(time));
    if (eventMs === undefined) return undefined;
    const numbers: (number | null)[] = [];
    let isPlain = String(Math.floor(eventMs / 1000)) === time;
    let hasPoints = isPlain;
    for (let at = 0; at < names.length; at += 1) {
      const written = found[2 + at] ?? 'null';
      const value = written === 'null' ? null : Number(written);
      numbers.push(value);
      if (value === null) continue;
      const shortest = JSON.stringify(value);
      isPlain &&= written === shortest;
      hasPoints &&= written === (Number.isInteger(value) ? `${shortest}.0` : shortest);
    }
    return { eventMs, parts, numbers, rest: isPlain ? null : hasPoints ? '' : text };
  }

  #partsOf(text: string, sender: string): readonly string[] | undefined {
    const found = this.#patterns?.whole.exec(text);
    if (!found) return undefined;
    const parts = found.slice(1, 1 + this.#form.partitionBy.length);
    if (this.#senders.size < mostSenders) this.#senders.set(sender, parts);
    return parts;
  }
}

/** The name of a field and a colon, as a pattern. */
function nameOf(name: string): string {
  return `"${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}":`;
}
