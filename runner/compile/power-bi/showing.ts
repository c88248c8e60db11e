import { normalType } from '../../manifest/column-type.ts';
import type { BiType } from '../../manifest/exposure.ts';

/** How a view for Power BI shows a column, by the column's type. */
export type Showing =
  | { readonly kind: 'value'; readonly type: BiType; readonly sqlType: string; readonly cast: boolean }
  /** A point in time: Power BI knows no time zones, so it becomes two times of day, UTC and local. */
  | { readonly kind: 'instant' }
  | { readonly kind: 'refused'; readonly what: string; readonly hint: string };

export const timestamp = 'timestamp without time zone';

/** The digits that the decimal type of Power BI's driver holds (System.Decimal). */
const decimalDigits = 28;

const simple: Readonly<Record<string, BiType>> = {
  smallint: 'bigint',
  // Not cast: a condition on a widened key could not use the index on the key.
  integer: 'bigint',
  bigint: 'bigint',
  real: 'double precision',
  'double precision': 'double precision',
  boolean: 'boolean',
  date: 'date',
  text: 'text',
};

/** @param dataType as the .yml declares it; undefined if it does not. */
export function showing(dataType: string | undefined): Showing {
  if (dataType === undefined)
    return { kind: 'refused', what: 'has no data_type', hint: 'Power BI needs the type: declare data_type.' };
  const declared = normalType(dataType);
  const type = simple[declared];
  if (type !== undefined) {
    const sqlType = declared === 'integer' ? declared : type;
    return { kind: 'value', type, sqlType, cast: sqlType !== declared };
  }
  if (/^(character|character varying)(\(\d+\))?$/.test(declared))
    return { kind: 'value', type: 'text', sqlType: 'text', cast: true };
  if (/^timestamp(\(\d\))? with time zone$/.test(declared)) return { kind: 'instant' };
  if (/^timestamp(\(\d\))? without time zone$/.test(declared))
    return { kind: 'value', type: 'timestamp', sqlType: timestamp, cast: declared !== timestamp };
  if (declared.startsWith('numeric') && !declared.endsWith('[]')) return exact(declared);
  return {
    kind: 'refused',
    what: `is ${declared}, which Power BI cannot show`,
    hint: 'Make a number, text, date, time or boolean of it in the model, or leave it out of the view with `bi: false`.',
  };
}

function exact(declared: string): Showing {
  const [, precision] = /^numeric\((\d+),\d+\)$/.exec(declared) ?? [];
  if (precision === undefined) {
    return {
      kind: 'refused',
      what: `is ${declared} without precision and scale, which Power BI rounds as it likes`,
      hint: 'Cast it in the model and declare the same, e.g. data_type: numeric(12,4).',
    };
  }
  if (Number(precision) > decimalDigits) {
    return {
      kind: 'refused',
      what: `is ${declared}, but Power BI's decimal numbers have at most ${decimalDigits} digits`,
      hint: `Cast it to numeric of at most ${decimalDigits} digits in the model, and declare the same in data_type.`,
    };
  }
  return { kind: 'value', type: 'numeric', sqlType: declared, cast: false };
}
