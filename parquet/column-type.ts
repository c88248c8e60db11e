import type { SchemaElement } from 'hyparquet';

/** What a column holds. `decimal`: numbers of so many digits in all and after the point, each digit kept. */
export type ParquetType =
  | { readonly kind: 'boolean' | 'integer' | 'bigint' | 'double' | 'text' | 'date' | 'timestamp' | 'timestamptz' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number };

/** Digits that 16 bytes hold, as many as readers take. */
const mostDigits = 38;

/**
 * The type for a column of PostgreSQL, as PostgreSQL spells its type (`numeric(20,10)`, `timestamp with time zone`). A numeric without
 * a precision is text, since it may have any number of digits; so is what Parquet has no type for (uuid, jsonb, interval, arrays).
 */
export function parquetTypeOf(type: string): ParquetType {
  const [, precision, scale] = /^numeric\((\d+),(-?\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined && Number(scale) >= 0 && Number(precision) <= mostDigits)
    return { kind: 'decimal', precision: Number(precision), scale: Number(scale) };
  switch (type.replace(/\(\d\)/, '')) {
    case 'boolean':
      return { kind: 'boolean' };
    case 'smallint':
    case 'integer':
      return { kind: 'integer' };
    case 'bigint':
      return { kind: 'bigint' };
    case 'real':
    case 'double precision':
      return { kind: 'double' };
    case 'date':
      return { kind: 'date' };
    case 'timestamp without time zone':
      return { kind: 'timestamp' };
    case 'timestamp with time zone':
      return { kind: 'timestamptz' };
    default:
      return { kind: 'text' };
  }
}

/** How a column is declared in the file. https://github.com/apache/parquet-format/blob/master/LogicalTypes.md */
export function elementOf(name: string, type: ParquetType): SchemaElement {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  switch (type.kind) {
    case 'boolean':
      return { ...optional, type: 'BOOLEAN' };
    case 'integer':
      return { ...optional, type: 'INT32' };
    case 'bigint':
      return { ...optional, type: 'INT64' };
    case 'double':
      return { ...optional, type: 'DOUBLE' };
    case 'text':
      return { ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8' };
    case 'date':
      return { ...optional, type: 'INT32', converted_type: 'DATE' };
    case 'timestamp':
      return {
        ...optional,
        type: 'INT64',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' },
      };
    case 'timestamptz':
      return {
        ...optional,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      };
    case 'decimal':
      return {
        ...optional,
        type: 'FIXED_LEN_BYTE_ARRAY',
        type_length: 16,
        converted_type: 'DECIMAL',
        precision: type.precision,
        scale: type.scale,
      };
    default:
      return type satisfies never;
  }
}

/**
 * A value as the writer takes it, from PostgreSQL's text; anything but a text is NULL. What Parquet does not have is NULL, too: a time
 * that is infinite or before Christ, a decimal that is NaN or infinite.
 * @throws Error for a text that is no value of the type.
 */
export function parquetValue(type: ParquetType, text: unknown): unknown {
  if (typeof text !== 'string') return null;
  switch (type.kind) {
    case 'boolean':
      return text === 'true' || text === 't';
    case 'integer':
      return Number(text);
    case 'bigint':
      return BigInt(text);
    case 'double':
      return Number(text);
    case 'text':
      return text;
    case 'date': {
      const micros = microsOf(text);
      return micros === null ? null : Number(micros / 86_400_000_000n);
    }
    case 'timestamp':
    case 'timestamptz':
      return microsOf(text);
    case 'decimal':
      return unscaled(text, type.scale);
    default:
      return type satisfies never;
  }
}

const moment =
  /^(\d{4,6})-(\d{2})-(\d{2})(?: (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?)?(?:([+-])(\d{2})(?::(\d{2}))?(?::(\d{2}))?)?$/;

/** Microseconds since 1970 of a date or time as PostgreSQL writes it (ISO); null for what is infinite or before Christ. */
function microsOf(text: string): bigint | null {
  const parts = moment.exec(text);
  if (parts === null) {
    if (/^-?infinity$|BC$/.test(text)) return null;
    throw new Error('a time is not as ISO 8601 has it: set DateStyle to ISO');
  }
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '', sign, ...zone] = parts;
  const at = new Date(0);
  // Date.UTC takes years below 100 for those of the twentieth century.
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  at.setUTCHours(Number(hour), Number(minute), Number(second));
  const [hours = 0, minutes = 0, seconds = 0] = zone.map((part) => Number(part ?? 0));
  const away = (sign === '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
  return BigInt(at.getTime() - away * 1000) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/** `-1.5` with three digits after the point -> -1500n. PostgreSQL writes numeric without an exponent. */
function unscaled(text: string, scale: number): bigint | null {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === '') return null;
  const digits = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  return sign === '-' ? -digits : digits;
}
