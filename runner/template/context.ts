/** The key of a context under which the parts of `{{this}}` are: `{{this.schema}}`. No template can name it. */
export const ownRelation = 'own relation';

/** Whether a context is that of a whole template or macro, not an item of a list or a part of a value. */
export function isContext(context: unknown): context is Record<string, unknown> {
  return typeof context === 'object' && context !== null && Object.hasOwn(context, ownRelation);
}

/** What `this` has parts of: the relation of what is rendered, or inside of #each the item. */
export function ownOf(base: unknown): unknown {
  return isContext(base) ? (base[ownRelation] ?? base) : base;
}
