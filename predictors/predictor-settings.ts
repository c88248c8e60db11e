import { baselines, learnersOf } from '../predictions/candidates.ts';
import { type Horizon, horizons, PredictionSettingError, type Use, uses } from '../predictions/settings.ts';

/** A program of others that predicts, as an entry of `predictions: predictors:` has it. */
export interface PredictorSettings {
  /** By which `predict promote` and reports know it. */
  readonly name: string;
  /** The version of its records that say none. */
  readonly version: string;
  /** The program and its arguments, as they are: no shell reads them. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly targets: readonly Use[];
  readonly horizons: readonly Horizon[];
  /** How long it may take for one origin, in milliseconds; 1 second to 10 minutes. */
  readonly timeoutMs: number;
}

const keys = ['name', 'version', 'command', 'targets', 'horizons', 'timeout_seconds'];

/**
 * Reads the list `predictors` of the variable `predictions`; without it there are none.
 * @throws PredictionSettingError naming the entry and what is wrong with it.
 */
export function predictorSettings(predictions: unknown): readonly PredictorSettings[] {
  const list = isRecord(predictions) ? (predictions.predictors ?? []) : [];
  if (!Array.isArray(list)) throw wrong('predictors', list, 'a list');
  const all = list.map(predictorOf);
  const twice = all.find(({ name }, index) => all.findIndex((one) => one.name === name) < index);
  if (twice !== undefined) throw wrong('predictors', twice.name, 'a list in which no name stands twice');
  return all;
}

function predictorOf(value: unknown, index: number): PredictorSettings {
  const place = `predictors[${index}]`;
  if (!isRecord(value)) throw wrong(place, value, 'a mapping with name and command');
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw wrong(`${place}.${unknown}`, value[unknown], `left out: a predictor has ${keys.join(', ')}`);
  const { name, version = '1', command, timeout_seconds: timeout = 60 } = value;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_-]{0,39}$/.test(name))
    throw wrong(`${place}.name`, name, 'a name of up to 40 small letters, digits, - and _ that begins with a letter');
  if (reserved.includes(name))
    throw wrong(`${place}.name`, name, `another name than those of models that are there: ${reserved.join(', ')}`);
  if (!(typeof version === 'string' || typeof version === 'number') || !/^.{1,40}$/.test(String(version)))
    throw wrong(`${place}.version`, version, 'a text of up to 40 characters');
  if (typeof timeout !== 'number' || !(timeout >= 1 && timeout <= 600))
    throw wrong(`${place}.timeout_seconds`, timeout, 'a number from 1 to 600');
  return {
    name,
    version: String(version),
    command: commandOf(`${place}.command`, command),
    targets: chosen(`${place}.targets`, value.targets, uses),
    horizons: chosen(`${place}.horizons`, value.horizons, horizons),
    timeoutMs: timeout * 1000,
  };
}

/** Names of the program's own models and baselines. */
const reserved: readonly string[] = [
  ...baselines,
  ...new Set(uses.flatMap((use) => horizons.flatMap((horizon) => Object.keys(learnersOf(use, horizon))))),
];

function commandOf(place: string, value: unknown): PredictorSettings['command'] {
  const [program, ...args] = Array.isArray(value) ? value : [];
  const isText = (one: unknown): one is string => typeof one === 'string' && !one.includes('\0');
  if (isText(program) && program !== '' && args.every(isText)) return [program, ...args];
  throw wrong(place, value, 'a list of texts, the program and its arguments, like [python3, predict.py]');
}

function chosen<T extends string>(place: string, value: unknown, known: readonly T[]): readonly T[] {
  if (value === undefined) return known;
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const found = known.filter((one) => list.includes(one));
  if (found.length > 0 && found.length === list.length) return found;
  throw wrong(place, value, `a list of some of ${known.join(', ')}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(place: string, value: unknown, wanted: string): PredictionSettingError {
  return new PredictionSettingError({
    what: `the variable predictions.${place} is ${JSON.stringify(value) ?? 'missing'}, and has to be ${wanted}`,
    hint: 'Correct it under vars in project.yml; docs/predictors.md says what it may be.',
  });
}
