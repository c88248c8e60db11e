import type { Column } from '../resource/resource.ts';
import { BadRequest } from './bad-request.ts';

/** Longer texts are compared with nothing. */
const longestText = 1000;

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;
const date = /^(\d{4})-(\d{2})-(\d{2})$/;
const moment = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/**
 * The value of a parameter, checked by the kind of its column, as PostgreSQL reads it. Times of a timestamptz say their zone, or are
 * a day, which begins in UTC.
 * @throws BadRequest that says what the value must be.
 */
export function valueFor(parameter: string, { kind }: Pick<Column, 'kind'>, text: string): string {
  const refuse = (what: string): never => {
    throw new BadRequest(`${parameter} is ${shown(text)}, but must be ${what}`);
  };
  if (text.includes('\0')) throw new BadRequest(`${parameter} holds a character that no text can have`);
  switch (kind) {
    case 'boolean':
      return text === 'true' || text === 'false' ? text : refuse('true or false');
    case 'integer':
      if (!/^[+-]?\d{1,19}$/.test(text)) return refuse('a whole number');
      return BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? text : refuse('a whole number of at most 64 bits');
    case 'number':
      return number.test(text) && Number.isFinite(Number(text)) ? text : refuse('a number, e.g. 21.5');
    case 'uuid':
      return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text : refuse('a UUID');
    case 'text':
      return text.length <= longestText ? text : refuse(`at most ${longestText} characters long`);
    case 'date':
      return isDay(text) ? text : refuse('a day, e.g. 2013-08-23');
    case 'timestamp':
      return isMoment(text, false) ? text : refuse('a time without a zone, e.g. 2013-08-23T15:00:00, or a day');
    case 'timestamptz':
      return isMoment(text, true)
        ? text
        : refuse(`a time with its zone, e.g. 2013-08-23T15:00:00Z, or a day${plus(text)}`);
    case 'json':
    case 'other':
      throw new BadRequest(`there is no filter for ${parameter}`);
    default:
      return kind satisfies never;
  }
}

/** What was given, cut short. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}

/** In a query string a plus sign is a space. */
function plus(text: string): string {
  return /\d \d{2}:?\d{2}$/.test(text) ? '; in an address a plus sign is written %2B' : '';
}

function isDay(text: string): boolean {
  const [, year = '', month = '', day = ''] = date.exec(text) ?? [];
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return Number(year) > 0 && at.getUTCMonth() === Number(month) - 1 && at.getUTCDate() === Number(day);
}

function isMoment(text: string, hasZone: boolean): boolean {
  const [all, day = '', hour, minute = '0', second = '0', zone] = moment.exec(text) ?? [];
  if (all === undefined || !isDay(day)) return false;
  if (hour === undefined) return true;
  const [, hours = '0', minutes = '0'] = /^[+-](\d{2}):?(\d{2})?$/.exec(zone ?? '') ?? [];
  return (
    (zone !== undefined) === hasZone &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60 &&
    Number(hours) < 15 &&
    Number(minutes) < 60
  );
}
