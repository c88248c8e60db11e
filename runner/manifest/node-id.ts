/** The name in the id of a node: `readings` of `model.readings`, `raw.events` of `source.raw.events`. */
export function nameInId(id: string): string {
  return id.slice(id.indexOf('.') + 1);
}
