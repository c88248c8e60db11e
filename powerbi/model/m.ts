/** Text as an M literal. */
export function mText(value: string): string {
  // #( begins an escape in M, so it has to be one itself.
  return `"${value.replaceAll('"', '""').replaceAll('#(', '#(#)(')}"`;
}

/** A column of the current row, quoted if its name requires it. */
export function mField(name: string): string {
  return `[#${mText(name)}]`;
}
