import { DatacycleError } from '../../../warehouse/errors.ts';
import { identifier } from '../../../warehouse/quote.ts';

/** `room_name` in words: `Room name`. */
export function inWords(name: string): string {
  const words = name.replaceAll('_', ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What makes a name unfit for a table, column or measure in Power BI; undefined if nothing does. */
export function faultOfName(name: string): { readonly what: string; readonly hint: string } | undefined {
  const say = (fault: string, hint: string) => ({ what: `the name ${JSON.stringify(name)} ${fault}`, hint });
  if (/[[\]]/.test(name)) return say('holds a square bracket', 'DAX puts names into square brackets: use round ones.');
  if (/\p{Cc}/u.test(name)) return say('holds a control character', 'Write it in one line, without tabs.');
  if (name !== name.trim()) return say('begins or ends with a blank', 'Power BI cuts blanks off: take them away.');
  try {
    identifier(name);
  } catch (error) {
    if (!(error instanceof DatacycleError)) throw error;
    return { what: error.message, hint: 'Choose a shorter name; `bi: { name }` sets it.' };
  }
  return undefined;
}

/** Names as Power BI compares them: letter case does not tell them apart. */
export class NamesTaken {
  readonly #taken = new Map<string, string>();

  /** Takes a name for `owner`. @returns the owner that has it already, if any. */
  take(name: string, owner: string): string | undefined {
    const key = name.toLowerCase();
    const other = this.#taken.get(key);
    if (other === undefined) this.#taken.set(key, owner);
    return other;
  }
}
