/** A mapping of YAML, or an object of JSON. */
export type Mapping = Readonly<Record<string, unknown>>;

/** Whether a parsed value is a mapping: neither a list nor a single value. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
