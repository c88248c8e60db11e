import { valuesAt } from '../learning/data/matrix.ts';
import type { Session } from '../warehouse/warehouse.ts';
import { dayTargets, forecastDays } from './days.ts';
import { type Examples, quarterMs } from './examples.ts';
import { type Content, type Forecasts, forecastsOf, fullName, type Predicting } from './models.ts';
import { at, positions } from './rows.ts';
import type { Horizon, Use } from './settings.ts';

/** What a record says of its model. */
export interface Author {
  readonly name: string;
  readonly version: string;
  readonly type: string;
  readonly trained_at: string;
  readonly role: string;
}

/** A record a window. No clock time is in them: the same readings give the same records. */
export function windowRecords(
  model: Author,
  target: Use,
  horizon: Horizon,
  examples: Examples,
  forecasts: Forecasts,
): readonly unknown[] {
  return Array.from(forecasts.values, (value, row) => {
    const [origin = 0, window = 0] = [examples.origins[row], examples.targets[row]];
    const minutes = (window - origin) / 60_000;
    return {
      model,
      target,
      apartment: examples.apartments[row],
      room: examples.rooms[row],
      timestamp: new Date(window).toISOString(),
      window_minutes: 15,
      horizon: horizon === 'day' ? { type: 'day', days: examples.days[row] } : { type: horizon, minutes },
      run_at: new Date(origin + quarterMs).toISOString(),
      value: rounded(value),
      lower: rounded(forecasts.lower?.[row]),
      upper: rounded(forecasts.upper?.[row]),
      ...(target === 'occupied' ? { class: value >= 0.5 ? 'occupied' : 'empty' } : {}),
    };
  });
}

/**
 * What a model predicts from one origin, by the contract of staging.prediction: a record a window, and one a local day and room at the horizon
 * of days.
 * @param known the examples of the origin, and those before it that forecasts are corrected by.
 */
export async function recordsOf(
  session: Session,
  model: Predicting,
  known: Examples,
  origin: number,
): Promise<readonly unknown[]> {
  const { version, trainedTo, content, target, horizon, role } = model;
  const rows = positions(known, (row) => known.origins[row] === origin);
  const examples = at(known, rows);
  const forecasts = forecastsAt(forecastsOf(target, content, known), rows);
  const type = typeOf(content);
  const by = { name: fullName(model), version, type, trained_at: trainedTo, role };
  const run_at = new Date(origin + quarterMs).toISOString();
  const windows = windowRecords(by, target, horizon, examples, forecasts);
  if (horizon !== 'day' || windows.length === 0) return windows;
  const days = await forecastDays(session, target, examples, forecasts.values, content.dayBounds);
  return [
    ...windows,
    ...days.map(({ apartment, room, days: ahead, begins, minutes, value, lower, upper }) => ({
      model: by,
      target: dayTargets[target],
      apartment,
      room,
      timestamp: new Date(begins).toISOString(),
      window_minutes: minutes,
      horizon: { type: 'day', days: ahead },
      run_at,
      value: rounded(value),
      lower: rounded(lower),
      upper: rounded(upper),
    })),
  ];
}

function forecastsAt({ values, lower, upper }: Forecasts, rows: readonly number[]): Forecasts {
  if (lower === undefined || upper === undefined) return { values: valuesAt(values, rows) };
  return { values: valuesAt(values, rows), lower: valuesAt(lower, rows), upper: valuesAt(upper, rows) };
}

/** What kind of model it is: of a room that is new, a mean of what there is. */
export function typeOf(content: Content): string {
  if (content.kind === 'learned') return content.artefact.spec.kind;
  return content.baseline === 'hour-of-day' ? 'hour-of-day mean' : 'baseline';
}

/** Nine digits: what differs beyond them is the order in which a machine adds. */
function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(9));
}
