import { expect, it } from 'vitest';
import { championAmong } from '../../../predictions/champion.ts';

const rooms = ['House', 'Office', 'Kitchen'];

/** A contender that is as wrong everywhere, or as the list says of its rooms. */
function contender(name: string, criterion: number, { biasShare = 0, of = rooms.map(() => criterion) } = {}) {
  const byRoom = Object.fromEntries(rooms.map((room, place) => [room, of[place] ?? 0]));
  return { name, hasLearnt: name === 'trees', evaluation: { rows: 100, criterion, byRoom, biasShare } };
}

const week = contender('hour-of-week', 2);

it('a model has to be 1 % better than the best baseline', () => {
  expect(championAmong('occupied', [contender('mean', 3), week, contender('trees', 1.97)]).champion).toBe('trees');
  expect(championAmong('occupied', [contender('mean', 3), week, contender('trees', 1.99)])).toEqual({
    champion: 'hour-of-week',
    refused: { trees: 'less than 1 % better than the best baseline' },
  });
  // What is worse is no news.
  expect(championAmong('occupied', [week, contender('trees', 2.5)])).toEqual({ champion: 'hour-of-week', refused: {} });
  expect(championAmong('occupied', [])).toEqual({ champion: undefined, refused: {} });
});

it('it must not be worse in most rooms', () => {
  expect(championAmong('occupied', [week, contender('trees', 1, { of: [3, 1, 1] })]).champion).toBe('trees');
  expect(championAmong('occupied', [week, contender('trees', 1, { of: [3, 3, 0] })])).toEqual({
    champion: 'hour-of-week',
    refused: { trees: 'worse than the best baseline in 2 of 3 rooms' },
  });
});

it('its power is biased by no more than 10 %, or than the baseline that would predict in its place', () => {
  const trees = contender('trees', 1, { biasShare: -0.2 });
  expect(championAmong('mean_power_w', [week, trees])).toEqual({
    champion: 'hour-of-week',
    refused: { trees: 'its power is biased by -20 %' },
  });
  const lower = contender('hour-of-week', 2, { biasShare: -0.3 });
  expect(championAmong('mean_power_w', [lower, trees])).toEqual({ champion: 'trees', refused: {} });
  expect(championAmong('occupied', [week, trees]).champion).toBe('trees');
});
