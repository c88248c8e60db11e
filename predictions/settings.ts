import { DatacycleError } from '../warehouse/errors.ts';

/** What is predicted: whether a room is occupied (a probability), or its mean power in W; both of a quarter of an hour. */
export const uses = ['occupied', 'mean_power_w'] as const;
export type Use = (typeof uses)[number];

/** How far ahead: some quarters of an hour, or all quarters of some days at once. */
export const horizons = ['quarter', 'hour', 'day'] as const;
export type Horizon = (typeof horizons)[number];

/** A value of the variable `predictions` that makes no sense: wrong configuration, of which nothing was tried. */
export class PredictionSettingError extends DatacycleError {
  override readonly exitCode = 2;
}

/** The variable `predictions` of project.yml. */
export interface PredictionSettings {
  /** How many days before now are learnt from, at most. */
  readonly historyDays: number;
  /** With fewer days, of all or of a room, nothing learnt predicts: a mean of what there is does. */
  readonly minDays: number;
  /** The rooms of a use; undefined for all that have readings. */
  readonly rooms: Readonly<Record<Use, readonly string[] | undefined>>;
  /** Quarters ahead, of `day` whole days. */
  readonly ahead: Readonly<Record<Horizon, number>>;
  /** The share of values that intervals are to hold: 0 to 1. */
  readonly interval: number;
  /** Apartments of which nothing is learnt and nothing predicted. */
  readonly exclude: readonly string[];
}

const keys = [
  'history_days',
  'min_days',
  ...uses,
  'weather_there_after',
  'horizons',
  'interval',
  'exclude',
  'predictors',
];

/**
 * Reads the variable `predictions`; what it leaves out has a value of its own.
 * @throws PredictionSettingError if a value makes no sense, or nothing has the name of a key.
 */
export function predictionSettings(value: unknown): PredictionSettings {
  const given = mapping('', value, keys);
  const ahead = mapping('horizons', given.horizons, horizons);
  return {
    historyDays: wholeNumber('history_days', given.history_days ?? 120, 1, 3650),
    minDays: wholeNumber('min_days', given.min_days ?? 21, 2, 3650),
    rooms: { occupied: roomsOf('occupied', given), mean_power_w: roomsOf('mean_power_w', given) },
    ahead: {
      quarter: wholeNumber('horizons.quarter', ahead.quarter ?? 1, 1, 288),
      hour: wholeNumber('horizons.hour', ahead.hour ?? 4, 1, 288),
      day: wholeNumber('horizons.day', ahead.day ?? 3, 1, 3),
    },
    interval: share(given.interval ?? 0.8),
    exclude: names('exclude', given.exclude ?? []),
  };
}

/** @param name of the mapping, empty for all of the variable. */
function mapping(name: string, value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  const all = known.join(', ');
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(name, value, `a mapping of ${all}`);
  const given = { ...value } as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown === undefined) return given;
  throw wrong([name, unknown].filter((part) => part !== '').join('.'), given[unknown], `left out: there are ${all}`);
}

function roomsOf(use: Use, given: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const { rooms } = mapping(use, given[use], ['rooms']);
  return rooms === undefined || rooms === 'auto' ? undefined : names(`${use}.rooms`, rooms);
}

function wholeNumber(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw wrong(name, value, `a whole number from ${least} to ${most}`);
}

function share(value: unknown): number {
  if (typeof value === 'number' && value > 0 && value < 1) return value;
  throw wrong('interval', value, 'a number between 0 and 1');
}

function names(name: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw wrong(name, value, 'a list of names');
}

function wrong(name: string, value: unknown, range: string): PredictionSettingError {
  return new PredictionSettingError({
    what: `the variable predictions${name === '' ? '' : `.${name}`} is ${JSON.stringify(value)}, and has to be ${range}`,
    hint: 'Correct it under vars in project.yml.',
  });
}
