import { expect, it } from 'vitest';
import { horizons, predictionSettings } from '../../../predictions/settings.ts';

it('what the variable leaves out has a value of its own', () => {
  const usual = {
    historyDays: 120,
    minDays: 21,
    rooms: { occupied: undefined, mean_power_w: undefined },
    ahead: { quarter: 1, hour: 4, day: 3 },
    interval: 0.8,
    exclude: [],
  };
  expect(predictionSettings(undefined)).toEqual(usual);
  const given = { min_days: 7, occupied: { rooms: ['Salon'] }, mean_power_w: { rooms: 'auto' }, horizons: { hour: 8 } };
  expect(predictionSettings(given)).toEqual({
    ...usual,
    minDays: 7,
    rooms: { occupied: ['Salon'], mean_power_w: undefined },
    ahead: { ...usual.ahead, hour: 8 },
  });
});

it.each([
  ['predictions', 5, 'a mapping of history_days,'],
  ['predictions.min_day', { min_day: 5 }, 'left out: there are history_days, min_days,'],
  ['predictions.horizons.week', { horizons: { week: 1 } }, `left out: there are ${horizons.join(', ')}`],
  ['predictions.occupied.room', { occupied: { room: 'Salon' } }, 'left out: there are rooms'],
  ['predictions.occupied.rooms', { occupied: { rooms: 'Salon' } }, 'a list of names'],
  ['predictions.horizons.day', { horizons: { day: 5 } }, 'a whole number from 1 to 3'],
  ['predictions.interval', { interval: 80 }, 'a number between 0 and 1'],
])('%s is refused where it makes no sense', (name, value, range) => {
  expect(() => predictionSettings(value)).toThrow(`the variable ${name} is`);
  expect(() => predictionSettings(value)).toThrow(range);
  // Wrong configuration: nothing was tried.
  expect(() => predictionSettings(value)).toThrow(expect.objectContaining({ exitCode: 2 }));
});
