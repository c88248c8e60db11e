/** A column, measure or level by the names that people read. */
export interface FieldName {
  readonly table: string;
  readonly name: string;
}

/** `Energy by minute.Cost (CHF)` as table and name; a name may hold a full stop, a table may not. */
export function fieldName(written: string): FieldName {
  const dot = written.indexOf('.');
  return { table: written.slice(0, Math.max(dot, 0)), name: written.slice(dot + 1) };
}
