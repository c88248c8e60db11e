import { dayMs, type Examples, quarterMs } from './examples.ts';
import type { Predicting } from './models.ts';
import { at, positions, roomsOf } from './rows.ts';

/** With fewer days of a room nothing is predicted of it. */
export const fewestDays = 2;

/** A model beside the examples that it predicts. */
export interface Assigned {
  readonly model: Predicting;
  readonly examples: Examples;
}

/**
 * Which models predict which rooms. A model that has learnt knows nothing of a room with less than `minDays` of readings: the mean of the
 * hour of the day predicts there in its place, and nothing where there are fewer than two days.
 * @param models those that predict, the champion first.
 * @param examples of one origin.
 */
export function assigned(models: readonly Predicting[], examples: Examples, minDays: number): readonly Assigned[] {
  const [champion] = models;
  if (champion === undefined) return [];
  const days = daysKnown(champion, examples);
  const of = (isWanted: (known: number) => boolean) =>
    at(
      examples,
      positions(examples, (row) => isWanted(days[row] ?? 0)),
    );
  const [known, settled] = [of((count) => count >= fewestDays), of((count) => count >= minDays)];
  const young = of((count) => count >= fewestDays && count < minDays);
  const hasLearnt = champion.content.kind === 'learned';
  return models.flatMap((model): Assigned[] => {
    const isForNew = model.name === 'hour-of-day' && model !== champion;
    if (isForNew) return hasLearnt ? [{ model: { ...model, role: champion.role }, examples: young }] : [];
    return [{ model, examples: model.content.kind === 'learned' ? settled : known }];
  });
}

/** Days between the first window of the room that the champion has learnt from and the origin's end; all of them where that was not noted. */
function daysKnown({ content: { codes, means } }: Predicting, examples: Examples): readonly number[] {
  const { since } = means;
  if (since === undefined) return examples.rooms.map(() => Number.POSITIVE_INFINITY);
  const of = new Map(codes.map((code, place) => [code, since[place] ?? null]));
  return roomsOf(examples).map((room, row) => {
    const first = of.get(room) ?? null;
    return first === null ? 0 : ((examples.origins[row] ?? 0) + quarterMs - first) / dayMs;
  });
}
