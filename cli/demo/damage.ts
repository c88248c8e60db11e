import type { Owner } from './household/apartment.ts';
import { clock } from './household/clock.ts';

/** A file whose text is not what was meant to be written. */
interface Damage {
  readonly owner: Owner;
  /** UTC, as in the file name. */
  readonly at: string;
  /** Whether a loader has to refuse the file. */
  readonly rejected: boolean;
  readonly apply: (text: string) => string;
}

const damages: readonly Damage[] = [
  damage('JimmyLoup', '01:17', () => ''),
  damage('JeremieVianin', '03:42', (text) => text.slice(0, 1508)),
  damage('JimmyLoup', '07:05', (text) => `[${text}]`),
  damage('JeremieVianin', '08:29', (text) => text.replace('"switch": "on"', '"switch": "on\\u0000"')),
  damage('JimmyLoup', '12:51', () => '<html><body><h1>502 Bad Gateway</h1></body></html>\n'),
  damage('JeremieVianin', '14:36', () => 'null'),
  damage('JimmyLoup', '17:58', (text) => text.replace('"overpower": 0', '"overpower": NaN')),
  damage('JeremieVianin', '21:20', () => '  \n'),
  // Some editors put a byte-order mark in front; the file is good all the same.
  { owner: 'JimmyLoup', at: '13:13', rejected: false, apply: (text) => `\ufeff${text}` },
  { owner: 'JeremieVianin', at: '13:13', rejected: false, apply: (text) => `\ufeff${text}` },
];

function damage(owner: Owner, at: string, apply: (text: string) => string): Damage {
  return { owner, at, rejected: true, apply };
}

/** The text of a file as it arrives, and whether a loader has to reject it. */
export function asArrived(text: string, owner: Owner, utcMinute: number): { text: string; rejected: boolean } {
  const hit = damages.find((planned) => planned.owner === owner && clock(planned.at) === utcMinute);
  return hit === undefined ? { text, rejected: false } : { text: hit.apply(text), rejected: hit.rejected };
}
