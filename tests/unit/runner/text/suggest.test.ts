import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from '../../../../runner/text/suggest.ts';

describe('a guess at what was meant', () => {
  it.each([
    ['dim_rom', 'dim_room'],
    ['dim_roomm', 'dim_room'],
    ['dim_orom', 'dim_room'],
    ['DIM_ROOM', 'dim_room'],
  ])('takes %s for %s', (written, meant) => {
    expect(nearest(written, ['fact_energy', 'dim_room', 'dim_date'])).toBe(meant);
  });

  it('is not made when nothing is near', () => {
    expect(nearest('weather', ['dim_room', 'dim_date'])).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
  });

  it('falls back to what there is, sorted, unless that is a long list', () => {
    expect(didYouMean('weather', ['rooms', 'bounds'])).toBe('Known here: bounds, rooms.');
    expect(didYouMean('weather', [])).toBeUndefined();
    const many = Array.from({ length: 31 }, (_, index) => `model_number_${index}`);
    expect(didYouMean('weather', many)).toBeUndefined();
  });

  it('does not depend on the order of the candidates', () => {
    expect(nearest('ab', ['ac', 'ad'])).toBe('ac');
    expect(didYouMean('ab', ['ad', 'ac'])).toBe('Did you mean "ac"?');
  });
});
