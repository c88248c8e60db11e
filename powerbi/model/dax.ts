/** Text as a DAX literal. */
export function daxText(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

export function daxTable(name: string): string {
  return `'${name.replaceAll("'", "''")}'`;
}

/** `'Energy by minute'[Power (W)]` */
export function daxColumn(table: string, column: string): string {
  return `${daxTable(table)}[${column.replaceAll(']', ']]')}]`;
}
