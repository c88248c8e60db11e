const prefix = 'ephemeral__';

/** The name of the common table expression that an ephemeral model is in the SQL of those that read it. */
export function ephemeralTable(model: string): string {
  return `${prefix}${model}`;
}

/** The name of the ephemeral model that a relation of that SQL is; undefined for any other relation. */
export function ephemeralModel(table: string): string | undefined {
  return table.startsWith(prefix) ? table.slice(prefix.length) : undefined;
}
