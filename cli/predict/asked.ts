import { dayMs } from '../../predictions/examples.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { instantOf } from '../../runner/text/moment.ts';
import { didYouMean } from '../../runner/text/suggest.ts';

/** The flags of `predict`, as the command line gives them. */
export interface PredictFlags {
  readonly use?: string | undefined;
  readonly horizon?: readonly string[] | undefined;
  readonly asOf?: string | undefined;
  readonly at?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly step?: string | undefined;
  readonly keep?: boolean | undefined;
  readonly output?: string | undefined;
}

/** What each action takes: flags, and how many names after it. */
const takes = {
  train: { flags: ['use', 'asOf'], names: 0 },
  score: { flags: ['horizon', 'at'], names: 0 },
  backtest: { flags: ['use', 'horizon', 'from', 'to', 'step', 'keep', 'output'], names: 0 },
  models: { flags: [], names: 0 },
  promote: { flags: [], names: 3 },
  explain: { flags: ['at'], names: 3 },
} as const satisfies Record<string, { readonly flags: readonly (keyof PredictFlags)[]; readonly names: number }>;

const flagNames: Readonly<Record<keyof PredictFlags, string>> = {
  use: '--use',
  horizon: '--horizon',
  asOf: '--as-of',
  at: '--at',
  from: '--from',
  to: '--to',
  step: '--step',
  keep: '--keep',
  output: '--output',
};

export type PredictAction = keyof typeof takes;

/**
 * The action that is asked for. What it does not take is refused: whoever writes `train --horizon day` would believe that only this was trained.
 * @throws UsageError for an unknown action, a flag of another one, and names too many.
 */
export function actionOf(action: string, names: readonly string[], flags: PredictFlags): PredictAction {
  const actions = Object.keys(takes) as PredictAction[];
  const known = actions.find((one) => one === action);
  if (known === undefined)
    throw new UsageError({
      what: `predict cannot "${action}"`,
      hint: didYouMean(action, actions) ?? `It can ${actions.join(', ')}.`,
    });
  const own: { readonly flags: readonly (keyof PredictFlags)[]; readonly names: number } = takes[known];
  const flag = (Object.keys(flagNames) as (keyof PredictFlags)[]).find(
    (one) => flags[one] !== undefined && !own.flags.includes(one),
  );
  const taken = own.flags.map((one) => flagNames[one]).join(', ');
  const hint =
    taken === '' ? `predict ${known} has no flags of its own: leave it out.` : `predict ${known} takes ${taken}.`;
  if (flag !== undefined) throw new UsageError({ what: `predict ${known} takes no ${flagNames[flag]}`, hint });
  if (names.length > own.names)
    throw new UsageError({
      what: `predict ${known} does not take "${names[own.names]}"`,
      hint: own.names === 0 ? hint : `It takes ${own.names} names at most: \`datacycle predict --help\`.`,
    });
  return known;
}

/** Of a list, what is given. @throws UsageError for what is not in it. */
export function oneOf<T extends string>(flag: string, given: readonly string[], known: readonly T[]): readonly T[] {
  return given.map((one) => {
    const found = known.find((name) => name === one);
    if (found !== undefined) return found;
    throw new UsageError({
      what: `${flag} is "${one}"`,
      hint: didYouMean(one, known) ?? `It is one of ${known.join(', ')}.`,
    });
  });
}

/** A time; one without an offset is UTC, wherever the program runs. @throws UsageError for what is none. */
export function timeOf(flag: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = instantOf(text);
  if (!Number.isNaN(time)) return new Date(time);
  throw new UsageError({ what: `${flag} is "${text}"`, hint: 'Write a time like 2023-10-12T08:00:00Z.' });
}

/** How often models are trained again in a backtest: milliseconds. @throws UsageError */
export function stepOf(text: string | undefined): number {
  const days = /^([1-9][0-9]{0,2})d?$/.exec(text ?? '7d')?.[1];
  if (days !== undefined) return Number(days) * dayMs;
  throw new UsageError({ what: `--step is "${text}"`, hint: 'Write a number of days like 7d.' });
}
