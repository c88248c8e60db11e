/** Text as an M literal. */
export function mText(value: string): string {
  // #( begins an escape in M, so it has to be one itself.
  return `"${value.replaceAll('"', '""').replaceAll('#(', '#(#)(')}"`;
}

/** A column of the row at hand, whatever its name. */
export function mField(name: string): string {
  return `[#${mText(name)}]`;
}
