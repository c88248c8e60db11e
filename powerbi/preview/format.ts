/**
 * A number as a format string of Power BI shows it: `0.0`, `#,0`, `0.0%`, `#,0.00" kWh"`, and sections for positive, negative and zero
 * (`+0.0%;-0.0%;0.0%`). A thousand is separated by an apostrophe, as in Switzerland.
 */
export function formatNumber(value: number, format: string | undefined): string {
  if (format === undefined) return withThousands(Number.isInteger(value) ? String(value) : value.toFixed(2));
  const sections = sectionsOf(format);
  const chosen = value < 0 ? 1 : value === 0 ? 2 : 0;
  const section = sections[chosen] ?? sections[0] ?? '';
  // Only a section of its own leaves the sign to the format.
  const shown = section === sections[1] && chosen === 1 ? -value : value;
  const [, before = '', pattern = '', after = ''] =
    /^((?:"[^"]*"|[^0#"])*)([0#,.]*)((?:"[^"]*"|[^"])*)$/.exec(section) ?? [];
  // Words without a digit, as for true and false.
  if (pattern === '') return plain(section);
  const scaled = isShare(section) ? shown * 100 : shown;
  const decimals = (pattern.split('.')[1] ?? '').length;
  const fixed = Number(scaled.toFixed(decimals)) === 0 ? (0).toFixed(decimals) : scaled.toFixed(decimals);
  const digits = pattern.includes(',') ? withThousands(fixed) : fixed;
  return `${plain(before)}${digits}${plain(after)}`;
}

/** Whether a format shows hundredths: a percent sign between quotes is a unit. */
export function isShare(format: string): boolean {
  return format.replace(/"[^"]*"/g, '').includes('%');
}

/** The sections of a format; a semicolon between quotes is none between sections. */
function sectionsOf(format: string): string[] {
  return format.match(/(?:"[^"]*"|[^;"])+/g) ?? [];
}

function plain(literal: string): string {
  return literal.replaceAll('"', '');
}

function withThousands(digits: string): string {
  const [whole = '', decimals] = digits.split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, '’');
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
}
