import { keyOf, type Question } from './questions.ts';

/** What a line that a predictor has written comes to. */
export type Answer =
  | { readonly kind: 'prediction'; readonly prediction: Prediction }
  | { readonly kind: 'rejected'; readonly reason: string };

/** A prediction of a predictor: a record of staging.prediction that lacks the model's name and role. */
export interface Prediction {
  readonly question: Question;
  /** What the answer says itself; undefined if it says none. */
  readonly version: string | undefined;
  readonly values: Values;
}

/** Characters of a version that an answer may have. */
const longestVersion = 40;

/** Turns the lines of a predictor into predictions: one for each window that was asked about, and no others. */
export class Answers {
  readonly #questions: ReadonlyMap<string, Question>;
  readonly #answered = new Set<string>();

  constructor(questions: readonly Question[]) {
    this.#questions = new Map(questions.map((one) => [keyOfQuestion(one), one]));
  }

  /** Judges a line. @returns undefined for an empty one. */
  take(line: string): Answer | undefined {
    if (line.trim() === '') return undefined;
    const answer = parsed(line);
    if (answer === undefined) return rejected('it is no JSON object');
    const { target, apartment, room, timestamp, horizon } = answer;
    const [type, time] = [isRecord(horizon) ? horizon.type : horizon, Date.parse(String(timestamp))];
    const key = keyOf(String(target), String(apartment), String(room), time, String(type));
    const question = this.#questions.get(key);
    if (question === undefined)
      return rejected('its target, apartment, room, timestamp and horizon are none of those asked about');
    if (this.#answered.has(key)) return rejected('its window has an answer already');
    const read = valuesOf(answer, question.target);
    if (typeof read === 'string') return rejected(read);
    this.#answered.add(key);
    const version = isRecord(answer.model) ? versionOf(answer.model.version) : undefined;
    return { kind: 'prediction', prediction: { question, version, values: read } };
  }
}

/** What is predicted of a window, by the names of the contract of staging.prediction. */
export interface Values {
  readonly value: number;
  readonly lower?: number;
  readonly upper?: number;
  readonly class?: string;
  readonly confidence?: number;
}

/** What is predicted, or why it cannot be read. */
function valuesOf(answer: Readonly<Record<string, unknown>>, target: Question['target']): Values | string {
  const { value, lower, upper, confidence, class: label } = answer;
  const number = (one: unknown): one is number => typeof one === 'number' && Number.isFinite(one);
  if (!number(value)) return 'its value is no number';
  if (target === 'occupied' && (value < 0 || value > 1)) return 'its value is no probability from 0 to 1';
  if (target === 'mean_power_w' && Math.abs(value) > 1e9) return 'its value is no power in W';
  for (const [name, one] of Object.entries({ lower, upper }))
    if (one !== undefined && one !== null && !number(one)) return `its ${name} bound is no number`;
  if (number(lower) !== number(upper)) return 'one of its bounds is missing';
  if (number(lower) && number(upper) && (lower > value || upper < value)) return 'its value is not within its bounds';
  if (confidence !== undefined && confidence !== null && !(number(confidence) && confidence >= 0 && confidence <= 1))
    return 'its confidence is no number from 0 to 1';
  return {
    value,
    ...(number(lower) && number(upper) ? { lower, upper } : {}),
    ...(target === 'occupied' ? { class: typeof label === 'string' ? label.slice(0, 40) : classOf(value) } : {}),
    ...(number(confidence) ? { confidence } : {}),
  };
}

function classOf(probability: number): string {
  return probability >= 0.5 ? 'occupied' : 'empty';
}

function versionOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text === '' || text.includes('\0')) return undefined;
  return text.slice(0, longestVersion);
}

function keyOfQuestion({ target, apartment, room, timestamp, horizon }: Question): string {
  return keyOf(target, apartment, room, Date.parse(timestamp), horizon.type);
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function rejected(reason: string): Answer {
  return { kind: 'rejected', reason };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
