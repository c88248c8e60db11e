import { expect, test } from 'vitest';
import type { Artefact } from '../../../learning/model/spec.ts';
import { baselinePredictions } from '../../../predictions/candidates.ts';
import { dayMs, type Examples, quarterMs } from '../../../predictions/examples.ts';
import { meansOf } from '../../../predictions/judge.ts';
import type { Content, Predicting } from '../../../predictions/models.ts';
import { assigned } from '../../../predictions/new-rooms.ts';

const now = Date.parse('2023-10-12T00:00:00Z');
const rooms = ['Office', 'Kitchen', 'Attic', 'Cellar'];
/** Days of readings; the cellar is not known at all. */
const daysOf = [30, 10, 1];
const codes = rooms.slice(0, 3).map((room) => `jimmy/${room}`);

/** One row a room, predicted now. */
const examples: Examples = {
  matrix: {
    columns: ['room', 'hour'],
    rows: 4,
    values: [Float64Array.of(0, 1, 2, Number.NaN), Float64Array.of(7, 7, 7, 7)],
  },
  origins: new Float64Array(4).fill(now - quarterMs),
  targets: new Float64Array(4).fill(now),
  days: new Float64Array(4),
  apartments: rooms.map(() => 'jimmy'),
  rooms,
  labels: new Float64Array(4).fill(Number.NaN),
};
const means = { rooms: [1, 2, 3], all: 2, since: daysOf.map((days) => now - days * dayMs) };

function model(name: string, of: 'learned' | 'hour-of-week' | 'hour-of-day', role: Predicting['role']): Predicting {
  const content: Content =
    of === 'learned'
      ? { kind: 'learned', artefact: {} as Artefact, codes, means }
      : { kind: 'baseline', baseline: of, codes, means };
  const common = { target: 'occupied', horizon: 'quarter', version: '1', trainedFrom: '', trainedTo: '' } as const;
  const evaluation = { rows: 1, criterion: 1, byRoom: {} };
  return { ...common, name, role, content, rows: 1, apartments: ['jimmy'], evaluation, chosenAt: null };
}

const hourOfDay = model('hour-of-day', 'hour-of-day', 'baseline');
const hourOfWeek = model('hour-of-week', 'hour-of-week', 'baseline');

const shown = (models: readonly Predicting[]) =>
  assigned(models, examples, 21).map(({ model: { name, role }, examples: of }) => [name, role, of.rooms]);

test('a room is predicted by what has learnt once it has days enough, by the hour of the day before, by nothing at first', () => {
  expect(shown([model('trees', 'learned', 'champion'), hourOfDay, hourOfWeek])).toEqual([
    ['trees', 'champion', ['Office']],
    ['hour-of-day', 'champion', ['Kitchen']],
    ['hour-of-week', 'baseline', ['Office', 'Kitchen']],
  ]);
});

test('where a baseline is the champion it predicts rooms that are new, too', () => {
  const champion: Predicting = { ...hourOfWeek, role: 'champion' };
  expect(shown([champion, hourOfDay, model('trees', 'learned', 'challenger')])).toEqual([
    ['hour-of-week', 'champion', ['Office', 'Kitchen']],
    ['trees', 'challenger', ['Office']],
  ]);
});

test('of a room the mean of the hour is predicted, of an hour without readings that of the room', () => {
  const learnt: Examples = {
    ...examples,
    matrix: { columns: ['room', 'hour'], rows: 4, values: [Float64Array.of(0, 0, 0, 1), Float64Array.of(7, 7, 8, 8)] },
    labels: Float64Array.of(1, 0, 1, 0),
  };
  const found = meansOf(learnt, 3);
  expect(found.since).toEqual([now, now, null]);
  expect([...baselinePredictions('occupied', 'hour-of-day', examples.matrix, found)]).toEqual([0.5, 0, 0.5, 0.5]);
});
