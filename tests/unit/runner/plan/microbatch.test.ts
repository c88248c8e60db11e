import { describe, expect, it } from 'vitest';
import { eventTimeRange } from '../../../../cli/settings/event-time.ts';
import { chooseBatches } from '../../../../runner/plan/batch-choice.ts';
import { boundLiteral } from '../../../../runner/plan/batch-sql.ts';
import { nameOfBatch } from '../../../../runner/plan/plan-batch.ts';
import type { KnownBatch } from '../../../../runner/state/batch-windows.ts';
import { isMoment } from '../../../../runner/text/moment.ts';
import { compileFiles, microbatchOf } from '../projects.ts';

/** Batches of days, a letter each: d done, p pending, b behind, e built too early, - never built. */
function days(states: string, asked = ''): KnownBatch[] {
  return [...states].map((state, index) => {
    const moment = (day: number) => {
      const text = new Date(Date.UTC(2023, 7, 1 + day)).toISOString();
      return { at: text, local: text.slice(0, 19).replace('T', ' ') };
    };
    const done = state === '-' ? undefined : { over: state !== 'e', pending: state === 'p', behind: state === 'b' };
    return { from: moment(index), to: moment(index + 1), done, asked: asked[index] === 'x' };
  });
}

describe('the batches of a run', () => {
  const chosen = (
    states: string,
    options: Partial<Parameters<typeof chooseBatches>[1]> & { asked?: boolean } = {},
    asked = '',
  ) => {
    const known = days(states, asked);
    const { batches, missing } = chooseBatches(known, { lookback: 1, renew: false, asked: false, ...options });
    const marks = (some: readonly KnownBatch[]) => known.map((one) => (some.includes(one) ? 'x' : '.')).join('');
    return `${marks(batches)} ${marks(missing)}`;
  };

  it.each([
    ['nothing is built', '----', {}, 'xxxx xxxx'],
    ['all is built', 'dddde', {}, '...xx .....'],
    ['none is looked at again', 'dddde', { lookback: 0 }, '....x .....'],
    ['more are looked at again than there are', 'dde', { lookback: 9 }, 'xxx ...'],
    ['days were missed: the newest before them', 'ddde--', {}, '..xxxx ....xx'],
    ['some wait or are behind', 'dpdbdde', {}, '.x.x.xx .x.....'],
    ['the model changed', 'dddde', { renew: true }, 'xxxxx xxxxx'],
  ])('%s', (_name, states, options, expected) => {
    expect(chosen(states, options)).toBe(expected);
  });

  it('of a backfill are those of its time, done or not', () => {
    expect(chosen('dpdd-e', { asked: true }, '.xx...')).toBe('.xx... .x..x.');
    expect(chosen('dddd', { asked: true, renew: true }, '.xx.')).toBe('.xx. xxxx');
  });
});

describe('a bound as a value', () => {
  const midnight = { at: '2023-10-28T22:00:00Z', local: '2023-10-29 00:00:00' };
  const five = { at: '2023-10-29T04:00:00Z', local: '2023-10-29 05:00:00' };
  it.each([
    ['timestamp with time zone', `timestamptz '2023-10-28T22:00:00Z'`, `timestamptz '2023-10-29T04:00:00Z'`],
    ['timestamp without time zone', `timestamp '2023-10-29 00:00:00'`, `timestamp '2023-10-29 05:00:00'`],
    // A date lies in the batch that its midnight lies in.
    ['date', `date '2023-10-29'`, `date '2023-10-30'`],
    ['integer', '20231029', '20231030'],
    ['bigint', '202310290000', '202310290500'],
    ['text', undefined, undefined],
  ])('of type %s', (type, first, second) => {
    expect([boundLiteral(type, midnight), boundLiteral(type, five)]).toEqual([first, second]);
  });
});

it.each([
  ['year', '2023'],
  ['month', '2023-10'],
  ['week', 'week of 2023-10-29'],
  ['day', '2023-10-29'],
  ['hour', '2023-10-29 02:00'],
] as const)('a batch of a %s is called %s', (size, name) => {
  const at = { at: '2023-10-29T01:00:00Z', local: '2023-10-29 02:00:00' };
  expect(nameOfBatch({ from: at, to: at }, { size })).toBe(name);
});

it.each([
  ['2023-08-18', true],
  ['2023-08-18 12:30', true],
  ['2023-08-18T12:30:15.5+02:00', true],
  ['2023-08-18T12:30Z', true],
  ['2023-02-29', false],
  ['2023-08-18 24:00', false],
  ['18.08.2023', false],
  ['yesterday', false],
])('%s is a time: %s', (text, is) => {
  expect(isMoment(text)).toBe(is);
});

describe('--event-time-start and --event-time-end', () => {
  it('are a time from the one to the other', () => {
    expect(eventTimeRange({})).toBeUndefined();
    expect(eventTimeRange({ eventTimeStart: '2023-08-18' })).toEqual({ start: '2023-08-18', end: undefined });
    const range = { eventTimeStart: '2023-08-18T01:00+0200', eventTimeEnd: '2023-08-17T23:30Z' };
    expect(eventTimeRange(range)).toEqual({ start: range.eventTimeStart, end: range.eventTimeEnd });
  });

  it.each([
    [{ eventTimeEnd: '2023-08-18' }, '--event-time-end needs --event-time-start'],
    [{ eventTimeStart: '2023-08-18', eventTimeEnd: '2023-08-18' }, 'is not before'],
    [{ eventTimeStart: '2023-08-18T02:00+02:00', eventTimeEnd: '2023-08-18T00:00Z' }, 'is not before'],
    [{ eventTimeStart: 'yesterday' }, '"yesterday" is no date and no time'],
    [{ eventTimeStart: '2023-08-18', fullRefresh: true }, '--full-refresh builds all batches'],
  ])('%o is wrong use', (flags, message) => {
    expect(() => eventTimeRange(flags)).toThrow(message);
  });
});

describe('what a microbatch model follows batch by batch', () => {
  const microbatch =
    'materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="day" begin="2023-08-18"';
  const follows = (sql: string) => {
    const compiled = compileFiles({
      'models/a.sql': `{{config ${microbatch}}}select {{batch_start}} as at`,
      'models/t.sql': '{{config materialized="table" event_time="at"}}select now() as at',
      'models/e.sql': '{{config materialized="ephemeral" event_time="at"}}select * from {{ref "a"}}',
      'models/m.sql': `{{config ${microbatch}}}${sql}`,
    });
    return microbatchOf(compiled, 'm').batch.follows;
  };
  it.each([
    ['a microbatch model', 'select * from {{ref "a"}}', ['model.a']],
    ['not a table', 'select * from {{ref "a"}} union all select * from {{ref "t"}}', ['model.a']],
    [
      'not one of which it reads all rows as well',
      'select * from {{ref "a"}} union all select * from {{ref "a" filter=false}}',
      [],
    ],
    ['not one behind an ephemeral model', 'select * from {{ref "e"}}', []],
  ])('%s', (_name, sql, expected) => {
    expect(follows(sql)).toEqual(expected);
  });
});
