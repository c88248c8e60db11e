/** The limits of PostgreSQL's numeric: digits before and after the decimal point. */
const maxBefore = 131_072;
const maxAfter = 16_383;

/** Beyond this, numeric does not even look at the digits (INT_MAX / 2). */
const maxExponent = 1_073_741_823;

/**
 * Whether numeric, which jsonb stores numbers as, can hold a JSON number; the very rule of PostgreSQL 15 to 18.
 * @param text a number as JSON writes it, e.g. `-1.5e400`.
 */
export function numberFits(text: string): boolean {
  const [mantissa = '', power = '0'] = text.replace(/^-/, '').split(/[eE]/);
  const exponent = Number(power);
  if (Math.abs(exponent) >= maxExponent) return false;
  const [whole = '', fraction = ''] = mantissa.split('.');
  if (fraction.length - exponent > maxAfter) return false;
  const leading = (whole + fraction).search(/[1-9]/);
  return leading < 0 || whole.length - leading + exponent <= maxBefore;
}
