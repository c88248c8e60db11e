import type { RowLimit } from '../../runner/manifest/placeholders.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { instantOf } from '../../runner/text/moment.ts';
import { isMapping } from '../../runner/yaml/mapping.ts';

/** The flags that say which rows models read. */
export interface RowLimitFlags {
  readonly empty?: boolean | undefined;
  readonly sample?: string | undefined;
}

const example = `Write e.g. --sample "3 days", or --sample '{start: 2024-07-01, end: 2024-07-08}'.`;

/**
 * Which rows models read, as the flags say; undefined: all.
 * @param now from when a span of time is counted back.
 * @throws UsageError for a sample that cannot be read.
 */
export async function rowLimitOf({ empty, sample }: RowLimitFlags, now: Date): Promise<RowLimit | undefined> {
  if (empty === true && sample !== undefined)
    throw new UsageError({ what: '--empty and --sample exclude each other', hint: 'Leave one of them out.' });
  if (empty === true) return { kind: 'empty' };
  if (sample === undefined) return undefined;
  const from = before(sample, now);
  if (from !== undefined) return { kind: 'sample', from: from.toISOString(), to: undefined };
  const { parseYaml } = await import('../../runner/yaml/exact-numbers.ts');
  const { start, end, ...others } = mappingOf(sample, parseYaml);
  if (Object.keys(others).length > 0 || start === undefined) throw wrong(sample);
  const limits = { from: momentOf(start, sample), to: end === undefined ? undefined : momentOf(end, sample) };
  if (limits.to === undefined || limits.from < limits.to) return { kind: 'sample', ...limits };
  throw new UsageError({
    what: `--sample: its start (${limits.from}) is not before its end (${limits.to})`,
    hint: example,
  });
}

/** The time that lies so long before now; undefined for a text that is no length of time. */
function before(text: string, now: Date): Date | undefined {
  const [, amount, unit] = /^\s*([1-9]\d{0,5})\s*(hour|day|week|month|year)s?\s*$/i.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const count = Number(amount);
  const from = new Date(now);
  switch (unit.toLowerCase()) {
    case 'hour':
      from.setTime(from.getTime() - count * 3_600_000);
      break;
    case 'day':
    case 'week':
      from.setUTCDate(from.getUTCDate() - count * (unit.toLowerCase() === 'week' ? 7 : 1));
      break;
    case 'month':
      from.setUTCMonth(from.getUTCMonth() - count);
      break;
    default:
      from.setUTCFullYear(from.getUTCFullYear() - count);
  }
  return Number.isNaN(from.getTime()) ? undefined : from;
}

function mappingOf(text: string, parse: (text: string) => unknown): Readonly<Record<string, unknown>> {
  try {
    const value = parse(text);
    if (isMapping(value)) return value;
  } catch {
    // Falls through to the message below.
  }
  throw wrong(text);
}

/** A time without an offset is one of UTC, as in dbt. */
function momentOf(value: unknown, sample: string): string {
  const text = value instanceof Date ? value.toISOString() : String(value);
  const time = instantOf(text);
  if (Number.isNaN(time)) throw wrong(sample);
  return new Date(time).toISOString();
}

function wrong(sample: string): UsageError {
  return new UsageError({ what: `--sample: "${sample}" is no span of time`, hint: example });
}
