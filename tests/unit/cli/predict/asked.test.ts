import { expect, it } from 'vitest';
import { actionOf, oneOf, stepOf, timeOf } from '../../../../cli/predict/asked.ts';

it('refuses a flag or a name that an action does not take, and says what it takes', () => {
  expect(() => actionOf('train', [], { horizon: ['day'] })).toThrow(
    expect.objectContaining({
      message: 'predict train takes no --horizon',
      hint: 'predict train takes --use, --as-of.',
    }),
  );
  expect(() => actionOf('score', [], { use: 'occupied' })).toThrow('predict score takes no --use');
  expect(() => actionOf('models', [], { keep: true })).toThrow('predict models takes no --keep');
  expect(() => actionOf('train', ['occupied'], {})).toThrow('predict train does not take "occupied"');
  expect(() => actionOf('promote', ['occupied', 'day', 'trees', 'now'], {})).toThrow('does not take "now"');
  expect(() => actionOf('trian', [], {})).toThrow(expect.objectContaining({ hint: 'Did you mean "train"?' }));
  expect(actionOf('backtest', [], { use: 'occupied', horizon: ['day'], from: 'a', to: 'b', step: '7d' })).toBe(
    'backtest',
  );
  expect(actionOf('explain', ['occupied', 'quarter', 'jimmy/Office'], { at: 'a' })).toBe('explain');
});

it('reads times, of which one without an offset is UTC', () => {
  expect(timeOf('--at', '2023-10-12 08:00')?.toISOString()).toBe('2023-10-12T08:00:00.000Z');
  expect(timeOf('--at', '2023-10-12')?.toISOString()).toBe('2023-10-12T00:00:00.000Z');
  expect(timeOf('--at', '2023-10-12T08:00:30.250+0200')?.toISOString()).toBe('2023-10-12T06:00:30.250Z');
  expect(timeOf('--at', '2023-10-12+02')?.toISOString()).toBe('2023-10-11T22:00:00.000Z');
  for (const text of ['5', 'yesterday', '2023-02-30', '12.10.2023', '2023-10-12T08:00+25:00'])
    expect(() => timeOf('--at', text)).toThrow(`--at is "${text}"`);
});

it('reads steps and names from a list', () => {
  expect([stepOf(undefined), stepOf('2d'), stepOf('2')]).toEqual([604_800_000, 172_800_000, 172_800_000]);
  expect(() => stepOf('7h')).toThrow('--step is "7h"');
  expect(oneOf('--horizon', ['day'], ['quarter', 'hour', 'day'])).toEqual(['day']);
  expect(() => oneOf('--horizon', ['days'], ['quarter', 'day'])).toThrow(
    expect.objectContaining({ hint: 'Did you mean "day"?' }),
  );
});
