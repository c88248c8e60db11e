import { describe, expect, it } from 'vitest';
import { Answers } from '../../../predictors/answers.ts';
import { lineOf, type Question } from '../../../predictors/questions.ts';

const question: Question = {
  target: 'occupied',
  apartment: 'jimmy',
  room: 'Küche',
  timestamp: '2023-10-12T08:15:00.000Z',
  window_minutes: 15,
  horizon: { type: 'quarter', minutes: 15 },
  run_at: '2023-10-12T08:15:00.000Z',
};
const power: Question = { ...question, target: 'mean_power_w', room: 'House' };
const answers = () => new Answers([question, power]);
const line = (more: object, to: object = question) => JSON.stringify({ ...to, ...more });

describe('the lines of a predictor', () => {
  it('are predictions where they answer a question, whatever else they say', () => {
    const all = answers();
    const said = line({
      value: 0.75,
      confidence: 0.5,
      model: { name: 'another', version: 7 },
      features: { x: 1 },
      apartment_key: 9,
    });
    expect(all.take(said)).toEqual({
      kind: 'prediction',
      prediction: { question, version: '7', values: { value: 0.75, class: 'occupied', confidence: 0.5 } },
    });
    expect(all.take(line({ value: 90, lower: 50, upper: 120 }, power))).toEqual({
      kind: 'prediction',
      prediction: { question: power, version: undefined, values: { value: 90, lower: 50, upper: 120 } },
    });
    expect(all.take(' \r')).toBeUndefined();
  });

  it('may write the time otherwise', () => {
    const answer = answers().take(line({ value: 0, timestamp: '2023-10-12T10:15:00+02:00', horizon: 'quarter' }));
    expect(answer).toMatchObject({ kind: 'prediction', prediction: { question, values: { class: 'empty' } } });
  });

  const none = 'its target, apartment, room, timestamp and horizon are none of those asked about';
  it.each([
    ['Loading the model ...', 'it is no JSON object'],
    ['{"value": 0.5', 'it is no JSON object'],
    ['[]', 'it is no JSON object'],
    ['null', 'it is no JSON object'],
    ['0.5', 'it is no JSON object'],
    [`{"value": ${'['.repeat(50_000)}`, 'it is no JSON object'],
    ['{"value": 0.5}', none],
    [line({ value: 0.5, apartment: 'jeremie' }), none],
    [line({ value: 0.5, target: 'presence' }), none],
    [line({ value: 0.5, timestamp: '2023-10-12T08:30:00Z' }), none],
    [line({ value: 0.5, timestamp: 'soon' }), none],
    [line({ value: 0.5, horizon: { type: 'day', days: 0 } }), none],
    [line({ value: 0.5, room: '__proto__' }), none],
    [line({}), 'its value is no number'],
    [line({ value: null }), 'its value is no number'],
    [line({ value: '0.5' }), 'its value is no number'],
    [line({ value: 0.5 }).replace('0.5', 'NaN'), 'it is no JSON object'],
    [line({ value: 0.5 }).replace('0.5', '1e400'), 'its value is no number'],
    [line({ value: 1.01 }), 'its value is no probability from 0 to 1'],
    [line({ value: -0.01 }), 'its value is no probability from 0 to 1'],
    [line({ value: 1e12 }, power), 'its value is no power in W'],
    [line({ value: 50, lower: 'low', upper: 60 }, power), 'its lower bound is no number'],
    [line({ value: 50, lower: 40 }, power), 'one of its bounds is missing'],
    [line({ value: 50, lower: 60, upper: 40 }, power), 'its value is not within its bounds'],
    [line({ value: 0.5, confidence: 2 }), 'its confidence is no number from 0 to 1'],
  ])('are rejected with a reason: %.60s', (text, reason) => {
    const all = answers();
    expect(all.take(text)).toEqual({ kind: 'rejected', reason });
    // and the next one is read
    expect(all.take(line({ value: 0.5 }))).toMatchObject({ kind: 'prediction' });
  });

  it('answer a window once', () => {
    const all = answers();
    expect(all.take(line({ value: 0.5 }))?.kind).toBe('prediction');
    expect(all.take(line({ value: 0.9 }))).toEqual({ kind: 'rejected', reason: 'its window has an answer already' });
  });

  it('are asked for in ASCII, with null for what is not known', () => {
    const asked = lineOf({ question, features: { m0: 3, d: null } });
    expect(asked).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(asked)).toEqual({ ...question, features: { m0: 3, d: null } });
  });
});
