import { describe, expect, it } from 'vitest';
import { judge } from '../../../../cli/status/freshness.ts';

const now = new Date('2023-10-12T12:00:00Z');

describe('the age of the newest data', () => {
  it.each([
    ['2023-10-12T11:30:00Z', 'ok', 1800],
    ['2023-10-12T13:00:00Z', 'ok', 0],
    ['2023-10-12T10:30:00Z', 'error', 5400],
    // A broken clock must not hide for years that nothing comes any more.
    ['2199-01-01T00:00:00Z', 'error', 0],
  ])('of %s is %s', (newest, level, ageSeconds) => {
    expect(judge('sensors', { error_after: 3600 }, true, newest, now)).toMatchObject({ level, ageSeconds });
  });
});
