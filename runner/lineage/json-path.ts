/**
 * The way into a document that a jsonpath takes, `*` for each member or element; undefined for one that does more.
 * @example pathOf('$.rooms[*].name') // ['rooms', '*', 'name']
 */
export function pathOf(jsonPath: string): string[] | undefined {
  const [, rest] = /^\s*(?:(?:lax|strict)\s+)?\$(.*)$/s.exec(jsonPath) ?? [];
  if (rest === undefined) return undefined;
  const names: string[] = [];
  const step = /\s*(?:\.\s*(?:([\p{L}_$][\p{L}\p{N}_$]*)|"((?:[^"\\]|\\.)*)"|(\*))|(\[[^\]]*\]))\s*/uy;
  for (let at = 0; at < rest.trimEnd().length; at = step.lastIndex) {
    step.lastIndex = at;
    const found = step.exec(rest);
    // Methods as in `.size()`, and filters, are no way.
    if (found === null || rest.charAt(step.lastIndex) === '(') return undefined;
    names.push(found[1] ?? found[2] ?? '*');
  }
  return names;
}
