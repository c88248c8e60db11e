import { visible } from './visible.ts';

/** Lays rows out in columns; numbers to the right, everything else to the left. */
export function formatTable(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => columns.map((_, index) => formatCell(row[index])));
  const widths = columns.map((name, index) =>
    Math.max(displayWidth(name), ...cells.map((row) => displayWidth(row[index] ?? ''))),
  );
  const right = columns.map((_, index) => rows.length > 0 && rows.every((row) => isNumeric(row[index])));
  const line = (row: readonly string[]) =>
    row
      .map((text, index) => {
        const padding = ' '.repeat((widths[index] ?? 0) - displayWidth(text));
        return right[index] === true ? padding + text : text + padding;
      })
      .join(' | ')
      .trimEnd();
  return [line(columns), widths.map((width) => '-'.repeat(width)).join('-+-'), ...cells.map(line)].join('\n');
}

function isNumeric(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    typeof value === 'number' ||
    (typeof value === 'string' && /^-?[\d,]+(\.\d+)?$/.test(value))
  );
}

/** One value as text on one line; NULL is empty. */
export function formatCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return visible(text.replace(/[\r\n\t]/g, ' '));
}

/** Characters, not UTF-16 units, so that names with rare characters keep the columns straight. */
function displayWidth(text: string): number {
  return [...text].length;
}
